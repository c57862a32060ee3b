"""The muscles: where evaluations run."""

from anomed_core.engine.beginning import begin, unheard
from anomed_core.engine.contract import Engine, Perform
from anomed_core.engine.forking import ForkingEngine
from anomed_core.engine.inline import InlineEngine

__all__ = ["Engine", "ForkingEngine", "InlineEngine", "Perform", "begin", "unheard"]
