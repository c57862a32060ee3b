"""Compute a plan's steps on all rows of a table: none is skipped, whatever a filter says."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pandas as pd

from anomed_dp_query.libraries.opendp.plans.model import (
    ARITHMETIC,
    Binary,
    ColumnOf,
    Constant,
    Cut,
    Filled,
    Plan,
    Row,
)

_NUMBERS = {"Plus": np.add, "Minus": np.subtract, "Multiply": np.multiply}
_TRUTHS = {
    "Eq": np.equal,
    "NotEq": np.not_equal,
    "Lt": np.less,
    "LtEq": np.less_equal,
    "Gt": np.greater,
    "GtEq": np.greater_equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
    "LogicalAnd": np.logical_and,
    "LogicalOr": np.logical_or,
}


@attrs.frozen(eq=False)
class Cells:
    """One value per row.

    Attributes
    ----------
    values : ndarray, shape (n_rows,)
        float64, bool, datetime64 or objects; anything where missing.
    missing : ndarray of bool, shape (n_rows,)
    """

    values: np.ndarray[Any, Any]
    missing: np.ndarray[Any, Any]


class _Asked(dict[str, Cells]):
    """Columns of a table, each converted when it is first asked for."""

    def __init__(self, frame: pd.DataFrame) -> None:
        super().__init__()
        self._frame = frame

    def __missing__(self, name: str) -> Cells:
        self[name] = _cells(self._frame[name])
        return self[name]


def computed(plan: Plan, frame: pd.DataFrame) -> tuple[dict[str, Cells], np.ndarray[Any, Any]]:
    """Return the columns after all steps, and which rows are kept.

    Parameters
    ----------
    plan
        What to compute.
    frame
        The table.

    Returns
    -------
    columns : dict
        `Cells` by name.
    kept : ndarray of bool, shape (n_rows,)
    """
    columns: dict[str, Cells] = _Asked(frame)
    kept = np.ones(len(frame), dtype=bool)
    with np.errstate(all="ignore"):
        for step in plan.steps:
            if isinstance(step, tuple):
                columns.update({name: evaluated(row, columns, len(frame)) for name, row in step})
            else:
                truth = evaluated(step, columns, len(frame))
                kept &= truth.values.astype(bool) & ~truth.missing
    return columns, kept


def _cells(column: pd.Series[Any]) -> Cells:
    missing = column.isna().to_numpy(dtype=bool)
    if pd.api.types.is_bool_dtype(column.dtype):
        return Cells(column.fillna(False).to_numpy(dtype=bool), missing)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return Cells(column.to_numpy(dtype=np.float64, na_value=np.nan), missing)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return Cells(column.to_numpy(dtype="datetime64[ns]"), missing)
    return Cells(column.astype(object).where(~missing, "").to_numpy(dtype=object), missing)


def evaluated(row: Row, columns: dict[str, Cells], n_rows: int) -> Cells:
    """Return an expression's value in each row; what is no number counts as missing."""
    if isinstance(row, ColumnOf):
        return columns[row.name]
    if isinstance(row, Constant):
        return _constant(row.value, n_rows)
    if isinstance(row, Filled):
        inner = evaluated(row.inner, columns, n_rows)
        values = inner.values.copy()
        values[inner.missing] = row.value
        return Cells(values, np.zeros(n_rows, dtype=bool))
    if isinstance(row, Cut):
        return _cut(row, evaluated(row.inner, columns, n_rows))
    return _binary(row, evaluated(row.left, columns, n_rows), evaluated(row.right, columns, n_rows))


def _constant(value: Any, n_rows: int) -> Cells:
    if value is None:
        return Cells(np.zeros(n_rows), np.ones(n_rows, dtype=bool))
    if isinstance(value, bool):
        values = np.full(n_rows, value)
    elif isinstance(value, str):
        values = np.full(n_rows, value, dtype=object)
    else:
        values = np.full(n_rows, float(value))
    return Cells(values, np.zeros(n_rows, dtype=bool))


def _cut(row: Cut, inner: Cells) -> Cells:
    breaks = np.array(row.breaks)
    places = np.searchsorted(breaks, inner.values, side="right" if row.left_closed else "left")
    places = np.minimum(places, len(row.breaks))
    return Cells(np.array(row.labels, dtype=object)[places], inner.missing)


def _binary(row: Binary, left: Cells, right: Cells) -> Cells:
    missing = left.missing | right.missing
    if row.operator in ARITHMETIC:
        values = _NUMBERS[row.operator](left.values, right.values)
        return Cells(values, missing | np.isnan(values))
    values = _TRUTHS[row.operator](left.values, right.values)
    return Cells(np.asarray(values, dtype=bool), missing)
