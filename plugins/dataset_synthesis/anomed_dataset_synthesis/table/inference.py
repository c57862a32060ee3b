"""Deriving a codebook from a public table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomed_dataset_synthesis.table.codebook import (
    CategoryColumn,
    Codebook,
    Column,
    NumericColumn,
    NumericKind,
)
from anomed_dataset_synthesis.table.grid import Number, exact

_INFERRED_LEVELS = 10_000
_MAX_DECIMALS = 6
_MAX_LEVELS = 2**31 - 1
_FIRST_DAY = pd.Timestamp("1970-01-01")


def infer_codebook(
    table: pd.DataFrame, *, steps: Mapping[str, float] | None = None, nullable: bool = False
) -> Codebook:
    """Derive a codebook from a public table.

    Bounds, categories and grid come from the table's values, so the table must be public: bounds
    taken from secret records would publish their extremes.

    Parameters
    ----------
    table
        Columns of numbers, dates, booleans or strings. Booleans become the categories "false"
        and "true".
    steps
        The grid's width by column. Without an entry it is 1 for integers and dates, and for
        reals the smallest power of ten that leaves at most 10,000 levels, or, where values of at
        most six decimals lie between these, the power of ten of their decimals. Coarser is
        safer: near-unique values single people out by themselves. Whole numbers beside missing
        ones are integers, even where they come as floats.
    nullable
        Whether columns without missing values may hold them all the same.

    Returns
    -------
    Codebook
        One column per column of the table, in its order.

    Raises
    ------
    ValueError
        If a column has no value at all, an infinite one, integers beyond 2**63 - 1 (or, as
        floats, from 2**53 on), or values of an unsupported type, or if `steps` names a column
        that is not numeric.

    Examples
    --------
    >>> book = infer_codebook(pd.DataFrame({"age": [31, 47], "sex": ["male", "female"]}))
    >>> book.column("age").maximum, book.column("sex").categories
    (47.0, ('female', 'male'))
    """
    given = dict(steps or {})
    columns = [
        _infer_column(str(name), table[name], step=given.pop(str(name), None), nullable=nullable)
        for name in table.columns
    ]
    if given:
        raise ValueError(
            f"steps were given for {sorted(given)}, which the table lacks; "
            f"it has {list(map(str, table.columns))}"
        )
    return Codebook(tuple(columns))


def _infer_column(name: str, series: pd.Series, *, step: float | None, nullable: bool) -> Column:
    present = series.dropna()
    if present.empty:
        raise ValueError(f"column {name!r} has no value to infer a codebook from; drop the column")
    nullable = nullable or len(present) < len(series)
    if pd.api.types.is_datetime64_any_dtype(present):
        days = (present - _FIRST_DAY) // pd.Timedelta(days=1)
        low, high = int(days.min()), int(days.max())
        return _column(name, low, high, kind="date", step=step or 1, nullable=nullable)
    if present.dtype == object and pd.api.types.infer_dtype(present) == "integer":
        # pandas keeps whole numbers as objects where none of its types holds them all.
        whole = (int(min(present)), int(max(present)))
        return _column(name, *whole, kind="integer", step=step or 1, nullable=nullable)
    if pd.api.types.is_numeric_dtype(present) and not pd.api.types.is_bool_dtype(present):
        kind: NumericKind = "integer" if _is_integer(series, present, name) else "real"
        if kind == "integer":
            whole = (int(present.min()), int(present.max()))
            return _column(name, *whole, kind=kind, step=step or 1, nullable=nullable)
        values = present.to_numpy(float)
        if not np.isfinite(values).all():
            raise ValueError(
                f"column {name!r} holds an infinite value; replace it by a missing one"
            )
        width = step or _step_of_reals(values)
        ends = (float(values.min()), float(values.max()))
        return _column(name, *ends, kind=kind, step=width, nullable=nullable)
    if step is not None:
        raise ValueError(f"a step was given for column {name!r}, which holds categories; drop it")
    if pd.api.types.is_bool_dtype(present):
        return CategoryColumn(name=name, categories=("false", "true"), nullable=nullable)
    categories = sorted(set(present))
    if not all(isinstance(category, str) for category in categories):
        raise ValueError(
            f"column {name!r} holds values of type {type(categories[0]).__name__}; "
            "give numbers, dates, booleans or strings"
        )
    return CategoryColumn(name=name, categories=tuple(categories), nullable=nullable)


def _is_integer(series: pd.Series[Any], present: pd.Series[Any], name: str) -> bool:
    if pd.api.types.is_integer_dtype(present):
        return True
    # pandas makes floats of whole numbers only where one is missing.
    values = present.to_numpy(float)
    if len(present) == len(series) or not (np.isfinite(values) & (values == np.rint(values))).all():
        return False
    if np.abs(values).max() >= 2**53:
        raise ValueError(
            f"column {name!r} holds whole numbers up to {np.abs(values).max():.0f} as floats, "
            f"which keep them up to {2**53 - 1} only; give integers, or text where they are ids"
        )
    return True


def _step_of_reals(values: npt.NDArray[np.float64]) -> Fraction:
    width = float(values.max() - values.min()) or 1.0
    places = int(np.ceil(np.log10(width / _INFERRED_LEVELS)))
    coarse = Fraction(10) ** places
    if _is_rounded(values, -places):
        return coarse
    for decimals in range(max(0, 1 - places), _MAX_DECIMALS + 1):
        if width * 10**decimals >= _MAX_LEVELS:
            break
        if _is_rounded(values, decimals):
            return Fraction(1, 10**decimals)
    return coarse


def _is_rounded(values: npt.NDArray[np.float64], decimals: int) -> bool:
    scale = 10.0 ** abs(decimals)
    multiples = np.rint(values * scale if decimals >= 0 else values / scale)
    rounded = multiples / scale if decimals >= 0 else multiples * scale
    return bool(np.allclose(values, rounded, rtol=1e-14, atol=0))


def _column(
    name: str,
    low: float,
    high: float,
    *,
    kind: NumericKind,
    step: Number | Fraction,
    nullable: bool,
) -> NumericColumn:
    width = step if isinstance(step, Fraction) else exact(step)
    residue = Fraction(1, 10**9) if kind == "real" else 0
    numbers: dict[str, Number] = {
        "minimum": _plain(math.floor(exact(low) / width + residue) * width),
        "maximum": _plain(math.ceil(exact(high) / width - residue) * width),
        "step": _plain(width),
    }
    return NumericColumn(name=name, kind=kind, nullable=nullable, **numbers)


def _plain(number: Fraction) -> Number:
    return number.numerator if number.denominator == 1 else float(number)
