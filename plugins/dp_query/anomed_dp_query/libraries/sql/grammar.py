"""The SQL that is understood: one SELECT of aggregates over one table.

What a general parser accepts has to be refused again, construct by construct, and one is forgotten.
Here only what is written down below exists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from anomed_dp_query.libraries.sql.conditions import read_condition
from anomed_dp_query.libraries.sql.tokens import Words, refuse
from anomed_dp_query.metadata.model import TableMetadata

_AGGREGATES = {
    "COUNT": "COUNT", "SUM": "SUM", "AVG": "AVG", "VAR": "VAR", "VARIANCE": "VAR",
    "STDDEV": "STDDEV", "STD": "STDDEV",
}  # fmt: skip
_RESERVED = {"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "AS", "AND", "OR", "NOT"}
_MOST_ITEMS = 50
_LARGEST_LIMIT = 10_000
_COMPARISONS = {"=", "<>", "!=", "<", "<=", ">", ">="}
Read = TypeVar("Read")


@attrs.frozen(kw_only=True)
class Item:
    """A column of the answer.

    Attributes
    ----------
    name
        Its name in the answer; ``???`` for an aggregate that has none, as the library says.
    aggregate
        ``COUNT``, ``SUM``, ``AVG``, ``VAR`` or ``STDDEV``; empty for a key of groups.
    column
        What is aggregated; empty for all rows.
    distinct
        Whether equal cells count once.
    """

    name: str
    aggregate: str = ""
    column: str = ""
    distinct: bool = False

    @property
    def sql(self) -> str:
        """As the library reads it."""
        inside = f"DISTINCT {self.column}" if self.distinct else self.column or "*"
        return f"{self.aggregate}({inside})"


@attrs.frozen(kw_only=True)
class Select:
    """A query.

    Attributes
    ----------
    items
        Columns of the answer, in order.
    where
        Its condition as SQL of ours; empty for none.
    groups
        Columns that groups are made by.
    having
        Column of the answer, comparison and number of each.
    order
        Column of the answer, and whether the largest comes first.
    limit
        Rows of the answer, at most; ``None`` for all.
    """

    items: tuple[Item, ...]
    where: str = ""
    groups: tuple[str, ...] = ()
    having: tuple[tuple[str, str, float], ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None

    @property
    def aggregates(self) -> tuple[Item, ...]:
        """The columns that are noised."""
        return tuple(item for item in self.items if item.aggregate)


def read_select(query: Any, table: TableMetadata) -> Select:
    """Read a query.

    Parameters
    ----------
    query
        Its text.
    table
        What is public about the table, which is called ``df``.

    Raises
    ------
    QueryRefused
        Naming what is not understood.
    """
    words = Words(query)
    words.need("SELECT")
    items = _listed(words, lambda: _item(words, table))
    words.need("FROM")
    if words.take().value.lower() != "df":
        refuse("there is one table, df; write FROM df")
    where = read_condition(words, table) if words.has("WHERE") else ""
    groups = _listed(words, lambda: _column(words, table)) if words.has("GROUP", "BY") else ()
    names = {item.name for item in items}
    having = _having(words, names) if words.has("HAVING") else ()
    order = _listed(words, lambda: _ordered(words, names)) if words.has("ORDER", "BY") else ()
    limit = _limit(words) if words.has("LIMIT") else None
    if words.next.kind != "end":
        refuse(f"nothing may follow here, got {words.next.value[:40]!r}")
    select = Select(
        items=items, where=where, groups=groups, having=having, order=order, limit=limit
    )
    _check(select)
    return select


def _listed(words: Words, read: Callable[[], Read]) -> tuple[Read, ...]:
    found = [read()]
    while words.has(","):
        found.append(read())
        if len(found) > _MOST_ITEMS:
            refuse(f"a list has more than {_MOST_ITEMS} items")
    return tuple(found)


def _item(words: Words, table: TableMetadata) -> Item:
    first = words.next.value
    if first.upper() in _AGGREGATES and words.next.kind == "name":
        words.take()
        if words.has("("):
            return _aggregate(words, _AGGREGATES[first.upper()], table)
        refuse(f"expected ( after {first}")
    column = _column(words, table)
    return Item(name=_alias(words, column), column=column)


def _aggregate(words: Words, aggregate: str, table: TableMetadata) -> Item:
    column, distinct = "", False
    if aggregate != "COUNT" or not words.has("*"):
        distinct = words.has("DISTINCT")
        if distinct and aggregate != "COUNT":
            refuse(f"DISTINCT is allowed in COUNT alone, not in {aggregate}")
        column = _column(words, table)
        if aggregate != "COUNT" and not table.column(column).kind.is_number:
            refuse(f"{aggregate} needs a column of numbers, and {column} is none")
        if aggregate != "COUNT" and not table.column(column).has_bounds:
            refuse(f"{aggregate} needs bounds, and metadata give none for {column}")
    words.need(")")
    return Item(name=_alias(words, "???"), aggregate=aggregate, column=column, distinct=distinct)


def _alias(words: Words, default: str) -> str:
    is_named = words.has("AS")
    word = words.next
    if word.kind == "name" and word.value.upper() not in _RESERVED:
        return words.take().value
    if is_named:
        refuse(f"expected a name after AS, got {word.value[:40]!r}")
    return default


def _column(words: Words, table: TableMetadata) -> str:
    word = words.take()
    if word.kind != "name":
        refuse(f"expected a column, got {word.value[:40]!r}; expressions are not allowed here")
    if word.value not in table:
        refuse(f"Column cannot be found {word.value[:80]}")
    return word.value


def _having(words: Words, names: set[str]) -> tuple[tuple[str, str, float], ...]:
    found: list[tuple[str, str, float]] = []
    while not found or words.has("AND"):
        name, sign, number = words.take(), words.take(), words.take()
        if name.value not in names or sign.value not in _COMPARISONS or number.kind != "number":
            refuse("HAVING compares columns of the answer with numbers, joined by AND")
        found.append((name.value, sign.value, float(number.value)))
    return tuple(found)


def _ordered(words: Words, names: set[str]) -> tuple[str, bool]:
    name = words.take().value
    if name not in names:
        refuse(f"ORDER BY takes columns of the answer, got {name[:40]!r}")
    descending = words.has("DESC")
    if not descending:
        words.has("ASC")
    return name, descending


def _limit(words: Words) -> int:
    word = words.take()
    if word.kind != "number" or not word.value.isdigit() or int(word.value) > _LARGEST_LIMIT:
        refuse(f"LIMIT is a whole number up to {_LARGEST_LIMIT}, got {word.value[:40]!r}")
    return int(word.value)


def _check(select: Select) -> None:
    if not select.aggregates:
        refuse("a query needs an aggregate: COUNT, SUM, AVG, VAR or STDDEV")
    if len(set(select.groups)) < len(select.groups):
        refuse("GROUP BY names a column twice")
    names = [item.name for item in select.items if item.name != "???"]
    if len(set(names)) < len(names):
        refuse("two columns of the answer have one name; give them others with AS")
    for item in select.items:
        if not item.aggregate and item.column not in select.groups:
            refuse(f"{item.column} is neither aggregated nor in GROUP BY")
