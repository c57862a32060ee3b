"""How accounts stand now: what the ledger keeps of them, and what will become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import attrs
import sqlalchemy as sa

from anomed_core.ledger.accounts import (
    FOR_EVER,
    Balance,
    account_columns,
    balance_of,
    bounds_of,
    granted_in,
    limit_of,
    period_at,
    standing,
)
from anomed_core.ledger.claim_requests import ONE, SUBMISSION, holder_of
from anomed_core.ledger.claims import attempts_beside
from anomed_core.ledger.schema import accounts, balances, claim_lines, claims
from anomed_core.ledger.scores import subject_of
from anomed_core.ledger.times import as_datetime
from anomed_core.model import Account, AccountState, Lapse, Split, Subject
from anomed_core.model.amounts import less, total

_FEW = 100
"""Of more accounts, it would take about as long to ask for them as to ask for all."""


@attrs.frozen(kw_only=True)
class BalanceFacts:
    """How an account stands in one resource, in the period that runs.

    Attributes
    ----------
    resource
        Its name.
    limit
        What is allowed, with what was granted; ``None`` for no limit.
    granted
        What an organiser has granted beyond the declared limit.
    reserved, spent
        What is held by claims under way, and what is gone for good.
    remaining
        What is left; ``None`` where there is no limit.
    """

    resource: str
    limit: Decimal | None
    granted: Decimal
    reserved: Decimal
    spent: Decimal
    remaining: Decimal | None


@attrs.frozen(kw_only=True)
class AccountFacts:
    """How an account stands.

    Attributes
    ----------
    challenge, account
        Identifier of the challenge, name of the account.
    subject
        Whose it is; ``None`` if all share it.
    state
        Whether it may be used.
    period_ends_at
        When it begins anew, in UTC; ``None`` for never.
    balances
        By resource, in declared order; of a stored account, those that were used.
    """

    challenge: str
    account: str
    subject: Subject | None
    state: AccountState = AccountState.OPEN
    period_ends_at: datetime | None = None
    balances: tuple[BalanceFacts, ...] = ()


def facts_now(
    connection: sa.Connection, challenge: str, account: Account, subject: Subject | None, now: int
) -> AccountFacts:
    """Return how a declared account stands, also if nobody has used it yet.

    What claims hold whose lease is over counts as what will become of it.
    """
    holder = holder_of(account, subject)
    columns = account_columns(challenge, account.name, holder)
    key, period = columns["key"], period_at(account.period_s, now)
    there = standing(connection, [key], [period])
    kept = []
    for resource in account.resources:
        limit = limit_of(resource, columns)
        balance = there.balances.get((key, period, resource.name)) or Balance(
            account=key,
            period=period,
            resource=resource.name,
            allowed=limit,
            granted=granted_in(connection, key, resource.name, period),
        )
        balance.allowed = limit
        if account.name.startswith("attempts/"):
            _count_attempts_beside(connection, columns, balance, now)
        kept.append(balance)
    _settle_lapsed(connection, kept, now)
    return AccountFacts(
        challenge=challenge,
        account=account.name,
        subject=holder,
        state=there.states.get(key, AccountState.OPEN),
        period_ends_at=_end_of(period),
        balances=tuple(map(_facts, kept)),
    )


def _count_attempts_beside(
    connection: sa.Connection, columns: Mapping[str, str], balance: Balance, now: int
) -> None:
    """Count attempts that the account will take along when it is next claimed of."""
    about = {
        **{name: columns[name] for name in ("challenge", "role", "anonymizer", "deanonymizer")},
        "what": SUBMISSION,
        "kind": columns["name"].removeprefix("attempts/"),
        "split": Split.TUNING.value,
    }
    for row in attempts_beside(connection, about, balance.account, balance.period):
        if row.state == "committed":
            balance.spent = total((balance.spent, ONE))
        elif row.lease_until > now:
            balance.reserved = total((balance.reserved, ONE))


def _settle_lapsed(connection: sa.Connection, kept: Sequence[Balance], now: int) -> None:
    """Count what claims hold whose lease is over as what will become of it."""
    places = {(one.account, one.period, one.resource): one for one in kept}
    theirs = claim_lines.c.account.in_({one.account for one in kept})
    over = (
        sa.select(claim_lines, claims.c.state)
        .join(claims, claims.c.id == claim_lines.c.claim)
        .where(
            theirs if len(kept) < _FEW else sa.true(),
            claim_lines.c.committed.is_(None),
            claims.c.lease_until <= now,
        )
    )
    for row in connection.execute(over).mappings():
        balance = places.get((row["account"], row["period"], row["resource"]))
        if balance is None:
            continue
        amount = Decimal(row["amount"])
        balance.reserved = less(balance.reserved, amount)
        if row["state"] == "started" and row["lapse"] == Lapse.SPENT:
            balance.spent = total((balance.spent, amount))


def _facts(balance: Balance) -> BalanceFacts:
    return BalanceFacts(
        resource=balance.resource,
        limit=balance.limit,
        granted=balance.granted,
        reserved=balance.reserved,
        spent=balance.spent,
        remaining=balance.remaining,
    )


def _end_of(period: str) -> datetime | None:
    return None if period == FOR_EVER else as_datetime(bounds_of(period)[1])


def stored_facts(connection: sa.Connection, challenge: str | None, now: int) -> list[AccountFacts]:
    """Return how stored accounts stand in the periods that run now."""
    which = sa.true() if challenge is None else accounts.c.challenge == challenge
    stored = sa.select(balances).join(accounts, accounts.c.key == balances.c.account).where(which)
    order = [balances.c[name] for name in ("account", "period", "resource")]
    by_account: dict[str, dict[str, list[Balance]]] = {}
    kept = []
    for row in connection.execute(stored.order_by(*order)).mappings():
        began_at, ends_at = bounds_of(row["period"])
        if began_at <= now < ends_at:
            balance = balance_of(row)
            kept.append(balance)
            periods = by_account.setdefault(balance.account, {})
            periods.setdefault(balance.period, []).append(balance)
    _settle_lapsed(connection, kept, now)
    query = sa.select(accounts).where(which).order_by(accounts.c.key)
    return [
        AccountFacts(
            challenge=row["challenge"],
            account=row["name"],
            subject=subject_of(row) if row["role"] else None,
            state=AccountState(row["state"]),
            period_ends_at=_end_of(period),
            balances=tuple(map(_facts, of_period)),
        )
        for row in connection.execute(query).mappings()
        for period, of_period in by_account.get(row["key"], {FOR_EVER: []}).items()
    ]
