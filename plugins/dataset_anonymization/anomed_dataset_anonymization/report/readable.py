"""Published cells in words: ``[18-34]``, ``{F, M}``, and ``*`` for what says nothing."""

from __future__ import annotations

import numpy as np

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


def cell_in_words(cells: PublishedCells, column: Column, row: int) -> str:
    """Return what one cell says.

    Parameters
    ----------
    cells : PublishedCells
        Of a column.
    column : Column
        Describes it.
    row : int
        From 0.

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
    order = np.argsort(-shares, kind="stable")[:_N_SHARES]
    return ", ".join(
        f"{value_in_words(column, place)} {percent(shares[place])}"
        for place in order
        if shares[place] > 0
    )


def value_in_words(column: Column, coordinate: float) -> str:
    """Return a value by its coordinate: a listed one by its name."""
    return str(column.values[round(coordinate)]) if column.is_listed else f"{coordinate:.10g}"


def _range(column: Column, low: float, high: float) -> str:
    ends = (0.0, len(column.values) - 1.0) if column.is_listed else None
    if ends is None:
        ends = (column.bounds.low, column.bounds.high)
    if low == high:
        return value_in_words(column, low)
    if low <= ends[0] and high >= ends[1]:
        return SUPPRESSED
    return f"[{value_in_words(column, low)}-{value_in_words(column, high)}]"


def _set(column: Column, places: list[int]) -> str:
    if len(places) == len(column.values) > 1:
        return SUPPRESSED
    words = ", ".join(value_in_words(column, place) for place in places)
    return words if len(places) == 1 else f"{{{words}}}"
