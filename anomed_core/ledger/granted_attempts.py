"""Attempts that an organiser grants, and who has used how many."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from anomed_core.ledger.chain import append_audit
from anomed_core.ledger.claims import Quota
from anomed_core.ledger.schema import attempts, granted_attempts
from anomed_core.ledger.scores import subject_of
from anomed_core.model import Split, Subject

GRANTED = "attempts granted"
"""Action of the audit row that stands behind each grant."""

_WHO = ("challenge", "kind", "role", "anonymizer", "deanonymizer")


@attrs.frozen(kw_only=True)
class Use:
    """What a subject has made of its attempts in one submission kind.

    Attributes
    ----------
    challenge, kind, subject
        Whose attempts.
    n_tuning
        Scored tuning attempts, of all periods.
    n_used, n_granted
        Tuning attempts of this period: that count against the quota, that were granted beyond it;
        0 without a quota.
    final
        ``open``, ``claimed`` or ``scored``.
    """

    challenge: str
    kind: str
    subject: Subject
    n_tuning: int = 0
    n_used: int = 0
    n_granted: int = 0
    final: str = "open"


def grant(
    connection: sa.Connection,
    *,
    challenge: str,
    kind: str,
    subjects: Sequence[Subject],
    number: int,
    reason: str,
    now: int,
) -> None:
    """Grant tuning attempts to subjects, as `Ledger.grant_attempts` promises."""
    for subject in subjects:
        about = {
            "challenge": challenge,
            "kind": kind,
            "role": subject.role.value,
            "anonymizer": subject.anonymizer,
            "deanonymizer": subject.deanonymizer,
        }
        detail = {**about, "number": str(number), "reason": reason}
        row = append_audit(connection, GRANTED, detail, now=now)
        connection.execute(
            sa.insert(granted_attempts).values(**about, id=row, number=number, granted_at=now)
        )


def uses(connection: sa.Connection, quota: Quota | None, now: int) -> list[Use]:
    """Return what all subjects have made of their attempts, sorted."""
    began_at = quota.period_at(now)[0] if quota is not None else now + 1
    is_tuning = attempts.c.split == Split.TUNING.value
    is_scored = attempts.c.state == "scored"
    is_claimed = sa.and_(attempts.c.state == "claimed", attempts.c.lease_until > now)
    counts = {
        "n_tuning": sa.and_(is_tuning, is_scored),
        "n_used": sa.and_(
            is_tuning, attempts.c.claimed_at >= began_at, sa.or_(is_scored, is_claimed)
        ),
        "n_claimed": sa.and_(~is_tuning, is_claimed),
        "n_scored": sa.and_(~is_tuning, is_scored),
    }
    made = connection.execute(
        sa.select(
            *(attempts.c[name] for name in _WHO),
            *(sa.func.sum(sa.case((so, 1), else_=0)).label(n) for n, so in counts.items()),
        ).group_by(*(attempts.c[name] for name in _WHO))
    )
    granted = connection.execute(
        sa.select(
            *(granted_attempts.c[name] for name in _WHO),
            sa.func.sum(granted_attempts.c.number).label("n_granted"),
        )
        .where(granted_attempts.c.granted_at >= began_at)
        .group_by(*(granted_attempts.c[name] for name in _WHO))
    )
    by_subject: dict[tuple[str, ...], Use] = {}
    for row in made.mappings():
        final = "scored" if row["n_scored"] else "claimed" if row["n_claimed"] else "open"
        by_subject[_who(row)] = Use(
            challenge=row["challenge"],
            kind=row["kind"],
            subject=subject_of(row),
            n_tuning=row["n_tuning"],
            n_used=row["n_used"],
            final=final,
        )
    for row in granted.mappings():
        nothing = Use(challenge=row["challenge"], kind=row["kind"], subject=subject_of(row))
        known = by_subject.get(_who(row), nothing)
        by_subject[_who(row)] = attrs.evolve(known, n_granted=int(row["n_granted"]))
    return [by_subject[who] for who in sorted(by_subject)]


def _who(row: sa.RowMapping) -> tuple[str, ...]:
    return tuple(row[name] for name in _WHO)
