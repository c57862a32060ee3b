"""Claims: who may be evaluated now.

Between a subject and its next attempt stand dead claims, quotas and the once-only rule. Quotas are
counted here, in the transaction that claims, so that simultaneous attempts cannot outrun them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import attrs
import sqlalchemy as sa

from anomed_core.errors import AlreadyScoredError, AttemptInProgressError, QuotaExhaustedError
from anomed_core.ledger.schema import MICROSECOND, as_datetime, attempts, granted_attempts, scores
from anomed_core.ledger.scores import NewScore, Provenance, subject_columns
from anomed_core.model import Split, Subject
from anomed_core.system.process_identity import is_gone, this_process
from anomed_core.wire.digests import canonical_json

_ABOUT = ("challenge", "kind", "role", "anonymizer", "deanonymizer", "split")
_MINE = [attempts.c[name] == sa.bindparam(name) for name in _ABOUT]
# Spelt out, since an index over claims alone is not used for a parameter.
_CLAIMED: sa.ColumnElement[str] = sa.literal_column("'claimed'")

# Built once: building a statement costs several times as much as answering it.
_HELD = sa.select(attempts.c.id, attempts.c.lease_until, attempts.c.owner).where(
    *_MINE, attempts.c.state == _CLAIMED
)
_USES_QUOTA = sa.or_(
    attempts.c.state == "scored",
    sa.and_(attempts.c.state == "claimed", attempts.c.lease_until > sa.bindparam("now")),
)
_GRANTED = sa.select(sa.func.coalesce(sa.func.sum(granted_attempts.c.number), 0)).where(
    *(granted_attempts.c[name] == sa.bindparam(name) for name in _ABOUT if name != "split"),
    granted_attempts.c.granted_at >= sa.bindparam("began_at"),
)
_USED_AND_GRANTED = sa.select(
    sa.select(sa.func.count())
    .where(*_MINE, attempts.c.claimed_at >= sa.bindparam("began_at"), _USES_QUOTA)
    .scalar_subquery(),
    _GRANTED.scalar_subquery(),
)
_CLAIM = sa.insert(attempts).returning(attempts.c.id)
_SETTLE = (
    sa.update(attempts)
    .where(attempts.c.id == sa.bindparam("attempt"), attempts.c.state == "claimed")
    .values(state="scored", settled_at=sa.bindparam("now"))
)

_RELEASED = {"state": "released", "final_key": None, "replay_key": None}
"""Values of an attempt that is given back: it holds no key."""


@attrs.frozen(kw_only=True)
class Quota:
    """How many attempts a subject has.

    Attributes
    ----------
    attempts
        Largest number of attempts within a period.
    period_s
        Length of the period in seconds; periods start at multiples of it since 1970-01-01 UTC, so
        a period of 86,400 s is a day in UTC.
    """

    attempts: int = attrs.field(validator=attrs.validators.ge(1))
    period_s: int = attrs.field(default=86_400, validator=attrs.validators.ge(1))

    def period_at(self, now: int) -> tuple[int, int]:
        """Return when the period began and when it ends that a stored time lies in."""
        period = self.period_s * MICROSECOND
        began_at = now - now % period
        return began_at, began_at + period

    def ends_at(self, moment: datetime) -> datetime:
        """Return when the period ends in which a moment lies, in UTC."""
        n_periods = int(moment.timestamp()) // self.period_s + 1
        return datetime.fromtimestamp(n_periods * self.period_s, UTC)


@attrs.frozen(kw_only=True)
class ClaimRequest:
    """One submission that asks to be evaluated.

    Attributes
    ----------
    challenge, kind, subject, split
        What is claimed; on the validation split, once.
    payload_digest
        SHA-256 of the body, hexadecimal.
    parameters
        Declared query parameters of the submission.
    fingerprint
        Of the challenge's data and metrics.
    lease_s
        Seconds after which the claim is void if nothing was recorded: the claimant has died.
    request_id
        Of the HTTP request, for the log.
    replay_key
        The request's idempotency key, if it has one.
    quota
        Attempts per period; ``None`` for no limit.
    """

    challenge: str
    kind: str
    subject: Subject
    split: Split
    payload_digest: str
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    fingerprint: str
    lease_s: float
    request_id: str = ""
    replay_key: str | None = None
    quota: Quota | None = None


@attrs.frozen(kw_only=True)
class Claim:
    """A granted claim; settle it with `Ledger.record` or `Ledger.release`.

    Attributes
    ----------
    id
        Number of the attempt.
    request
        What was claimed.
    remaining
        Attempts left after this one in the current period; ``None`` without quota, 0 on finals.
    """

    id: int
    request: ClaimRequest
    remaining: int | None


def add_claim(connection: sa.Connection, request: ClaimRequest, *, now: int) -> int:
    """Add a claim and return its number.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        If a key that it needs is taken; `refusal` says by what.
    """
    # The unique keys decide, never a look before the insert: two threads, workers or machines that
    # ask at once may both find a final free, but the database lets one of them in.
    row = {
        **subject_columns(request.challenge, request.kind, request.subject, request.split),
        **_keys(request),
        "state": "claimed",
        "payload_digest": request.payload_digest,
        "request_id": request.request_id,
        "claimed_at": now,
        "lease_until": now + int(request.lease_s * MICROSECOND),
        "owner": this_process(),
    }
    attempt_id: int = connection.execute(_CLAIM, row).scalar_one()
    return attempt_id


def settle_claim(connection: sa.Connection, claim: Claim, *, now: int) -> bool:
    """Mark a claim as scored; say whether it was still held."""
    return connection.execute(_SETTLE, {"attempt": claim.id, "now": now}).rowcount == 1


def new_score(claim: Claim, metrics: Mapping[str, float], provenance: Provenance) -> NewScore:
    """Return the score that a claim was granted for."""
    request = claim.request
    return NewScore(
        challenge=request.challenge,
        kind=request.kind,
        subject=request.subject,
        split=request.split,
        metrics=metrics,
        parameters=request.parameters,
        payload_digest=request.payload_digest,
        fingerprint=request.fingerprint,
        provenance=provenance,
        attempt_id=claim.id,
    )


def release_claim(connection: sa.Connection, claim: Claim, reason: str, *, now: int) -> None:
    """Give an attempt back, unless it is settled."""
    connection.execute(
        sa.update(attempts)
        .where(attempts.c.id == claim.id, attempts.c.state == "claimed")
        .values(**_RELEASED, reason=reason, settled_at=now)
    )


def void_dead(connection: sa.Connection, request: ClaimRequest, now: int) -> None:
    """Void the subject's claims that nobody will settle.

    Their lease has run out, or the process that held them is certain to have ended.
    """
    about = subject_columns(request.challenge, request.kind, request.subject, request.split)
    held = connection.execute(_HELD, about).all()
    dead = [row.id for row in held if row.lease_until <= now or is_gone(row.owner)]
    if dead:
        connection.execute(
            sa.update(attempts)
            .where(attempts.c.id.in_(dead), attempts.c.state == "claimed")
            .values(**_RELEASED, reason="the evaluation never ended", settled_at=now)
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
    allowed, used, ends_at = use_of_quota(
        connection,
        challenge=request.challenge,
        kind=request.kind,
        subject=request.subject,
        quota=request.quota,
        now=now,
    )
    if used >= allowed:
        raise QuotaExhaustedError(
            f"All {allowed} tuning attempts of this period are used up; the next period begins at "
            f"{as_datetime(ends_at).isoformat()}.",
            retry_after_s=(ends_at - now) / MICROSECOND,
        )
    return allowed - used - 1


def use_of_quota(
    connection: sa.Connection,
    *,
    challenge: str,
    kind: str,
    subject: Subject,
    quota: Quota,
    now: int,
) -> tuple[int, int, int]:
    """Count tuning attempts of the current period: allowed and used ones; tell when it ends.

    What an organiser has granted in the period is allowed besides the quota.
    """
    began_at, ends_at = quota.period_at(now)
    about = subject_columns(challenge, kind, subject, Split.TUNING)
    counted = {**about, "began_at": began_at, "now": now}
    used, granted = connection.execute(_USED_AND_GRANTED, counted).one()
    return quota.attempts + int(granted), used, ends_at


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
    keys = _keys(request)
    return sa.or_(
        sa.false(), *(attempts.c[name] == key for name, key in keys.items() if key is not None)
    )


def _keys(request: ClaimRequest) -> dict[str, str | None]:
    """Return the unique keys that a claim takes; ``None`` where it takes none."""
    about = (request.challenge, request.kind, request.subject, request.split)
    return {
        "final_key": final_key(*about),
        "replay_key": replay_key(*about, request.replay_key),
    }


def final_key(challenge: str, kind: str, subject: Subject, split: Split) -> str | None:
    """Return the key that a final may be claimed under once; ``None`` for tuning."""
    if split is not Split.VALIDATION:
        return None
    return canonical_json([challenge, kind, subject.key])


def replay_key(
    challenge: str, kind: str, subject: Subject, split: Split, key: str | None
) -> str | None:
    """Return an idempotency key within its scope; ``None`` if the request has none."""
    if key is None:
        return None
    return canonical_json([challenge, kind, subject.key, split.value, key])
