"""Phases: when submissions for a split are taken, and when rankings are shown."""

from __future__ import annotations

from datetime import datetime

from anomed_core.errors import NotAllowedError
from anomed_core.ledger import Ledger
from anomed_core.model import Phase, Since, Split
from anomed_core.service.hosting import HostedChallenge


def rankings_shown_from(hosted: HostedChallenge, ledger: Ledger) -> datetime | None:
    """Return when the rankings of a challenge are shown; ``None`` if they are shown already.

    Finals that were found closed stay closed, even if the machine's clock is set back.
    """
    closes = hosted.phases.get(Split.VALIDATION, Phase()).closes
    if hosted.shown.from_ is Since.NOW or closes is None:
        return None
    if ledger.now() < closes:
        return closes
    ledger.reach(closes)
    return None


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
