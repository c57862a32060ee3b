"""Accounts: how each stands, and how amounts move in it.

An account is somebody's in a challenge; it is open, frozen or sealed. How it stands in a resource
and a period is a balance: what is reserved and spent of what is allowed and granted. Amounts are
exact decimals, text in the database, and compared here, while the account is held against all
other transactions (`keys_of` in `anomed_core.ledger.claim_requests` names the locks).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.errors import LedgerError
from anomed_core.ledger.schema import accounts, balances, granted_amounts
from anomed_core.ledger.scores import subject_columns
from anomed_core.ledger.times import MICROSECOND
from anomed_core.model import AccountState, Resource, Subject, amount_text
from anomed_core.model.amounts import NOTHING, less, total
from anomed_core.wire.digests import canonical_json

FOR_EVER = ""
"""The period of an account that never begins anew."""


_PLACE = ("account", "period", "resource")

# Built once: building a statement costs several times as much as answering it.
_GRANTED = sa.select(granted_amounts.c.amount).where(
    granted_amounts.c.account == sa.bindparam("account"),
    granted_amounts.c.resource == sa.bindparam("resource"),
    granted_amounts.c.granted_at >= sa.bindparam("began_at"),
    granted_amounts.c.granted_at < sa.bindparam("ends_at"),
)
_OPEN = sa.insert(accounts)
_BEGIN = sa.insert(balances)
_MOVE = (
    sa.update(balances)
    .where(
        *(balances.c[name] == sa.bindparam(f"of_{name}") for name in _PLACE),
        # Another transaction that was let in at the same time would be noticed here.
        balances.c.reserved == sa.bindparam("old_reserved"),
        balances.c.spent == sa.bindparam("old_spent"),
    )
    .values({name: sa.bindparam(f"new_{name}") for name in ("allowed", "reserved", "spent")})
)


_IDS = ("role", "anonymizer", "deanonymizer")


@lru_cache(maxsize=10_000)  # asked for several times in each claim
def account_columns(challenge: str, name: str, subject: Subject | None) -> Mapping[str, str]:
    """Return the columns that tell an account, and its key; nobody's if all share it."""
    about = subject_columns(challenge, "", subject, None)
    told = {"challenge": challenge, "name": name, **{column: about[column] for column in _IDS}}
    return {"key": account_key(about, name), **told}


def limit_of(resource: Resource, columns: Mapping[str, str]) -> Decimal | None:
    """Return the limit of the holder of an account, whose columns are given."""
    return resource.limit_of(columns["deanonymizer"] or columns["anonymizer"])


def account_key(about: Mapping[str, str], name: str) -> str:
    """Return the key of an account of a challenge's subject, whose columns are given."""
    return canonical_json([about["challenge"], name, *(about[column] for column in _IDS)])


def columns_of(key: str) -> dict[str, str]:
    """Return the columns that a key was made of, and the key."""
    return dict(zip(("key", "challenge", "name", *_IDS), (key, *json.loads(key)), strict=True))


def period_at(period_s: int | None, now: int) -> str:
    """Return the period of an account that a stored time lies in."""
    if period_s is None:
        return FOR_EVER
    length = period_s * MICROSECOND
    began_at = now - now % length
    return f"{began_at}/{began_at + length}"


def bounds_of(period: str) -> tuple[int, int]:
    """Return when a period begins and ends; one for ever holds all times."""
    if period == FOR_EVER:
        return 0, 2**63 - 1
    began_at, _, ends_at = period.partition("/")
    return int(began_at), int(ends_at)


def stored_limit(limit: Decimal | None) -> str:
    """Return a limit as it is stored; empty for none."""
    return "" if limit is None else amount_text(limit)


@attrs.define(kw_only=True)
class Balance:
    """How an account stands in one resource and period.

    Attributes
    ----------
    account, period, resource
        Key of the account, the period and the name of the resource.
    allowed
        The declared limit; ``None`` for none.
    granted
        What an organiser has given beyond it.
    reserved, spent
        What claims hold that are under way, and what is gone for good.
    stored
        Reserved and spent amounts as the database has them; ``None`` if it has none.
    """

    account: str
    period: str
    resource: str
    allowed: Decimal | None
    granted: Decimal = NOTHING
    reserved: Decimal = NOTHING
    spent: Decimal = NOTHING
    stored: tuple[str, str] | None = None

    @property
    def limit(self) -> Decimal | None:
        """What is allowed and granted together; ``None`` for no limit."""
        return None if self.allowed is None else total((self.allowed, self.granted))

    @property
    def used(self) -> Decimal:
        """What is reserved or spent."""
        return total((self.reserved, self.spent))

    @property
    def remaining(self) -> Decimal | None:
        """What is left, which a lowered limit makes nothing; ``None`` for no limit."""
        limit = self.limit
        return None if limit is None else max(NOTHING, less(limit, self.used))

    def fits(self, amount: Decimal) -> bool:
        """Return whether an amount can be reserved."""
        remaining = self.remaining
        return remaining is None or amount <= remaining


