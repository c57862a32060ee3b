"""What a subject may still do: whether its final is open, and how much tuning is left."""

from __future__ import annotations

from datetime import datetime

import attrs

from anomed_core.config.settings import QuotaSettings
from anomed_core.ledger import Choice, Ledger, Quota
from anomed_core.model import Split, Subject


def quota_of(settings: QuotaSettings) -> Quota | None:
    """Return the quota of tuning attempts that an organiser has set, if any."""
    if not settings.tuning_attempts:
        return None
    return Quota(attempts=settings.tuning_attempts, period_s=settings.period_s)


@attrs.frozen(kw_only=True)
class Outlook:
    """What is left to a subject in one submission kind.

    Attributes
    ----------
    final
        ``open``, ``claimed`` or ``scored``.
    tuning_remaining
        Tuning attempts left in this period; ``None`` without quota.
    resets_at
        When the period ends, in UTC; ``None`` without quota.
    """

    final: str
    tuning_remaining: int | None = None
    resets_at: datetime | None = None


def outlook_of(
    ledger: Ledger, *, challenge: str, kind: str, subject: Subject, quota: Quota | None
) -> Outlook:
    """Return what is left to a subject in one submission kind."""
    finals = ledger.attempts(
        challenge=challenge, subject=subject, choice=Choice(kind=kind, split=Split.VALIDATION)
    )
    used = {attempt.state for attempt in finals}
    final = "scored" if "scored" in used else "claimed" if "claimed" in used else "open"
    if quota is None:
        return Outlook(final=final)
    remaining, resets_at = ledger.remaining(
        challenge=challenge, kind=kind, subject=subject, quota=quota
    )
    return Outlook(final=final, tuning_remaining=remaining, resets_at=resets_at)
