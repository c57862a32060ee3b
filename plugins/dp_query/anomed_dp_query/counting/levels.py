"""The cells of a table of counts: all that can be, whoever is there."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from anomed_dp_query.counting.conditions import Condition, ConditionError, fulfilled
from anomed_dp_query.metadata.model import Column, Kind, TableMetadata, Value

if TYPE_CHECKING:
    import pandas as pd

_MOST_LEVELS = 1_000


def levels_of(column: Column) -> tuple[Value, ...]:
    """Return all values that a column may have, in the order in which they are told.

    Raises
    ------
    ConditionError
        If they are not public, or too many.
    """
    if column.categories is not None and column.exhaustive:
        return column.categories
    if column.kind is Kind.BOOLEAN:
        return (False, True)
    if column.kind is Kind.INTEGER and column.has_bounds:
        if column.upper - column.lower >= _MOST_LEVELS:
            raise ConditionError(
                f"by names {column.name!r}, which has more than {_MOST_LEVELS:,} values; ask for "
                "ranges of it with where"
            )
        return tuple(range(column.lower, column.upper + 1))
    raise ConditionError(
        f"by names {column.name!r}, whose values are not all public; name columns with exhaustive "
        "categories, or whole numbers with bounds"
    )


def most_cells(table: TableMetadata, by: Sequence[str]) -> int:
    """Return how many cells the columns have together; 1 for none."""
    return prod(len(levels_of(table.column(name))) for name in by)


def cells_of(
    frame: pd.DataFrame,
    table: TableMetadata,
    *,
    by: Sequence[str],
    where: Sequence[Condition],
) -> npt.NDArray[np.int64]:
    """Return the cell that each row is counted in; -1 for none.

    Returns
    -------
    int64 array of shape (n_rows,)
        From 0, the last column of `by` counting fastest.
    """
    cells = np.zeros(len(frame), dtype=np.int64)
    is_counted = fulfilled(where, frame)
    for name in by:
        levels = levels_of(table.column(name))
        places = {level: place for place, level in enumerate(levels)}
        codes = frame[name].map(places).fillna(-1).to_numpy(dtype=np.int64)
        is_counted &= codes >= 0
        cells = cells * len(levels) + codes
    return np.where(is_counted, cells, -1)
