"""Data of a product's form that tell nothing about it, for developing blindly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from anomed_client.description import Product
from anomed_client.downloads import Arrays
from anomed_client.errors import MissingExtra, UsageError
from anomed_client.schemas import Array, ArraysSchema, Column, TableSchema

_FREE_LENGTH = 10
_FREE_DAY, _FREE_DAYS = "2000-01-01", 3_652


def dummy_of(product: Product, *, seed: int) -> Any:
    """Draw data from a product's schema.

    Parameters
    ----------
    product
        Of arrays or a table whose columns are declared.
    seed
        Equal seeds give equal data.

    Returns
    -------
    Arrays or DataFrame

    Raises
    ------
    UsageError
        If the schema does not say what there is.
    MissingExtra
        If it is a table, and pandas is not installed.
    """
    rng = np.random.default_rng(seed)
    schema = product.schema
    if isinstance(schema, ArraysSchema) and all(a.shape is not None for a in schema.arrays):
        return Arrays({array.name: _array(array, rng) for array in schema.arrays}, None)
    if isinstance(schema, TableSchema) and schema.columns:
        return _table(schema, schema.columns, rng)
    raise UsageError(
        f"The server does not declare what {product.path} holds, so there is nothing to draw dummy "
        "data from; ask the organiser for some."
    )


def _table(schema: TableSchema, columns: tuple[Column, ...], rng: np.random.Generator) -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtra("Tables need pandas", "tables") from error
    n_rows = max(schema.min_rows, _FREE_LENGTH)
    if schema.max_rows is not None:
        n_rows = min(n_rows, schema.max_rows)
    return pd.DataFrame({column.name: _column(column, n_rows, rng) for column in columns})


def _column(declared: Column, n_rows: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    if declared.categories:
        return rng.choice(np.array(declared.categories, dtype=object), n_rows)
    if declared.kinds[:1] in {("date",), ("date-time",)}:
        return _moments(declared, n_rows, rng)
    return _values(declared, (n_rows,), rng)


def _moments(declared: Column, n_rows: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Draw dates, or date-times of whole seconds, from what is allowed."""
    unit, n_units = ("D", 1) if declared.kinds[0] == "date" else ("s", 86_400)
    low, high = (
        None if end is None else _since_1970(str(end), unit)
        for end in (declared.low, declared.high)
    )
    if low is None:
        low = _since_1970(_FREE_DAY, unit) if high is None else high - _FREE_DAYS * n_units
    last = low + _FREE_DAYS * n_units if high is None else high
    drawn = rng.integers(low, last, n_rows, endpoint=True)
    moments: np.ndarray[Any, Any] = drawn.astype(f"datetime64[{unit}]").astype("datetime64[s]")
    return moments


def _since_1970(text: str, unit: str) -> int:
    return int(np.datetime64(text).astype(f"datetime64[{unit}]").astype(np.int64))


def _array(declared: Array, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    shape = tuple(_FREE_LENGTH if length is None else length for length in declared.shape or ())
    values = _values(declared, shape, rng)
    return values.astype(declared.dtype) if declared.dtype else values


def _values(
    declared: Array | Column, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray[Any, Any]:
    family = (declared.kinds or ("float",))[0]
    low: Any = declared.low
    high: Any = declared.high
    if family == "bool":
        return rng.random(shape) < 0.5
    if family == "int":
        first = math.ceil(low) if low is not None else math.floor(min(0.0, (high or 0.0) - 2))
        last = math.floor(high) if high is not None else first + 2
        return rng.integers(first, last, shape, endpoint=True)
    values: np.ndarray[Any, Any]
    if family == "float":
        if low is not None and high is not None:
            return rng.uniform(low, high, shape)
        values = rng.normal(size=shape)
        if low is not None:
            values = low + np.abs(values)
        elif high is not None:
            values = high - np.abs(values)
        return values
    return rng.choice(np.array(["a", "b", "c"], dtype="U1" if family == "str" else "S1"), shape)
