"""Libraries for differential privacy: what reads a question, prices it, and answers it."""

from anomed_dp_query.libraries.library import (
    Library,
    QueryRefused,
    Question,
    Released,
    RunFailed,
)
from anomed_dp_query.libraries.registry import BUILT_IN, libraries

__all__ = ["BUILT_IN", "Library", "QueryRefused", "Question", "Released", "RunFailed", "libraries"]
