"""Fit a table to its metadata, row by row: what metadata promise must hold of every cell.

Each row is changed by a rule that knows no other row, so that two tables which differ in one person
still differ in that person alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pandas as pd

from anomed_dp_query.metadata.model import Column, Kind, MetadataError, TableMetadata

_EXACT_SUMS = 2**53

DTYPES = {
    Kind.STRING: "string",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "Int64",
    Kind.FLOAT: "float64",
    Kind.DATETIME: "datetime64[ns]",
}
"""Types of pandas for the kinds of columns."""


@attrs.frozen(kw_only=True)
class Fitted:
    """A table that its metadata are true of.

    Attributes
    ----------
    frame
        The metadata's columns in their order, with types as `DTYPES` has them; integers that are
        never missing are int64, booleans bool.
    changed
        Number of cells of each column that were changed; for the owner alone.
    """

    frame: pd.DataFrame = attrs.field(repr=False)
    changed: dict[str, int]


def fit(frame: pd.DataFrame, metadata: TableMetadata) -> Fitted:
    """Return a table of which metadata are true.

    Numbers and times beyond their bounds are clamped. A value that is no public key of a column
    whose keys are all there are is missing then. A cell that is missing and may not be becomes the
    lower bound, or the first key.

    Parameters
    ----------
    frame
        The table; further columns are left out.
    metadata
        What it must be like.

    Raises
    ------
    MetadataError
        If the table lacks a column, a column is of another kind, a number has no bounds, or sums
        could be inexact.
    """
    columns, changed = {}, {}
    for column in metadata.columns:
        if column.name not in frame.columns:
            there = ", ".join(map(str, frame.columns))
            raise MetadataError(
                f"the table has no column {column.name!r}, which the metadata list; it has {there}"
            )
        columns[column.name], changed[column.name] = _fitted(frame[column.name], column)
    return Fitted(
        frame=pd.DataFrame(columns, index=pd.RangeIndex(len(frame))),
        changed={name: number for name, number in changed.items() if number},
    )


def _fitted(cells: pd.Series[Any], column: Column) -> tuple[pd.Series[Any], int]:
    _require_bounds(column, len(cells))
    try:
        typed = _typed(cells.reset_index(drop=True), column)
    except (TypeError, ValueError, OverflowError) as error:
        # What the library says would quote a cell.
        raise MetadataError(
            f"column {column.name!r} is no {column.kind} in the table; correct its metadata, or "
            "the table"
        ) from error
    clamped = _clamped(typed, column)
    filled = _filled(clamped, column)
    n_changed = int((~_same(typed, filled)).sum())
    return _narrow(filled, column), n_changed


def _require_bounds(column: Column, n_rows: int) -> None:
    if not column.kind.is_number or column.private_id:
        return
    if not column.has_bounds and column.categories is None:
        raise MetadataError(
            f"column {column.name!r} has numbers without bounds, and no noise hides a number "
            "without bounds; give lower and upper"
        )
    if not column.has_bounds or column.kind is Kind.FLOAT:
        return
    largest = max(abs(column.lower), abs(column.upper))
    if largest * max(n_rows, 1) >= _EXACT_SUMS:
        raise MetadataError(
            f"column {column.name!r} has bounds up to {largest}, whose sums over the table are not "
            "exact any more; narrow them"
        )


def _typed(cells: pd.Series[Any], column: Column) -> pd.Series[Any]:
    if column.kind is Kind.DATETIME:
        return pd.to_datetime(cells).dt.tz_localize(None).astype("datetime64[ns]")
    if column.kind is Kind.INTEGER:
        numbers = pd.to_numeric(cells).astype("Float64")
        if not bool((numbers.dropna() % 1 == 0).all()):
            raise ValueError("not whole")
        return numbers.astype("Int64")
    if column.kind is Kind.FLOAT:
        return pd.to_numeric(cells).astype("float64").replace([np.inf, -np.inf], np.nan)
    if column.kind is Kind.BOOLEAN:
        return cells.astype("boolean")
    return cells.astype("string")


def _clamped(cells: pd.Series[Any], column: Column) -> pd.Series[Any]:
    if column.has_bounds:
        return cells.clip(column.lower, column.upper)
    if column.categories is not None and column.exhaustive:
        return cells.where(cells.isin(list(column.categories)))
    return cells


def _filled(cells: pd.Series[Any], column: Column) -> pd.Series[Any]:
    if column.nullable or not bool(cells.isna().any()):
        return cells
    return cells.fillna(_fallback(column))


def _fallback(column: Column) -> Any:
    if column.has_bounds:
        return column.lower
    if column.categories is not None:
        return column.categories[0]
    if column.kind is Kind.BOOLEAN:
        return False
    if column.kind is Kind.STRING:
        return ""
    raise MetadataError(
        f"column {column.name!r} lacks values in the table, and its metadata say that none lacks; "
        "set nullable, or give bounds"
    )


def _same(before: pd.Series[Any], after: pd.Series[Any]) -> pd.Series[Any]:
    both_missing = before.isna() & after.isna()
    return both_missing | (before == after).fillna(value=False).astype(bool)


_NARROW: dict[Kind, Callable[[pd.Series[Any]], pd.Series[Any]]] = {
    Kind.INTEGER: lambda cells: cells.astype("int64"),
    Kind.BOOLEAN: lambda cells: cells.astype(bool),
}


def _narrow(cells: pd.Series[Any], column: Column) -> pd.Series[Any]:
    narrow = _NARROW.get(column.kind)
    return cells if narrow is None or column.nullable else narrow(cells)
