"""Who has used how many attempts, and how many were granted."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from anomed_core.ledger.accounts import bounds_of, columns_of, period_at
from anomed_core.ledger.chain import Row
from anomed_core.ledger.claim_requests import ATTEMPT, SUBMISSION, Quota
from anomed_core.ledger.schema import accounts, claims, granted_amounts
from anomed_core.ledger.scores import subject_of
from anomed_core.model import Split, Subject

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


def uses(connection: sa.Connection, quota: Quota | None, now: int) -> list[Use]:
    """Return what all subjects have made of their attempts, sorted."""
    began_at = bounds_of(period_at(quota.period_s, now))[0] if quota is not None else now + 1
    is_tuning = claims.c.split == Split.TUNING.value
    is_scored = claims.c.state == "committed"
    is_claimed = sa.and_(claims.c.state.in_(["reserved", "started"]), claims.c.lease_until > now)
    counts = {
        "n_tuning": sa.and_(is_tuning, is_scored),
        "n_used": sa.and_(
            is_tuning, claims.c.claimed_at >= began_at, sa.or_(is_scored, is_claimed)
        ),
        "n_claimed": sa.and_(~is_tuning, is_claimed),
        "n_scored": sa.and_(~is_tuning, is_scored),
    }
    made = connection.execute(
        sa.select(
            *(claims.c[name] for name in _WHO),
            *(sa.func.sum(sa.case((so, 1), else_=0)).label(n) for n, so in counts.items()),
        )
        .where(claims.c.what == SUBMISSION)
        .group_by(*(claims.c[name] for name in _WHO))
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
    for about, number in _granted_since(connection, began_at).items():
        columns = columns_of(about)
        columns["kind"] = columns["name"].removeprefix("attempts/")
        nothing = Use(
            challenge=columns["challenge"], kind=columns["kind"], subject=subject_of(columns)
        )
        known = by_subject.get(_who(columns), nothing)
        by_subject[_who(columns)] = attrs.evolve(known, n_granted=number)
    return [by_subject[who] for who in sorted(by_subject)]


def _granted_since(connection: sa.Connection, began_at: int) -> dict[str, int]:
    """Return how many tuning attempts were granted, by key of the account."""
    query = (
        sa.select(granted_amounts.c.account, granted_amounts.c.amount)
        .join(accounts, accounts.c.key == granted_amounts.c.account)
        .where(
            granted_amounts.c.granted_at >= began_at,
            granted_amounts.c.resource == ATTEMPT,
            accounts.c.name.startswith("attempts/"),
        )
    )
    numbers: dict[str, int] = {}
    for account, amount in connection.execute(query):
        numbers[account] = numbers.get(account, 0) + int(amount)
    return numbers


def _who(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in _WHO)
