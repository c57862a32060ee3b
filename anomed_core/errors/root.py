"""What all errors that are raised on purpose have in common, and whose code they came from."""

from __future__ import annotations


class AnomedError(Exception):
    """Root of all errors raised on purpose."""


class ContractError(AnomedError, TypeError):
    """A hook returned something that its specification does not allow."""


CULPRIT_NOTE = "in plugin"
"""How a note begins that says whose code an exception passed through."""


def culprit_of(error: BaseException) -> str:
    """Return what is noted about an exception or what caused it; empty if nothing is."""
    cause: BaseException | None = error
    while cause is not None:
        notes = [note for note in getattr(cause, "__notes__", ()) if note.startswith(CULPRIT_NOTE)]
        if notes:
            return "; ".join(notes)
        cause = cause.__cause__
    return ""
