"""The muscles: where evaluations run."""

from anomed_core.engine.contract import Engine, InlineEngine

__all__ = ["Engine", "InlineEngine"]
