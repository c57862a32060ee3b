"""Whether accounts, balances and grants are what audit and claims say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby

import sqlalchemy as sa

from anomed_core.ledger.account_decisions import Decision, decision_of
from anomed_core.ledger.accounts import balance_of, bounds_of, columns_of
from anomed_core.ledger.chain import AuditRow, audit_rows
from anomed_core.ledger.schema import accounts, balances, claim_lines, claims, granted_amounts
from anomed_core.ledger.times import as_microseconds
from anomed_core.model import AccountState, amount_text
from anomed_core.model.amounts import total

Fault = tuple[str, int, str]
"""Table, number of the row, and one sentence."""

_PLACE = ("account", "period", "resource")


def account_faults(connection: sa.Connection) -> Iterator[Fault]:
    """Yield what is not as the audit and the claims say."""
    decisions = [(row, decision_of(row)) for row in audit_rows(connection)]
    decided = [(row, decision) for row, decision in decisions if decision is not None]
    yield from _state_faults(connection, decided)
    granted = list(_granted_by(decided))
    yield from _grant_faults(connection, granted)
    yield from _balance_faults(connection, granted)
    yield from _line_faults(connection)


def _state_faults(
    connection: sa.Connection, decided: list[tuple[AuditRow, Decision]]
) -> Iterator[Fault]:
    states = {
        decision.account: (row.id, decision.state)
        for row, decision in decided
        if decision.state is not None
    }
    for row in connection.execute(sa.select(accounts).order_by(accounts.c.key)).mappings():
        number, state = states.pop(row["key"], (0, AccountState.OPEN))
        if row["state"] != state:
            yield accounts.name, number, f"{row['key']} is not {state}, as was decided"
        if {**columns_of(row["key"]), "state": row["state"]} != dict(row):
            yield accounts.name, number, f"{row['key']} is not whose its key says"
    for key, (number, _) in states.items():
        yield accounts.name, number, f"{key} is missing, about which something was decided"


_Granted = tuple[int, str, str, str, int]
"""Number of the audit row, account, resource, amount, and when."""


def _granted_by(decided: list[tuple[AuditRow, Decision]]) -> Iterator[_Granted]:
    for row, decision in decided:
        for resource, amount in decision.amounts.items():
            moment = as_microseconds(row.recorded_at)
            yield row.id, decision.account, resource, amount_text(amount), moment


def _grant_faults(connection: sa.Connection, granted: list[_Granted]) -> Iterator[Fault]:
    columns = [granted_amounts.c[name] for name in ("id", "account", "resource", "amount")]
    query = sa.select(*columns, granted_amounts.c.granted_at)
    stored = {tuple(row) for row in connection.execute(query)}
    for number in sorted({row[0] for row in stored.symmetric_difference(granted)}):
        yield granted_amounts.name, number, "it is not what was granted"


def _balance_faults(connection: sa.Connection, granted: list[_Granted]) -> Iterator[Fault]:
    """Yield balances that are not the sums of their lines and grants."""
    by_place: dict[tuple[str, str], list[_Granted]] = {}
    for one in granted:
        by_place.setdefault((one[1], one[2]), []).append(one)
    places = [balances.c[name] for name in _PLACE]
    query = (
        sa.select(balances, claim_lines.c.amount, claim_lines.c.committed, claim_lines.c.claim)
        .select_from(balances.outerjoin(claim_lines, _same_place()))
        .order_by(*places)
    )
    rows = connection.execution_options(yield_per=1000).execute(query).mappings()
    for place, lines in groupby(rows, key=lambda row: tuple(row[name] for name in _PLACE)):
        several = list(lines)
        balance = balance_of(several[0])
        theirs = [row for row in several if row["claim"] is not None]
        held = total(Decimal(row["amount"]) for row in theirs if row["committed"] is None)
        gone = total(Decimal(row["committed"]) for row in theirs if row["committed"] is not None)
        began_at, ends_at = bounds_of(balance.period)
        given = total(
            Decimal(amount)
            for *_, amount, moment in by_place.get((place[0], place[2]), ())
            if began_at <= moment < ends_at
        )
        if (balance.reserved, balance.spent, balance.granted) != (held, gone, given):
            yield balances.name, 0, f"{place[2]} of {place[0]} is not the sum of its claims"


def _line_faults(connection: sa.Connection) -> Iterator[Fault]:
    """Yield lines that no balance counts, or that are held by no claim that is under way."""
    lost = (
        sa.select(claim_lines.c.claim)
        .select_from(claim_lines.outerjoin(balances, _same_place()))
        .where(balances.c.account.is_(None))
    )
    for claim in connection.execute(lost.order_by(claim_lines.c.claim)).scalars():
        yield claim_lines.name, claim, "no balance counts it"
    is_held = claims.c.state.in_(["reserved", "started"])
    torn = (
        sa.select(claim_lines.c.claim)
        .join(claims, claims.c.id == claim_lines.c.claim)
        .where(is_held != claim_lines.c.committed.is_(None))
    )
    for claim in connection.execute(torn.order_by(claim_lines.c.claim)).scalars():
        yield claim_lines.name, claim, "it is not settled as its claim is"


def _same_place() -> sa.ColumnElement[bool]:
    return sa.and_(*(balances.c[name] == claim_lines.c[name] for name in _PLACE))
