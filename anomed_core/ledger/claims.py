"""What stands between a subject and its next attempt: dead claims, quotas, the once-only rule."""

from __future__ import annotations

import sqlalchemy as sa

from anomed_core.errors import AlreadyScoredError, AttemptInProgressError, QuotaExhaustedError
from anomed_core.ledger.contract import ClaimRequest, Quota
from anomed_core.ledger.process_identity import is_gone
from anomed_core.ledger.rows import MICROSECOND, as_datetime, claim_keys, subject_columns
from anomed_core.ledger.schema import attempts, scores
from anomed_core.ledger.statements import HELD, N_USED
from anomed_core.model import Split, Subject

RELEASED = {"state": "released", "final_key": None, "replay_key": None}
"""Values of an attempt that is given back: it holds no key."""


def void_dead(connection: sa.Connection, request: ClaimRequest, now: int) -> None:
    """Void the subject's claims that nobody will settle.

    Their lease has run out, or the process that held them is certain to have ended.
    """
    about = subject_columns(request.challenge, request.kind, request.subject, request.split)
    held = connection.execute(HELD, about).all()
    dead = [row.id for row in held if row.lease_until <= now or is_gone(row.owner)]
    if dead:
        connection.execute(
            sa.update(attempts)
            .where(attempts.c.id.in_(dead), attempts.c.state == "claimed")
            .values(**RELEASED, reason="the evaluation never ended", settled_at=now)
        )


def remaining_or_refuse(connection: sa.Connection, request: ClaimRequest, now: int) -> int | None:
    """Return the attempts that are left after this one; ``None`` without quota, 0 on finals.

    Raises
    ------
    QuotaExhaustedError
        If there is none left for this one.
    """
    if request.split is Split.VALIDATION:
        return 0
    if request.quota is None:
        return None
    used, ends_at = used_of_quota(
        connection,
        challenge=request.challenge,
        kind=request.kind,
        subject=request.subject,
        quota=request.quota,
        now=now,
    )
    if used >= request.quota.attempts:
        raise QuotaExhaustedError(
            f"All {request.quota.attempts} tuning attempts of this period are used up; the "
            f"next period begins at {as_datetime(ends_at).isoformat()}.",
            retry_after_s=(ends_at - now) / MICROSECOND,
        )
    return request.quota.attempts - used - 1


def used_of_quota(
    connection: sa.Connection,
    *,
    challenge: str,
    kind: str,
    subject: Subject,
    quota: Quota,
    now: int,
) -> tuple[int, int]:
    """Count tuning attempts of the current period; return them and the period's end."""
    period = quota.period_s * MICROSECOND
    began_at = now - now % period
    about = subject_columns(challenge, kind, subject, Split.TUNING)
    used = connection.execute(N_USED, {**about, "began_at": began_at, "now": now}).scalar_one()
    return used, began_at + period


def refusal(connection: sa.Connection, request: ClaimRequest, now: int) -> Exception:
    """Return the error for a claim that met a row that was there already."""
    row = connection.execute(
        sa.select(attempts.c.lease_until, scores.c.id)
        .select_from(attempts.outerjoin(scores, scores.c.attempt_id == attempts.c.id))
        .where(_in_the_way(request))
    ).first()
    if row is not None and row.id is not None:
        return AlreadyScoredError(score_id=row.id)
    lease_s = (row.lease_until - now) / MICROSECOND if row is not None else 1.0
    return AttemptInProgressError(
        "The same submission is being evaluated at this moment; ask for its score later.",
        retry_after_s=max(1.0, lease_s),
    )


def _in_the_way(request: ClaimRequest) -> sa.ColumnElement[bool]:
    """Select the attempts that hold a key that a claim needs."""
    keys = claim_keys(request)
    return sa.or_(
        sa.false(), *(attempts.c[name] == key for name, key in keys.items() if key is not None)
    )
