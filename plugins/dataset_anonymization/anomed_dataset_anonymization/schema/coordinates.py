"""Turn the cells of a table into numbers and back.

All numerics of this package work on *coordinates*: a number stands for itself, a date for its
distance from 1970 in days, a date-time in seconds, a listed value for its position in the domain,
and null is NaN. Coordinates are float64, exact for every schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types as kinds

from anomed_core.tables import read_times, write_times
from anomed_dataset_anonymization.schema.column import Bounds, Column
from anomed_dataset_anonymization.schema.table import TableSchema

Coordinates = NDArray[np.float64]
"""Cells as numbers; NaN is null."""

_MAX_SHOWN = 40


def encode(table: pd.DataFrame, schema: TableSchema) -> Coordinates:
    """Turn a table of people into coordinates.

    Parameters
    ----------
    table : DataFrame
        Holds at least the columns of the schema; others and the index are ignored.
    schema : TableSchema
        Describes the columns.

    Returns
    -------
    ndarray of float64, shape (n_records, n_columns)
        Columns in schema order; NaN is null.

    Raises
    ------
    ValueError
        If a column is missing or holds a value outside its domain.
    """
    if missing := [name for name in schema.names if name not in table.columns]:
        raise ValueError(f"the table lacks the columns {missing}.")
    coordinates = np.empty((len(table), len(schema)), dtype=np.float64)
    for position, column in enumerate(schema):
        coordinates[:, position] = read_cells(table[column.name], column)
    return coordinates


def read_cells(series: pd.Series[Any], column: Column) -> Coordinates:
    """Turn the cells of one column into coordinates.

    Parameters
    ----------
    series : Series
        Cells under any name; storage widths, string kinds and categories are interchangeable, and
        whole floats may stand for integers.
    column : Column
        What the cells mean.

    Returns
    -------
    ndarray of float64, shape (n_records,)
        Numbers are snapped to the nearest step of the domain; NaN is null.

    Raises
    ------
    ValueError
        If a cell is nested, infinite, of another type, or outside the domain.
    """
    if isinstance(column.domain, Bounds):
        numbers = read_numbers(series, column)
        return snap(numbers, column)
    return _read_listed(series, column)


def read_numbers(series: pd.Series[Any], column: Column, *, whole: bool = True) -> Coordinates:
    """Read the numbers of a column with bounds, without snapping them to its steps.

    Parameters
    ----------
    series : Series
        Cells under any name.
    column : Column
        A column with `Bounds`.
    whole : bool
        Whether an int64 column refuses fractions, and one of dates times of day.

    Returns
    -------
    ndarray of float64, shape (n_records,)
        Within the bounds; NaN is null.

    Raises
    ------
    ValueError
        If a cell is no number, infinite, out of bounds, or a fraction where none is allowed.
    """
    numbers = _as_floats(series, column)
    bounds = column.bounds
    if np.isinf(numbers).any():
        raise ValueError(f"column {series.name!r} holds infinite numbers; use null or the bounds.")
    slack = bounds.step * 1e-6
    with np.errstate(invalid="ignore"):
        outside = (numbers < bounds.low - slack) | (numbers > bounds.high + slack)
        fraction = ~np.isnan(numbers) & (numbers != np.rint(numbers))
    if outside.any():
        raise ValueError(
            f"column {series.name!r} holds {column.in_words(numbers[outside][0])}, outside the "
            f"domain {column.in_words(bounds.low)} to {column.in_words(bounds.high)}."
        )
    if whole and column.dtype in {"int64", "date"} and fraction.any():
        why = "its dates have no time of day" if column.is_time else "its numbers are whole"
        raise ValueError(
            f"column {series.name!r} holds {column.in_words(numbers[fraction][0])}, but {why}."
        )
    return np.clip(numbers, bounds.low, bounds.high)


def snap(numbers: Coordinates, column: Column, *, parts: int = 1) -> Coordinates:
    """Move numbers to the nearest step of the domain, so that they differ visibly or not at all.

    Parameters
    ----------
    numbers : ndarray of float64, shape (n_records,)
        Within the bounds of the column; NaN is null.
    column : Column
        Gives the bounds and the step.
    parts : int
        Into how many parts a step is divided.

    Returns
    -------
    ndarray of float64, shape (n_records,)
        Each at most half a part from its number, within the bounds.
    """
    bounds = column.bounds
    n_parts = np.rint((numbers - bounds.low) / bounds.step * parts)
    snapped = bounds.low + n_parts * bounds.step / parts
    decimals = max(0, 12 - int(np.floor(np.log10(max(abs(bounds.low), abs(bounds.high))))))
    return np.clip(np.round(snapped, decimals), bounds.low, bounds.high) + 0.0


def write_cells(coordinates: Coordinates, column: Column) -> pd.Series[Any]:
    """Turn the coordinates of one column back into cells.

    Parameters
    ----------
    coordinates : ndarray of float64, shape (n_records,)
        As `read_cells` returns them.
    column : Column
        What they mean.

    Returns
    -------
    Series
        Of nullable type Int64, Float64, boolean or string, or datetime64; NaN becomes null.
    """
    if column.is_time:
        return pd.Series(write_times(coordinates, column.dtype), name=column.name)
    null = np.isnan(coordinates)
    if isinstance(column.domain, Bounds):
        numbers = pd.array(coordinates, dtype="Float64")
        whole = column.dtype == "int64"
        return pd.Series(numbers.astype("Int64") if whole else numbers, name=column.name)
    positions = np.where(null, 0, coordinates).astype(np.intp)
    cells = np.asarray(column.domain, dtype=object)[positions]
    cells[null] = None
    storage = {"int64": "Int64", "bool": "boolean", "string": "string"}[column.dtype]
    return pd.Series(pd.array(cells, dtype=storage), name=column.name)


def _as_floats(series: pd.Series[Any], column: Column) -> Coordinates:
    if column.is_time:
        return read_times(series, column.dtype)
    if isinstance(series.dtype, pd.CategoricalDtype) or kinds.is_object_dtype(series.dtype):
        codes, uniques = factorise(series)
        series = pd.Series(uniques.infer_objects(), name=series.name)
        if kinds.infer_dtype(series) == "decimal":
            series = series.astype(np.float64)
    else:
        codes = None
    dtype = series.dtype
    is_number = kinds.is_integer_dtype(dtype) or kinds.is_float_dtype(dtype)
    if len(series) and not is_number:
        raise ValueError(
            f"column {series.name!r} has type {dtype}, but {column.name!r} holds numbers."
        )
    if not len(series):
        series = series.astype(np.float64)
    numbers: Coordinates = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if codes is None:
        return numbers
    return np.where(codes < 0, np.nan, np.append(numbers, np.nan)[codes])


def factorise(series: pd.Series[Any]) -> tuple[NDArray[np.intp], pd.Index[Any]]:
    """Return a number for each distinct cell of a column.

    Parameters
    ----------
    series : Series
        Cells of any hashable type.

    Returns
    -------
    codes : ndarray of intp, shape (n_records,)
        Position of each cell among the distinct ones; -1 is null.
    distinct : Index of object, shape (n_distinct,)
        The distinct cells in order of first appearance.

    Raises
    ------
    ValueError
        If the cells are lists or other nested values.
    """
    try:
        codes, distinct = pd.factorize(series)
    except TypeError as error:
        raise ValueError(
            f"column {series.name!r} holds nested values; use plain numbers, text or booleans."
        ) from error
    return codes, pd.Index(distinct).astype(object)


def _read_listed(series: pd.Series[Any], column: Column) -> Coordinates:
    codes, distinct = factorise(series)
    positions = {value: float(place) for place, value in enumerate(column.values)}
    found = np.array(
        [_position(cell, series.name, column=column, positions=positions) for cell in distinct]
        + [np.nan]
    )
    return found[codes]


def _position(cell: Any, name: Any, *, column: Column, positions: dict[Any, float]) -> float:
    is_bool = isinstance(cell, bool | np.bool_)
    hashable_as_is = isinstance(cell, str | int | float | np.generic)
    if not hashable_as_is or is_bool is not (column.dtype == "bool") or cell not in positions:
        shown = repr(cell)[:_MAX_SHOWN]
        raise ValueError(
            f"column {name!r} holds {shown}, which is not in the domain {_shorten(column.values)}."
        )
    return positions[cell]


def _shorten(values: Sequence[object]) -> str:
    shown = ", ".join(repr(value) for value in values[:5])
    return f"({shown}{', ...' if len(values) > 5 else ''})"
