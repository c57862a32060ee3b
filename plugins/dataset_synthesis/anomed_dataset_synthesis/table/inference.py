"""Deriving a codebook from a public table."""

from collections.abc import Mapping

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

_INFERRED_LEVELS = 10_000
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
        reals the smallest power of ten that leaves at most 10,000 levels. Coarser is safer:
        near-unique values single people out by themselves.
    nullable
        Whether columns without missing values may hold them all the same.

    Returns
    -------
    Codebook
        One column per column of the table, in its order.

    Raises
    ------
    ValueError
        If a column has no value at all, an infinite one, or values of an unsupported type, or if
        `steps` names a column that is not numeric.

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
        days = ((present - _FIRST_DAY) // pd.Timedelta(days=1)).to_numpy(float)
        return _infer_numeric(name, days, kind="date", step=step, nullable=nullable)
    if pd.api.types.is_numeric_dtype(present) and not pd.api.types.is_bool_dtype(present):
        kind: NumericKind = "integer" if pd.api.types.is_integer_dtype(present) else "real"
        values = present.to_numpy(float)
        return _infer_numeric(name, values, kind=kind, step=step, nullable=nullable)
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


def _infer_numeric(
    name: str,
    values: npt.NDArray[np.float64],
    *,
    kind: NumericKind,
    step: float | None,
    nullable: bool,
) -> NumericColumn:
    low, high = values.min(), values.max()
    if not np.isfinite([low, high]).all():
        raise ValueError(f"column {name!r} holds an infinite value; replace it by a missing one")
    if step is None:
        width = float(high - low) or 1.0
        step = 1.0 if kind != "real" else float(10.0 ** np.ceil(np.log10(width / _INFERRED_LEVELS)))
    return NumericColumn(
        name=name,
        kind=kind,
        minimum=np.floor(low / step + 1e-9) * step,
        maximum=np.ceil(high / step - 1e-9) * step,
        step=step,
        nullable=nullable,
    )