def store(connection: sa.Connection, kept: Iterable[Balance]) -> None:
    """Write balances of different places that have changed.

    Raises
    ------
    LedgerError
        If one was changed since it was read.
    """
    new, moved = [], []
    for balance in kept:
        place = {name: getattr(balance, name) for name in _PLACE}
        amounts = {name: amount_text(getattr(balance, name)) for name in ("reserved", "spent")}
        amounts["allowed"] = stored_limit(balance.allowed)
        if balance.stored is None:
            new.append({**place, **amounts, "granted": amount_text(balance.granted)})
        else:
            row = {f"of_{name}": value for name, value in place.items()}
            row |= {f"new_{name}": value for name, value in amounts.items()}
            moved.append({**row, "old_reserved": balance.stored[0], "old_spent": balance.stored[1]})
    if new:
        connection.execute(_BEGIN, new)
    if moved and connection.execute(_MOVE, moved).rowcount != len(moved):
        raise LedgerError("The ledger cannot be used now; try again.", reason="a race")


def balance_of(row: sa.RowMapping) -> Balance:
    """Return a stored balance."""
    return Balance(
        account=row["account"],
        period=row["period"],
        resource=row["resource"],
        allowed=Decimal(row["allowed"]) if row["allowed"] else None,
        granted=Decimal(row["granted"]),
        reserved=Decimal(row["reserved"]),
        spent=Decimal(row["spent"]),
        stored=(row["reserved"], row["spent"]),
    )


@attrs.frozen(kw_only=True)
class Standing:
    """How some accounts stand.

    Attributes
    ----------
    states
        Of accounts that exist, by key.
    balances
        By key of the account, period and resource.
    """

    states: dict[str, AccountState]
    balances: dict[tuple[str, str, str], Balance]


@cache
def _standing_of(n_keys: int, n_periods: int) -> sa.Select[Any]:
    """Return the query for so many accounts and periods; lists of any length would be slower."""
    keys: list[sa.BindParameter[str]] = [sa.bindparam(f"key_{number}") for number in range(n_keys)]
    periods: list[sa.BindParameter[str]] = [
        sa.bindparam(f"period_{number}") for number in range(n_periods)
    ]
    join = sa.and_(balances.c.account == accounts.c.key, balances.c.period.in_(periods))
    return (
        sa.select(accounts.c.key, accounts.c.state, balances)
        .select_from(accounts.outerjoin(balances, join))
        .where(accounts.c.key.in_(keys))
    )


def standing(
    connection: sa.Connection, keys: Collection[str], periods: Collection[str]
) -> Standing:
    """Read accounts, and their balances of some periods."""
    found = Standing(states={}, balances={})
    wanted = {f"key_{number}": key for number, key in enumerate(keys)}
    wanted |= {f"period_{number}": period for number, period in enumerate(periods)}
    query = _standing_of(len(keys), len(periods))
    for row in connection.execute(query, wanted).mappings():
        found.states[row["key"]] = AccountState(row["state"])
        if row["account"] is not None:
            balance = balance_of(row)
            found.balances[balance.account, balance.period, balance.resource] = balance
    return found


def open_account(connection: sa.Connection, columns: Mapping[str, str]) -> None:
    """Add an account that nobody has used before."""
    connection.execute(_OPEN, {**columns, "state": AccountState.OPEN.value})


def granted_in(connection: sa.Connection, account: str, resource: str, period: str) -> Decimal:
    """Return what an organiser has granted in a period."""
    began_at, ends_at = bounds_of(period)
    about = {"account": account, "resource": resource, "began_at": began_at, "ends_at": ends_at}
    return total(Decimal(amount) for amount in connection.execute(_GRANTED, about).scalars())
