"""Read and write listed values that are spread over one column a value (multi-hot)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types as kinds

from anomed_dataset_anonymization.schema import Column, TableSchema
from anomed_dataset_anonymization.schemes.published import (
    SHARE_DECIMALS,
    Frequencies,
    Points,
    PublishedCells,
    ValueSets,
)

MAX_SPREAD_CELLS = 2**25
"""People times listed values of the columns that are spread: 256 MiB of frequencies."""

_SUM_TOLERANCE = 0.01


def spread_names(table: pd.DataFrame, column: Column, *, schema: TableSchema) -> Mapping[str, int]:
    """Return the columns of the table that stand for one listed value each.

    Returns
    -------
    mapping of str to int
        Column names of the table, and the positions of their values in the domain.
    """
    return {
        name: generated.part
        for name, generated in schema.generated_names.items()
        if generated.column is column and isinstance(generated.part, int) and name in table.columns
    }


def refuse_too_much(table: pd.DataFrame, schema: TableSchema, *, n_people: int) -> None:
    """Refuse a table whose spread columns would fill the memory once they are written out.

    Parameters
    ----------
    table : DataFrame
        What was submitted.
    schema : TableSchema
        Describes the leaky table.
    n_people : int
        How many people the table stands for.

    Raises
    ------
    ValueError
        If there are more than `MAX_SPREAD_CELLS` sets and frequencies of single values.
    """
    n_values = sum(
        len(column.values) for column in schema if spread_names(table, column, schema=schema)
    )
    if n_people * n_values > MAX_SPREAD_CELLS:
        raise ValueError(
            f"sets or frequencies of {n_values} listed values for {n_people} people make "
            f"{n_people * n_values} cells, and at most {MAX_SPREAD_CELLS} can be scored; publish "
            "single values in some of these columns, or fewer people."
        )


def read_value_sets(
    table: pd.DataFrame, column: Column, *, names: Mapping[str, int]
) -> PublishedCells:
    """Read sets of values from one flag column a value.

    Parameters
    ----------
    table : DataFrame
        What was submitted.
    column : Column
        A nominal column.
    names : mapping of str to int
        As `spread_names` returns it; a value without a column is in no set.

    Returns
    -------
    ValueSets or Points
        Points, when each set is a single value or the whole domain.

    Raises
    ------
    ValueError
        If a flag is neither true nor false, or a set is empty.
    """
    members = np.zeros((len(table), len(column.values)), dtype=np.bool_)
    for name, position in names.items():
        members[:, position] = _read_flags(table[name])
    sizes = members.sum(axis=1)
    if not sizes.all():
        raise ValueError(
            f"row {int(np.argmin(sizes))} has no value of column {column.name!r}: at least one of "
            f"its columns must be true (all of them for a suppressed cell)."
        )
    single = sizes == 1
    if (single | (sizes == len(column.values))).all():
        return Points(values=np.where(single, members.argmax(axis=1), np.nan))
    return ValueSets(members=members)


def read_frequencies(
    table: pd.DataFrame, column: Column, *, names: Mapping[str, int]
) -> PublishedCells:
    """Read the frequencies of listed values in each row's class of people.

    Parameters
    ----------
    table : DataFrame
        What was submitted.
    column : Column
        A nominal column.
    names : mapping of str to int
        As `spread_names` returns it; a value without a column has frequency 0.

    Returns
    -------
    Frequencies or Points
        Points, when one value has all the frequency in each row.

    Raises
    ------
    ValueError
        If a frequency is null or outside [0, 1], or a row does not sum to 1.
    """
    shares = np.zeros((len(table), len(column.values)), dtype=np.float64)
    for name, position in names.items():
        shares[:, position] = _read_shares(table[name])
    totals = shares.sum(axis=1)
    wrong = np.abs(totals - 1) > _SUM_TOLERANCE
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"the frequencies of column {column.name!r} in row {row} sum to {totals[row]:.6g}; "
            "they must sum to 1."
        )
    shares = np.round(shares, SHARE_DECIMALS)
    if (shares.max(axis=1) == 1).all() and (np.count_nonzero(shares, axis=1) == 1).all():
        return Points(values=shares.argmax(axis=1).astype(np.float64))
    return Frequencies(shares=shares)


def _read_flags(series: pd.Series[Any]) -> NDArray[np.float64]:
    flags = _to_floats(series)
    if not np.isin(flags, (0.0, 1.0)).all():
        raise ValueError(f"column {series.name!r} must hold true or false (or 1 or 0) in each row.")
    return flags


def _read_shares(series: pd.Series[Any]) -> NDArray[np.float64]:
    shares = _to_floats(series)
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"column {series.name!r} must hold a frequency from 0 to 1 in each row.")
    return shares


def _to_floats(series: pd.Series[Any]) -> NDArray[np.float64]:
    series = series.infer_objects()
    if not (kinds.is_numeric_dtype(series.dtype) or kinds.is_bool_dtype(series.dtype)):
        raise ValueError(
            f"column {series.name!r} has type {series.dtype}; it must hold true, false or a number."
        )
    if kinds.is_complex_dtype(series.dtype):
        raise ValueError(f"column {series.name!r} holds complex numbers; use plain ones.")
    floats: NDArray[np.float64] = series.to_numpy(dtype=np.float64, na_value=np.nan)
    return floats
