"""Phases: when submissions for a split are taken."""

from __future__ import annotations

from datetime import datetime

from anomed_core.errors import NotAllowedError
from anomed_core.model import Phase, Split


def refuse_outside(phase: Phase, split: Split, now: datetime) -> None:
    """Refuse what comes before a phase opens or after it has closed.

    Parameters
    ----------
    phase
        The phase of the split.
    split
        For the message.
    now
        The present, by the ledger's clock, which never runs backwards.

    Raises
    ------
    NotAllowedError
        With the time.
    """
    if phase.opens is not None and now < phase.opens:
        raise NotAllowedError(f"The {split} phase opens at {phase.opens.isoformat()}.")
    if phase.closes is not None and now >= phase.closes:
        raise NotAllowedError(f"The {split} phase closed at {phase.closes.isoformat()}.")
