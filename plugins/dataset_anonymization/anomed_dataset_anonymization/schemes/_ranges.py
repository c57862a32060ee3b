"""Read ranges in any of the forms that tools give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types as kinds

from anomed_core.tables import read_times
from anomed_dataset_anonymization.schema import Bounds, Column, Coordinates, read_cells, write_cells
from anomed_dataset_anonymization.schemes.published import Points, PublishedCells, Ranges

_SLACK = 1e-6
"""Share of a step by which an end may miss a value of the domain and still mean it."""


def read_ends(low: pd.Series[Any], high: pd.Series[Any], *, column: Column) -> PublishedCells:
    """Read ranges from the columns of their two ends.

    Parameters
    ----------
    low, high : Series
        The smallest and the largest value meant; both null for a suppressed cell.
    column : Column
        A cardinal or ordinal column.

    Returns
    -------
    Ranges or Points
        Points, when each range is a single value or the whole domain.

    Raises
    ------
    ValueError
        If an end is outside the domain, alone, or the two are in the wrong order.
    """
    lows, highs = read_cells(low, column), read_cells(high, column)
    alone = np.isnan(lows) != np.isnan(highs)
    if alone.any():
        raise ValueError(
            f"row {int(np.argmax(alone))} has only one end of a range of column {column.name!r}; "
            "give both, or neither for a suppressed cell."
        )
    bounds = column.bounds
    lows = np.where(np.isnan(lows), bounds.low, lows)
    highs = np.where(np.isnan(highs), bounds.high, highs)
    if (lows > highs).any():
        raise ValueError(
            f"row {int(np.argmax(lows > highs))} has a range of column {column.name!r} whose "
            "lower end is above its upper end."
        )
    single = lows == highs
    if (single | ((lows == bounds.low) & (highs == bounds.high))).all():
        return Points(values=np.where(single, lows, np.nan))
    return Ranges(low=lows, high=highs)


def holds_ranges(series: pd.Series[Any]) -> bool:
    """Return whether the cells are ranges in one column: pairs, structs or pandas intervals."""
    if _interval_dtype(series) is not None:
        return True
    if not kinds.is_object_dtype(series.dtype):
        return False
    present = series.dropna()
    return len(present) > 0 and isinstance(present.iloc[0], list | tuple | dict | np.ndarray)


def read_ranges(series: pd.Series[Any], column: Column) -> PublishedCells:
    """Read ranges that come in one column.

    Parameters
    ----------
    series : Series
        Pairs ``[min, max]``, structs ``{min, max}`` or pandas intervals; null for a suppressed
        cell. Ends of intervals are moved inwards to the first value of the domain that they hold.
    column : Column
        A cardinal or ordinal column.

    Returns
    -------
    Ranges or Points
        As of `read_ends`.

    Raises
    ------
    ValueError
        If a cell is no range, or as for `read_ends`.
    """
    dtype = _interval_dtype(series)
    if dtype is not None:
        return _read_intervals(series.astype(dtype), column)
    pairs = [_pair(cell, column) for cell in series]
    low, high = (
        pd.Series([pair[end] for pair in pairs], dtype=object, name=series.name) for end in (0, 1)
    )
    return read_ends(low.infer_objects(), high.infer_objects(), column=column)


def _interval_dtype(series: pd.Series[Any]) -> pd.IntervalDtype | None:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    return dtype if isinstance(dtype, pd.IntervalDtype) else None


def _pair(cell: Any, column: Column) -> tuple[Any, Any]:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return (None, None)
    if isinstance(cell, dict) and set(cell) == {"min", "max"}:
        return (cell["min"], cell["max"])
    if isinstance(cell, list | tuple | np.ndarray) and len(cell) == 2:
        return (cell[0], cell[1])
    raise ValueError(
        f"column {column.name!r} mixes ranges with the cell {str(cell)[:40]!r}; "
        "each cell must be a pair [min, max] or a struct {min, max}."
    )


def _read_intervals(series: pd.Series[Any], column: Column) -> PublishedCells:
    if column.is_listed:
        raise ValueError(
            f"column {column.name!r} lists its values; give its ranges as {column.name}_min and "
            f"{column.name}_max, not as intervals."
        )
    intervals = pd.arrays.IntervalArray(series)
    low, high = (
        _numbers(pd.Series(end, name=series.name), column)
        for end in (intervals.left, intervals.right)
    )
    bounds = column.bounds
    low = _first_step(low, bounds, included=intervals.closed_left)
    high = -_first_step(-high, bounds, included=intervals.closed_right, mirrored=True)
    ends = (
        write_cells(end, column) if column.is_time else pd.Series(end, name=series.name)
        for end in (low, high)
    )
    return read_ends(*ends, column=column)


def _numbers(ends: pd.Series[Any], column: Column) -> Coordinates:
    if column.is_time:
        return read_times(ends, column.dtype)
    numbers: Coordinates = ends.to_numpy(dtype=np.float64)
    return numbers


def _first_step(
    ends: Coordinates, bounds: Bounds, *, included: bool, mirrored: bool = False
) -> Coordinates:
    """Return the smallest value of the domain that is in an interval with the given lower ends."""
    origin = -bounds.low if mirrored else bounds.low
    position = (ends - origin) / bounds.step
    first = np.ceil(position - _SLACK) if included else np.floor(position + _SLACK) + 1
    return origin + first * bounds.step
