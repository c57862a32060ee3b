"""Phases: when submissions for a split are taken."""

from __future__ import annotations

from anomed_core.errors import NotAllowedError
from anomed_core.ledger import Ledger
from anomed_core.model import Phase, Split


def refuse_outside(phase: Phase, split: Split, ledger: Ledger) -> None:
    """Refuse what comes before a phase opens or after it has closed.

    A phase that was found closed stays closed, even if the machine's clock is set back.

    Parameters
    ----------
    phase
        The phase of the split.
    split
        For the message.
    ledger
        Its clock never runs backwards.

    Raises
    ------
    NotAllowedError
        With the time.
    """
    if phase.opens is None and phase.closes is None:
        return
    now = ledger.now()
    if phase.opens is not None and now < phase.opens:
        raise NotAllowedError(f"The {split} phase opens at {phase.opens.isoformat()}.")
    if phase.closes is not None and now >= phase.closes:
        ledger.reach(phase.closes)
        raise NotAllowedError(f"The {split} phase closed at {phase.closes.isoformat()}.")
