"""Guess the description of a column from its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types as kinds

from anomed_dataset_anonymization.schema.column import (
    MAX_EXACT_INTEGER,
    Bounds,
    Column,
    ColumnKind,
)

MAX_INFERRED_VALUES = 1_000
"""Above this many different values a text column is taken for an identifier."""

_FINEST_DECIMAL = 6


def infer_column(series: pd.Series[Any], *, order: Sequence[Any] | None = None) -> Column:
    """Describe a column as its values show it.

    Parameters
    ----------
    series : Series
        Values of one column; nulls are ignored.
    order : sequence, optional
        All values in ascending order, which makes the column ordinal.

    Returns
    -------
    Column
        With role ``other`` and tolerance 0.

    Raises
    ------
    ValueError
        If the column is empty, or is neither numbers, text nor booleans, or looks like an id.
    """
    name = str(series.name)
    present = series.dropna()
    if present.empty:
        raise ValueError(f"column {name!r} holds no value to infer a domain from; drop it.")
    if order is None and isinstance(present.dtype, pd.CategoricalDtype) and present.cat.ordered:
        order = list(present.cat.categories)
    if order is not None:
        return _list_column(name, [_plain(value) for value in order], kind=ColumnKind.ORDINAL)
    if kinds.is_numeric_dtype(present.dtype) and not kinds.is_bool_dtype(present.dtype):
        return _number_column(name, present.to_numpy(dtype=np.float64))
    values = [_plain(value) for value in pd.unique(present.astype(object))]
    if len(values) > MAX_INFERRED_VALUES:
        raise ValueError(
            f"column {name!r} holds {len(values)} different values, which looks like an "
            f"identifier; drop it or recode it to at most {MAX_INFERRED_VALUES} values."
        )
    return _list_column(name, values, kind=ColumnKind.NOMINAL, ordered=False)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _list_column(name: str, values: list[Any], *, kind: ColumnKind, ordered: bool = True) -> Column:
    types = {type(value) for value in values}
    for kind_of_value, dtype in ((bool, "bool"), (int, "int64"), (str, "string")):
        if types == {kind_of_value}:
            domain = values if ordered else sorted(values)
            return Column(name=name, kind=kind, dtype=dtype, domain=domain)  # type: ignore[arg-type]  # the pairs above are the literals
    raise ValueError(
        f"column {name!r} holds values of type {sorted(kind.__name__ for kind in types)}; "
        "convert them to numbers, text or booleans (dates to a number of days)."
    )


def _number_column(name: str, numbers: np.ndarray[Any, np.dtype[np.float64]]) -> Column:
    low, high = float(numbers.min()), float(numbers.max())
    if not np.isfinite([low, high]).all():
        raise ValueError(f"column {name!r} holds infinite numbers; replace or drop them.")
    if max(-low, high) >= MAX_EXACT_INTEGER:
        raise ValueError(
            f"column {name!r} holds numbers from {low:.0f} to {high:.0f}; the largest that stays "
            f"exact is {MAX_EXACT_INTEGER - 1}, so give longer ones as text, or drop them."
        )
    if (numbers == np.rint(numbers)).all():
        bounds = Bounds(low=low, high=max(high, low + 1), step=1)
        return Column(name=name, kind=ColumnKind.CARDINAL, dtype="int64", domain=bounds)
    decimals = next(
        (
            decimals
            for decimals in range(1, _FINEST_DECIMAL)
            if np.allclose(numbers, np.round(numbers, decimals), rtol=0, atol=1e-9)
        ),
        _FINEST_DECIMAL,
    )
    step = 10.0**-decimals
    low = round(np.floor(low / step + 1e-6) * step, decimals)
    high = round(max(np.ceil(high / step - 1e-6) * step, low + step), decimals)
    bounds = Bounds(low=low, high=high, step=step)
    return Column(name=name, kind=ColumnKind.CARDINAL, dtype="float64", domain=bounds)
