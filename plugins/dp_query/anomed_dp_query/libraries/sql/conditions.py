"""Conditions of WHERE: comparisons of cells and constants, which no cell can make fail."""

from __future__ import annotations

from typing import Any

import attrs

from anomed_dp_query.libraries.sql.tokens import Words, refuse
from anomed_dp_query.metadata.model import Kind, TableMetadata

_DEEPEST = 20
_SIGNS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@attrs.frozen
class _Operand:
    sql: str
    kind: str
    is_column: bool = False


def read_condition(words: Words, table: TableMetadata, depth: int = 0) -> str:
    """Read a condition and write it anew.

    Parameters
    ----------
    words
        The query from here on.
    table
        What is public about the table.
    depth
        How many brackets are open.

    Returns
    -------
    str
        SQL that was written here, of column names and constants.

    Raises
    ------
    QueryRefused
        Naming what is not understood.
    """
    if depth > _DEEPEST:
        refuse(f"WHERE has more than {_DEEPEST} brackets in each other")
    parts = [_joined(words, table, depth)]
    while words.has("OR"):
        parts.append(_joined(words, table, depth))
    return " OR ".join(parts) if len(parts) == 1 else "(" + " OR ".join(parts) + ")"


def _joined(words: Words, table: TableMetadata, depth: int) -> str:
    parts = [_single(words, table, depth)]
    while words.has("AND"):
        parts.append(_single(words, table, depth))
    return " AND ".join(parts) if len(parts) == 1 else "(" + " AND ".join(parts) + ")"


def _single(words: Words, table: TableMetadata, depth: int) -> str:
    if words.has("NOT"):
        inner = _single(words, table, depth + 1) if depth <= _DEEPEST else ""
        return f"NOT ({inner})"
    if words.has("("):
        inner = read_condition(words, table, depth + 1)
        words.need(")")
        return f"({inner})"
    return _compared(words, table)


def _compared(words: Words, table: TableMetadata) -> str:
    left = _operand(words, table)
    if words.has("IS", "NOT", "NULL"):
        return f"{left.sql} IS NOT NULL"
    if words.has("IS", "NULL"):
        return f"{left.sql} IS NULL"
    if words.has("BETWEEN"):
        low = _fitting(left, _operand(words, table))
        words.need("AND")
        high = _fitting(left, _operand(words, table))
        return f"({left.sql} >= {low} AND {left.sql} <= {high})"
    if words.has("IN"):
        return _among(words, table, left)
    sign = words.take().value
    if sign not in _SIGNS:
        refuse(
            f"expected a comparison, got {sign[:40]!r}; arithmetic and functions are not allowed"
        )
    return f"{left.sql} {_SIGNS[sign]} {_fitting(left, _operand(words, table))}"


def _among(words: Words, table: TableMetadata, left: _Operand) -> str:
    words.need("(")
    values = [_fitting(left, _operand(words, table))]
    while words.has(","):
        values.append(_fitting(left, _operand(words, table)))
    words.need(")")
    return "(" + " OR ".join(f"{left.sql} = {value}" for value in values) + ")"


def _fitting(left: _Operand, right: _Operand) -> str:
    if left.kind != right.kind:
        refuse(f"{left.sql[:40]} is a {left.kind} and is compared with a {right.kind}")
    return right.sql


def _operand(words: Words, table: TableMetadata) -> _Operand:
    negative = words.has("-")
    word = words.take()
    if word.kind == "number":
        return _Operand(f"-{word.value}" if negative else word.value, "number")
    if negative:
        refuse("a minus stands before numbers only")
    if word.kind == "text":
        return _Operand(f"'{word.value}'", "text")
    if word.kind == "name" and word.value.upper() in {"TRUE", "FALSE"}:
        return _Operand(word.value.upper(), "truth value")
    if word.kind != "name" or word.value not in table:
        refuse(f"Column cannot be found {word.value[:80]}")
    return _Operand(word.value, _kind(table.column(word.value).kind), True)


def _kind(kind: Kind) -> str:
    if kind.is_number:
        return "number"
    return "truth value" if kind is Kind.BOOLEAN else "text"


def equals(column: str, key: Any) -> str:
    """Return the condition that a column has a public key; empty if none can be written."""
    if isinstance(key, bool):
        return f"{column} = {str(key).upper()}"
    if isinstance(key, int | float):
        return f"{column} = {key!r}"
    return "" if any(sign in str(key) for sign in "'\\\n\r") else f"{column} = '{key}'"
