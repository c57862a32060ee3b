"""Libraries for differential privacy: what reads a question, prices it, and answers it."""

from anomed_dp_query.libraries.library import (
    Library,
    QueryRefused,
    Question,
    Released,
    RunFailed,
)
from anomed_dp_query.libraries.registry import libraries

__all__ = ["Library", "QueryRefused", "Question", "Released", "RunFailed", "libraries"]
