"""The hash chain: each row carries the hash of the row before it.

``hash = SHA-256(canonical JSON of the row without its hash)``, and the row holds ``previous_hash``.
Changing, removing or reordering a row breaks the chain at that row; the head row knows the length,
so that rows missing at the end are noticed, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from anomed_core.ledger.contract import ChainFault
from anomed_core.wire.digests import digest_value

Row = Mapping[Any, Any]
"""A row by the names of its columns."""

GENESIS = "0" * 64
"""Previous hash of the first row."""


def row_hash(row: Row) -> str:
    """Return the hash of a row over every column but ``hash`` itself."""
    return digest_value({name: value for name, value in row.items() if name != "hash"})


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
        if row_hash(row) != row["hash"]:
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
