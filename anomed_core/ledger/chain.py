"""The hash chain of scores and of audit rows: each row carries the hash of the row before it.

``hash = SHA-256(canonical JSON of the row without its hash)``, and the row holds ``previous_hash``.
Changing, removing or reordering a row breaks the chain at that row; the head row knows the length,
so that rows missing at the end are noticed, too.

Columns that a migration has added are part of a row's hash where its ``covers`` names them; in rows
from before the migration they are empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.ledger.schema import archive, audit, chain_heads, scores
from anomed_core.ledger.times import as_datetime
from anomed_core.wire.digests import canonical_json, digest_value

Row = Mapping[Any, Any]
"""A row by the names of its columns."""

GENESIS = "0" * 64
"""Previous hash of the first row."""

COVERS = "annulled covers"
"""What a row of scores says about columns that migrations have added: all their names."""

_ADDED = frozenset(COVERS.split())

_BY_DIGEST = frozenset({"request_text", "answer_text"})
"""Columns that a row's hash covers by their digests alone, as what they hold may be retired."""

_CHAINS = (scores, audit, archive)

# Built once: building a statement costs several times as much as answering it.
_HEAD = sa.select(chain_heads).where(chain_heads.c.name == sa.bindparam("chain")).with_for_update()
_APPEND = {table.name: sa.insert(table) for table in _CHAINS}
_ADVANCE = (
    sa.update(chain_heads)
    .where(chain_heads.c.name == sa.bindparam("chain"))
    .values(length=sa.bindparam("new_length"), hash=sa.bindparam("new_hash"))
)


@attrs.frozen(kw_only=True)
class ChainFault:
    """A place where the ledger is not as it was recorded.

    Attributes
    ----------
    table
        ``scores``, ``audit``, ``archive``, or what was derived from them: ``criteria``, ``teams``
        or ``granted_attempts``.
    row
        Number of the row that is missing, changed or out of order; of what is derived, that of the
        score, or of the decision.
    problem
        One sentence.
    """

    table: str
    row: int
    problem: str


@attrs.frozen(kw_only=True)
class AuditRow:
    """Something that somebody did.

    Attributes
    ----------
    id
        Number of the row.
    action
        What was done, in two or three words.
    detail
        To whom or what, and why.
    recorded_at
        In UTC.
    """

    id: int
    action: str
    detail: Mapping[str, str]
    recorded_at: datetime


def append(connection: sa.Connection, table: sa.Table, values: Row) -> dict[str, Any]:
    """Append a row to the chain of its table and return it as it is stored."""
    # The lock on the head lets one transaction at a time pass, on every machine. So ids have no
    # gaps, which a sequence of the database would leave wherever a transaction is rolled back.
    chain = {"chain": table.name}
    head = connection.execute(_HEAD, chain).one()
    row = {"id": head.length + 1, **values, "previous_hash": head.hash}
    row["hash"] = row_hash(row)
    connection.execute(_APPEND[table.name], row)
    connection.execute(_ADVANCE, {**chain, "new_length": row["id"], "new_hash": row["hash"]})
    return row


_DECIDER: ContextVar[str] = ContextVar("decider", default="")


@contextmanager
def decided_by(name: str) -> Iterator[None]:
    """Let the audit say who decides what is decided inside: at the command line nobody is known."""
    before = _DECIDER.set(name)
    try:
        yield
    finally:
        _DECIDER.reset(before)


def append_audit(
    connection: sa.Connection, action: str, detail: Mapping[str, str], *, now: int
) -> int:
    """Append a row that says what somebody did, and return its number."""
    told = {"by": _DECIDER.get(), **detail} if _DECIDER.get() else dict(detail)
    row = {"action": action, "detail": canonical_json(told), "recorded_at": now}
    number: int = append(connection, audit, row)["id"]
    return number


def audit_rows(connection: sa.Connection) -> list[AuditRow]:
    """Return all rows of the audit, oldest first."""
    return [
        AuditRow(
            id=row["id"],
            action=row["action"],
            detail=json.loads(row["detail"]),
            recorded_at=as_datetime(row["recorded_at"]),
        )
        for row in connection.execute(sa.select(audit).order_by(audit.c.id)).mappings()
    ]


def stored_faults(connection: sa.Connection) -> list[ChainFault]:
    """Check all chains as one snapshot sees them."""
    faults = []
    for table in _CHAINS:
        head = connection.execute(
            sa.select(chain_heads).where(chain_heads.c.name == table.name)
        ).first()
        stored = connection.execution_options(yield_per=1000).execute(
            sa.select(table).order_by(table.c.id)
        )
        faults += chain_faults(
            table.name,
            stored.mappings(),
            length=head.length if head else 0,
            head=head.hash if head else "",
        )
    return faults


def row_hash(row: Row) -> str:
    """Return the hash of a row over every column that it covers, but ``hash`` itself.

    Bodies are covered by their digests.
    """
    left_out = {"hash", *_BY_DIGEST, *_not_covered(row)}
    return digest_value({name: value for name, value in row.items() if name not in left_out})


def _not_covered(row: Row) -> frozenset[str]:
    return _ADDED.difference(row.get("covers", "").split())


def _is_as_recorded(row: Row) -> bool:
    """Return whether a row holds what its hash was made of, and nothing besides."""
    return row_hash(row) == row["hash"] and not any(row.get(name) for name in _not_covered(row))


def chain_faults(table: str, rows: Iterable[Row], *, length: int, head: str) -> list[ChainFault]:
    """Find where a chain is broken.

    Parameters
    ----------
    table
        Name of the table, for the findings.
    rows
        All rows in order of their ids.
    length, head
        What the head row says: number of rows and hash of the last one.

    Returns
    -------
    list of ChainFault
        Empty if every row is where and what it was when it was recorded.
    """
    faults: list[ChainFault] = []

    def note(row: int, problem: str) -> None:
        faults.append(ChainFault(table=table, row=row, problem=problem))

    expected_id, previous = 1, GENESIS
    for row in rows:
        if row["id"] != expected_id:
            note(expected_id, _missing(expected_id, row["id"] - 1))
        elif row["previous_hash"] != previous:
            note(row["id"], "it does not follow the row before it: one of the two was replaced")
        if not _is_as_recorded(row):
            note(row["id"], "its content was changed")
        expected_id, previous = row["id"] + 1, row["hash"]
    last = expected_id - 1
    if last < length:
        note(last + 1, f"{_missing(last + 1, length)} at the end")
    elif last > length:
        note(length + 1, f"the chain ended with row {length}, but there are {last}")
    elif previous != head:
        note(last, "it is not the row that was recorded last")
    return faults


def _missing(first: int, last: int) -> str:
    return f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"
