"""Published cells in words: ``[18-34]``, ``{F, M}``, and ``*`` for what says nothing."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from anomed_core.report import Table, percent
from anomed_dataset_anonymization.schema import Column
from anomed_dataset_anonymization.schemes import (
    Points,
    PublishedCells,
    PublishedTable,
    Ranges,
    ValueSets,
)

SUPPRESSED = "*"
_N_SHARES = 3
_DIGITS = 15
"""More than any step of a domain needs, fewer than show what binary fractions are short of."""
_MARKS = frozenset('",{}[]*')
"""What stands around and between values, so that a value that holds one is quoted."""


def readable_table(table: PublishedTable, *, n_rows: int = 30, caption: str = "") -> Table:
    """Return the first rows of a published table in words.

    Parameters
    ----------
    table : PublishedTable
        In canonical form.
    n_rows : int
        How many rows are shown at most.
    caption : str
        Stands above them.

    Returns
    -------
    Table
    """
    shown = min(n_rows, table.n_rows)
    columns = [
        [cell_in_words(cells, table.schema[name], row) for row in range(shown)]
        for name, cells in table.cells.items()
    ]
    return Table(caption=caption, head=list(table.cells), rows=zip(*columns, strict=True))


def readable_frame(table: PublishedTable) -> pd.DataFrame:
    """Return a published table with one column of words for each column of the people.

    Parameters
    ----------
    table : PublishedTable
        In canonical form.

    Returns
    -------
    DataFrame
        Text; two cells are alike exactly if they say the same.
    """
    columns = {}
    for name, cells in table.cells.items():
        _, rows, codes = np.unique(table.codes[name], return_index=True, return_inverse=True)
        column = table.schema[name]
        words = [cell_in_words(cells, column, int(row), n_shares=None) for row in rows]
        columns[name] = pd.array(words, dtype="str")[codes]
    return pd.DataFrame(columns)


def cell_in_words(
    cells: PublishedCells, column: Column, row: int, *, n_shares: int | None = _N_SHARES
) -> str:
    """Return what one cell says.

    Parameters
    ----------
    cells : PublishedCells
        Of a column.
    column : Column
        Describes it.
    row : int
        From 0.
    n_shares : int or None
        How many of the largest frequencies are said; all for None.

    Returns
    -------
    str
    """
    if isinstance(cells, Points):
        value = cells.values[row]
        return SUPPRESSED if np.isnan(value) else value_in_words(column, value)
    if isinstance(cells, Ranges):
        return _range(column, float(cells.low[row]), float(cells.high[row]))
    if isinstance(cells, ValueSets):
        return _set(column, np.flatnonzero(cells.members[row]).tolist())
    shares = cells.shares[row]
    order = np.argsort(-shares, kind="stable")[:n_shares]
    return ", ".join(
        f"{value_in_words(column, place)} {percent(shares[place])}"
        for place in order
        if shares[place] > 0
    )


def value_in_words(column: Column, coordinate: float, *, marks: frozenset[str] = _MARKS) -> str:
    """Return a value by its coordinate: a listed one by its name, in quotes if it holds a mark."""
    if column.is_time:
        return column.in_words(coordinate)
    if not column.is_listed:
        if float(coordinate).is_integer():
            return str(int(coordinate))
        return np.format_float_positional(coordinate, precision=_DIGITS, fractional=False, trim="-")
    word = str(column.values[round(coordinate)])
    return word if word and not marks & set(word) else json.dumps(word, ensure_ascii=False)


def _range(column: Column, low: float, high: float) -> str:
    ends = (0.0, len(column.values) - 1.0) if column.is_listed else None
    if ends is None:
        ends = (column.bounds.low, column.bounds.high)
    if low == high:
        return value_in_words(column, low)
    if low <= ends[0] and high >= ends[1]:
        return SUPPRESSED
    marks = _MARKS | {"-"} if column.dtype == "string" else _MARKS
    first, last = (value_in_words(column, end, marks=marks) for end in (low, high))
    return f"[{first}, {last}]" if column.is_time else f"[{first}-{last}]"


def _set(column: Column, places: list[int]) -> str:
    if len(places) == len(column.values) > 1:
        return SUPPRESSED
    words = ", ".join(value_in_words(column, place) for place in places)
    return words if len(places) == 1 else f"{{{words}}}"
