"""Columns of frames in the plainest types that hold them, whatever types they came in."""

from __future__ import annotations

import datetime as dt
import numbers
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from anomed_core.errors import UsageError

_EXACT_FLOATS = 2**53
_LARGEST_INTEGER = 2**64
_ALLOWED = "give text, numbers, booleans or dates, or leave it out"
_WITH_GAPS = {"bool": "boolean", "int64": "Int64", "uint64": "UInt64"}
_INFINITE = "holds infinite numbers; replace them, or leave them empty"


def plain_column(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column in the plainest type that holds its cells exactly.

    Parameters
    ----------
    column
        Cells of any type that pandas has, categories and objects of Python among them.

    Returns
    -------
    Series
        Whole numbers, also those that came as floats, of numpy's int64 or uint64, of pandas' where
        some are missing, or as objects where they have more than 64 bits; float64, or objects of
        `decimal.Decimal`; bool or boolean; datetime64, in UTC where there is a zone, and the first
        moment of a period; or text, also where no cell has a value. Index and name stay.

    Raises
    ------
    UsageError
        If the cells are of several types, or of another one, such as lists; if a number is
        infinite; or if whole numbers are floats that may have been rounded.

    Examples
    --------
    >>> plain_column(pd.Series([3.0, None, 4.0], name="children")).dtype
    Int64Dtype()
    """
    kind: Any = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        is_text = isinstance(kind.categories.dtype, pd.StringDtype)
        column = column.astype(kind.categories.dtype if is_text else object)
    elif isinstance(kind, pd.SparseDtype):
        column = column.sparse.to_dense()
    elif isinstance(kind, pd.ArrowDtype):
        column = column.astype(object)
    if column.isna().all():
        return pd.Series(None, index=column.index, name=column.name, dtype="str")
    return _of_objects(column) if types.is_object_dtype(column.dtype) else _of_type(column)


def _of_type(column: pd.Series[Any]) -> pd.Series[Any]:
    kind: Any = column.dtype
    if types.is_float_dtype(kind):
        return _floats(column)
    if isinstance(kind, pd.StringDtype):
        return column.astype("str")
    if not (types.is_bool_dtype(kind) or types.is_integer_dtype(kind)):
        return _times(column)
    is_signed = not types.is_unsigned_integer_dtype(kind)
    plain = "bool" if types.is_bool_dtype(kind) else "int64" if is_signed else "uint64"
    return column.astype(_WITH_GAPS[plain] if column.hasnans else plain)


def _times(column: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC")
    if not types.is_datetime64_any_dtype(column.dtype):
        raise _refusal(column, f"holds values of type {column.dtype}; {_ALLOWED}")
    years = column.dt.year
    if years.min() < dt.MINYEAR or years.max() > dt.MAXYEAR:
        raise _refusal(
            column, f"holds dates of the year {int(years.max()):d}; give years from 1 to 9999"
        )
    return column


def _refusal(column: pd.Series[Any], why: str) -> UsageError:
    return UsageError(f"column {str(column.name)!r} {why}")


def _floats(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return floats as they are written, or as integers where all are whole."""
    values = column.to_numpy(dtype=str(column.dtype).lower(), na_value=np.nan)
    if values.dtype.itemsize < 8:  # 0.1 of 32 bits is 0.1, not 0.10000000149011612
        distinct, places = np.unique(values, return_inverse=True)
        values = distinct.astype(str).astype(np.float64)[places]
    values = values + 0.0  # -0.0 is 0
    present = values[~np.isnan(values)]
    largest = np.abs(present).max()
    if np.isinf(largest):
        raise _refusal(column, _INFINITE)
    floats = pd.Series(values, column.index, name=column.name)
    if largest >= _LARGEST_INTEGER or (present != np.rint(present)).any():
        return floats
    if largest >= _EXACT_FLOATS:
        raise _refusal(
            column,
            f"holds whole numbers up to {largest:.0f} as floats, which keep them up to "
            f"{_EXACT_FLOATS - 1} only; give integers, or text where they are ids",
        )
    return floats.astype("Int64" if len(present) < len(values) else "int64")


def _of_objects(column: pd.Series[Any]) -> pd.Series[Any]:
    """Give objects of Python the type that all of them have."""
    cells = [None if gap else cell for cell, gap in zip(column, column.isna(), strict=True)]
    found = {type(cell) for cell in cells} - {type(None)}
    families = {_family(kind, column) for kind in found}
    named = " and ".join(sorted({kind.__name__ for kind in found}))
    if families == {"moment"} and len({cell.tzinfo is None for cell in cells if cell}) > 1:
        families, named = {"", "moment"}, "times with and without a zone"
    if len(families - ({"integer"} if "number" in families else set())) > 1:
        raise _refusal(column, f"mixes {named}; give one type, such as text")
    try:
        return _converted(cells, families, column)
    except (ValueError, TypeError, OverflowError) as error:
        if isinstance(error, UsageError):
            raise
        raise _refusal(column, f"holds {named} that can't be read ({error}); {_ALLOWED}") from error


_FAMILIES: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("boolean", (bool, np.bool_)),
    ("integer", (numbers.Integral,)),
    ("number", (float, np.floating, Decimal)),
    ("text", (str,)),
    ("moment", (dt.datetime,)),
    ("day", (dt.date, np.datetime64)),
    ("period", (pd.Period,)),
)
"""What objects of Python are; the first that fits, as a bool is an int, and a datetime a date."""


def _family(kind: type, column: pd.Series[Any]) -> str:
    family = next((name for name, classes in _FAMILIES if issubclass(kind, classes)), None)
    if family is None:
        raise _refusal(column, f"holds values of type {kind.__name__}; {_ALLOWED}")
    return family


def _converted(cells: list[Any], families: set[str], column: pd.Series[Any]) -> pd.Series[Any]:
    def series(kind: Any) -> pd.Series[Any]:
        return pd.Series(cells, column.index, kind, column.name)

    if families <= {"integer", "number"}:
        has_floats = all(cell is None or isinstance(cell, float | np.floating) for cell in cells)
        return _floats(series(np.float64)) if has_floats else _decimals(cells, column)
    if families == {"period"}:
        return _of_type(pd.Series(pd.PeriodIndex(cells), column.index, name=column.name))
    if families & {"moment", "day"}:
        is_aware = any(getattr(cell, "tzinfo", None) is not None for cell in cells)
        return _of_type(pd.to_datetime(series(object), utc=is_aware))
    return _of_type(series("boolean" if families == {"boolean"} else "str"))


def _decimals(cells: list[Any], column: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers that floats may not have: as integers where all are whole."""
    exact = [None if cell is None else _decimal(cell) for cell in cells]
    present = [number for number in exact if number is not None]
    if not all(number.is_finite() for number in present):
        raise _refusal(column, _INFINITE)
    if any(number != number.to_integral_value() for number in present):
        return pd.Series(exact, column.index, object, column.name)
    whole = [None if number is None else int(number) for number in exact]
    low, high = int(min(present)), int(max(present))
    if low >= -(2**63) and high < 2**63:
        return _of_type(pd.Series(whole, column.index, "Int64", column.name))
    if low >= 0 and high < _LARGEST_INTEGER:
        return _of_type(pd.Series(whole, column.index, "UInt64", column.name))
    return pd.Series(whole, column.index, object, column.name)


def _decimal(cell: Any) -> Decimal:
    return cell if isinstance(cell, Decimal) else Decimal(str(cell))
