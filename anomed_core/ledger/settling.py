"""What becomes of claims: committed, lapsed, returned; each settles all lines of a claim."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from functools import cache
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.ledger.account_decisions import freeze_for_overdraft
from anomed_core.ledger.accounts import Balance, account_key, balance_of, columns_of, store
from anomed_core.ledger.archive import ArchiveEntry, append_entry
from anomed_core.ledger.claim_requests import OPERATION, ClaimRequest, about, keys_of_lines
from anomed_core.ledger.neighbours import silent_among
from anomed_core.ledger.schema import balances, claim_lines, claims
from anomed_core.ledger.scores import subject_of
from anomed_core.model import Lapse, Line, amount_text
from anomed_core.model.amounts import NOTHING, less, total
from anomed_core.system.process_identity import is_gone

NEVER_ENDED = "the evaluation never ended"
"""Why a claim lapsed whose holder died."""

RETURNED = "returned"
"""State of a claim whose score was annulled and that may be made once more."""

_ABOUT = ("challenge", "what", "kind", "role", "anonymizer", "deanonymizer", "split")
# Spelt out, since an index over such claims alone is not used for parameters.
_IS_HELD: sa.ColumnElement[bool] = sa.literal_column("claims.state IN ('reserved', 'started')")
_LEASE = (claims.c.id, claims.c.lease_until, claims.c.owner)

# Built once: building a statement costs several times as much as answering it.
_HELD_ABOUT = sa.select(*_LEASE).where(
    *(claims.c[name] == sa.bindparam(name) for name in _ABOUT), _IS_HELD
)
_ALL_HELD = sa.select(*_LEASE).where(_IS_HELD)
_SETTLE = (
    sa.update(claims)
    .where(claims.c.id == sa.bindparam("claim"), _IS_HELD)
    .values(state=sa.bindparam("new_state"), settled_at=sa.bindparam("now"))
)
_START = (
    sa.update(claims)
    .where(claims.c.id == sa.bindparam("claim"), claims.c.state == "reserved")
    .values(state="started")
)
_PLACE = ("account", "period", "resource")
_LINES = (
    sa.select(claim_lines.c.amount, claim_lines.c.lapse, claim_lines.c.committed, balances)
    .join(balances, sa.and_(*(balances.c[name] == claim_lines.c[name] for name in _PLACE)))
    .where(claim_lines.c.claim == sa.bindparam("claim"))
)
_CLOSE = (
    sa.update(claim_lines)
    .where(
        claim_lines.c.claim == sa.bindparam("of_claim"),
        *(claim_lines.c[name] == sa.bindparam(f"of_{name}") for name in _PLACE),
    )
    .values(amount=sa.bindparam("new_amount"), committed=sa.bindparam("new_committed"))
)


@attrs.define(kw_only=True)
class _StoredLine:
    """A line of a claim, with the balance that it stands in."""

    amount: Decimal
    lapse: Lapse
    committed: Decimal | None
    balance: Balance

    def close(self, committed: Decimal) -> None:
        """Turn what is reserved, or what was committed, into what is gone for good."""
        balance = self.balance
        if self.committed is None:
            balance.reserved = less(balance.reserved, self.amount)
        else:
            balance.spent = less(balance.spent, self.committed)
        balance.spent = total((balance.spent, committed))
        self.amount = max(self.amount, committed)
        self.committed = committed


def _lines(connection: sa.Connection, claim_id: int) -> list[_StoredLine]:
    return [
        _StoredLine(
            amount=Decimal(row["amount"]),
            lapse=Lapse(row["lapse"]),
            committed=None if row["committed"] is None else Decimal(row["committed"]),
            balance=balance_of(row),
        )
        for row in connection.execute(_LINES, {"claim": claim_id}).mappings()
    ]


def _store(connection: sa.Connection, claim_id: int, lines: list[_StoredLine]) -> None:
    """Write lines that were closed, and their balances."""
    rows = [
        {
            "of_claim": claim_id,
            **{f"of_{name}": getattr(line.balance, name) for name in _PLACE},
            "new_amount": amount_text(line.amount),
            "new_committed": amount_text(line.committed or NOTHING),
        }
        for line in lines
    ]
    if rows:
        connection.execute(_CLOSE, rows)
        store(connection, [line.balance for line in lines])


def start_claim(connection: sa.Connection, claim_id: int) -> bool:
    """Note that a claim begins to touch what costs; say whether it was still held."""
    return connection.execute(_START, {"claim": claim_id}).rowcount == 1


def commit_claim(
    connection: sa.Connection, claim_id: int, *, spent: Iterable[Line] | None = None, now: int
) -> list[Line] | None:
    """Commit a claim, while its accounts are held; return what it took, ``None`` if it was void.

    Parameters
    ----------
    connection
        In a transaction.
    claim_id
        Number of the claim.
    spent
        What was spent of its lines; what is not named, as it was reserved. Where it is more than
        that, the difference is taken as far as it goes, and the account is frozen.
    now
        As stored.

    Raises
    ------
    ValueError
        If something was spent that the claim has no line for.
    """
    settled = {"claim": claim_id, "new_state": "committed", "now": now}
    if connection.execute(_SETTLE, settled).rowcount != 1:
        return None
    wanted = _summed(spent or ())
    overdrawn = []
    lines = _lines(connection, claim_id)
    for line in lines:
        place = columns_of(line.balance.account)["name"], line.balance.resource
        amount = wanted.pop(place, line.amount)
        if amount > line.amount:
            overdrawn.append((line.balance, line.amount, amount))
            room = line.balance.remaining
            excess = less(amount, line.amount)
            amount = total((line.amount, excess if room is None else min(room, excess)))
        line.close(amount)
    if wanted:
        there = ", ".join(f"{resource} of {account}" for account, resource in sorted(wanted))
        raise ValueError(f"claim {claim_id} has reserved nothing of {there}, and cannot spend it")
    _store(connection, claim_id, lines)
    for balance, reserved, amount in overdrawn:
        freeze_for_overdraft(
            connection, balance, claim_id=claim_id, reserved=reserved, spent=amount, now=now
        )
    return _spent(lines)


def _summed(spent: Iterable[Line]) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = {}
    for line in spent:
        place = line.account, line.resource
        sums[place] = total((sums.get(place, NOTHING), line.amount))
    return sums


def _spent(lines: Iterable[_StoredLine]) -> list[Line]:
    """Return what is gone for good of which account."""
    return [
        Line(columns_of(line.balance.account)["name"], line.balance.resource, line.committed)
        for line in lines
        if line.committed
    ]


def lapse_claim(
    connection: sa.Connection,
    claim_id: int,
    reason: str,
    *,
    entry: ArchiveEntry | None = None,
    now: int,
) -> None:
    """End a claim that failed, while its accounts are held, unless it is settled.

    What it has reserved is released, or spent if it was started and the resource says so. A call
    that something was spent on is archived as lost: as the entry says it, or as far as it is known.
    """
    held = sa.select(claims).where(claims.c.id == claim_id, _IS_HELD)
    row = connection.execute(held).mappings().first()
    if row is None:
        return
    gone = False
    lines = _lines(connection, claim_id)
    for line in lines:
        is_spent = row["state"] == "started" and line.lapse is Lapse.SPENT
        gone = gone or is_spent
        line.close(line.amount if is_spent else NOTHING)
    _store(connection, claim_id, lines)
    if gone and row["what"] == OPERATION:
        append_entry(connection, claim_id, entry or _lost(row), _spent(lines), now=now)
    connection.execute(
        sa.update(claims)
        .where(claims.c.id == claim_id)
        .values(
            state="spent" if gone else "released", replay_key=None, reason=reason, settled_at=now
        )
    )


def _lost(row: sa.RowMapping) -> ArchiveEntry:
    """Return what the archive says of a call whose process is gone."""
    return ArchiveEntry(
        challenge=row["challenge"],
        operation=row["kind"],
        subject=subject_of(row) if row["role"] else None,
        request_digest=row["payload_digest"],
        answer=None,
    )


def return_claim(connection: sa.Connection, claim_id: int, reason: str) -> None:
    """Give back what a committed claim has taken, while its accounts are held."""
    lines = _lines(connection, claim_id)
    for line in lines:
        line.close(NOTHING)
    _store(connection, claim_id, lines)
    connection.execute(
        sa.update(claims)
        .where(claims.c.id == claim_id)
        .values(state=RETURNED, replay_key=None, reason=reason)
    )


def dead_claims(connection: sa.Connection, request: ClaimRequest, now: int) -> list[int]:
    """Return claims in a request's way that nobody will settle.

    Their lease has run out, or the process that held them has ended, or is silent elsewhere.
    """
    keys = {f"key_{number}": key for number, key in enumerate(keys_of_lines(request))}
    held = connection.execute(_held_of(len(keys)), {**about(request), **keys}).all()
    return _dead(connection, held, now)


@cache
def _held_of(n_keys: int) -> Any:
    """Return the query for claims about somebody and on so many accounts."""
    if not n_keys:
        return _HELD_ABOUT
    keys: list[sa.BindParameter[str]] = [sa.bindparam(f"key_{n}") for n in range(n_keys)]
    on_them = sa.and_(claim_lines.c.account.in_(keys), claim_lines.c.committed.is_(None))
    lines = sa.select(*_LEASE).join(claim_lines, claim_lines.c.claim == claims.c.id).where(on_them)
    return sa.union(_HELD_ABOUT, lines)


def all_dead_claims(connection: sa.Connection, now: int) -> list[int]:
    """Return all claims that nobody will settle."""
    return _dead(connection, connection.execute(_ALL_HELD).all(), now)


def _dead(
    connection: sa.Connection, held: Collection[sa.Row[Any, Any, Any]], now: int
) -> list[int]:
    owners = {row.owner for row in held}
    gone = {owner for owner in owners if is_gone(owner)}
    gone |= silent_among(connection, owners - gone)
    return [row.id for row in held if row.lease_until <= now or row.owner in gone]


def keys_of_claims(connection: sa.Connection, claim_ids: Collection[int]) -> list[str]:
    """Return the keys of all accounts that stored claims may move something in."""
    lines = sa.select(claim_lines.c.account).where(claim_lines.c.claim.in_(claim_ids)).distinct()
    keys = set(connection.execute(lines).scalars())
    stored = sa.select(claims).where(claims.c.id.in_(claim_ids))
    for row in connection.execute(stored).mappings():
        # A tuning attempt may be taken along to its account at any time.
        keys.add(account_key(dict(row), f"attempts/{row['kind']}"))
    return sorted(keys)
