"""Dummy data: of the form of what is declared, innocuous, for developing blindly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from anomed_core.errors import UsageError
from anomed_core.model import (
    ArraySchema,
    ArraysSchema,
    DataProduct,
    FormSchema,
    JSONSchema,
    Operation,
    TableSchema,
    TextSchema,
)
from anomed_core.model.payloads import ColumnSchema
from anomed_core.service.columns import since_1970, time_unit
from anomed_core.service.hosting import HostedChallenge

_FREE_LENGTH = 10
_FREE_DAY, _FREE_DAYS = "2000-01-01", 3_652
_SPREAD = 2
"""How far whole numbers reach above the lowest one where nothing bounds them: classes, indices."""


def dummy_data(hosted: HostedChallenge, product: DataProduct, seed: int) -> Any:
    """Return data of the same form as a product that tells nothing about it.

    Parameters
    ----------
    hosted
        The challenge.
    product
        One of its products.
    seed
        Equal seeds give equal data.

    Returns
    -------
    mapping of str to ndarray, pandas.DataFrame or JSON value
        From the plugin if it makes its own, otherwise drawn from the declared schema.

    Raises
    ------
    UsageError
        If the plugin makes none and the schema declares neither columns nor arrays.
    """
    ask = hosted.hook("anomed_dummy_data", product.path)
    own = ask(challenge=hosted.challenge, product=product, seed=seed)
    if own is not None:
        return own
    remedy = "its plugin can make some in anomed_dummy_data"
    return dummy_of(product.schema, seed, whose=product.path, remedy=remedy)


def dummy_answer(operation: Operation, seed: int) -> Any:
    """Return an answer of the same form as an operation's, which is not called for it.

    Raises
    ------
    UsageError
        If the schema of its answers says nothing that one could be made of.
    """
    return dummy_of(operation.answer, seed, whose=operation.path, remedy=_EXAMPLES)


def dummy_request(operation: Operation, seed: int) -> Any:
    """Return a payload that fits what an operation takes; ``None`` if it takes none.

    Raises
    ------
    UsageError
        If the schema of its requests says nothing that one could be made of.
    """
    if operation.request is None:
        return None
    return dummy_of(operation.request, seed, whose=operation.path, remedy=_EXAMPLES)


_EXAMPLES = "give its JSON Schema examples"


def dummy_of(schema: Any, seed: int, *, whose: str, remedy: str) -> Any:
    """Return what fits a schema: drawn arrays and tables, one of a document's examples.

    Parameters
    ----------
    schema
        Of a product, a submission, a request or an answer.
    seed
        Equal seeds give equal data.
    whose
        Who declares it, for the message.
    remedy
        What its author can do, for the message.

    Raises
    ------
    UsageError
        If it declares neither columns nor arrays nor examples.
    """
    rng = np.random.default_rng(seed)
    if isinstance(schema, ArraysSchema):
        return {array.name: _array(array, rng) for array in schema.arrays}
    if isinstance(schema, TableSchema) and schema.columns:
        return _table(schema, rng)
    if isinstance(schema, JSONSchema) and schema.schema.get("examples"):
        examples = schema.schema["examples"]
        return examples[seed % len(examples)]
    if isinstance(schema, TextSchema):
        return schema.choices[seed % len(schema.choices)] if schema.choices else "a"
    if isinstance(schema, FormSchema):
        return {
            part.name: dummy_of(part.schema, seed, whose=f"{part.name} of {whose}", remedy=remedy)
            for part in schema.parts
        }
    raise UsageError(
        f"{whose} declares no columns or arrays to make dummy data from, and no examples; {remedy}"
    )


def _table(schema: TableSchema, rng: np.random.Generator) -> Any:
    import pandas as pd

    n_rows = max(schema.min_rows, _FREE_LENGTH)
    if schema.max_rows is not None:
        n_rows = min(n_rows, schema.max_rows)
    return pd.DataFrame({column.name: _column(column, n_rows, rng) for column in schema.columns})


def _array(schema: ArraySchema, rng: np.random.Generator) -> np.ndarray:
    shape = tuple(_FREE_LENGTH if length is None else length for length in schema.shape)
    values = _values(schema, shape, rng, dtype=schema.dtype if schema.kinds[0] == "int" else None)
    return values.astype(schema.dtype) if schema.dtype else values


def _column(schema: ColumnSchema, n_rows: int, rng: np.random.Generator) -> np.ndarray:
    if schema.categories:
        return rng.choice(np.array(schema.categories, dtype=object), n_rows)
    return _moments(schema, n_rows, rng) if schema.is_time else _values(schema, (n_rows,), rng)


def _moments(schema: ColumnSchema, n_rows: int, rng: np.random.Generator) -> np.ndarray:
    """Draw dates, or date-times, from what is allowed, or from ten years beside its bound."""
    unit, bounds = time_unit(schema), (schema.low, schema.high)
    span = _FREE_DAYS if unit == "D" else _FREE_DAYS * 86_400
    low, high = (None if end is None else since_1970(end, schema) for end in bounds)
    if low is None:
        low = since_1970(_FREE_DAY, schema) if high is None else high - span
    step = int(schema.step or 1)
    n_steps = ((low + span if high is None else high) - low) // step
    drawn = low + step * rng.integers(0, n_steps, n_rows, endpoint=True)
    return drawn.astype(f"datetime64[{unit}]").astype("datetime64[s]")


def _values(
    schema: ArraySchema | ColumnSchema,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    dtype: str | None = None,
) -> np.ndarray:
    kind: str = schema.kinds[0]
    low: Any = schema.low
    high: Any = schema.high
    if kind == "bool":
        return rng.random(shape) < 0.5
    if kind == "int":
        return _whole_numbers(low, high, np.dtype(dtype or "int64"), shape, rng)
    if kind == "float":
        if low is not None and high is not None:
            return rng.uniform(low, high, shape)
        values: np.ndarray = rng.normal(size=shape)
        if low is not None:
            values = low + np.abs(values)
        elif high is not None:
            values = high - np.abs(values)
        return values
    return rng.choice(np.array(["a", "b", "c"], dtype="U1" if kind == "str" else "S1"), shape)


def _whole_numbers(
    low: float | None,
    high: float | None,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw whole numbers that can be counted and be indices, wherever the bounds let them."""
    allowed = np.iinfo(dtype)
    last = allowed.max if high is None else min(math.floor(high), allowed.max)
    if low is not None:
        first = max(math.ceil(low), allowed.min)
    else:
        first = 0 if last >= 0 else last - _SPREAD
    if high is None:
        last = min(first + _SPREAD, last)
    return rng.integers(first, last, shape, dtype=dtype.type, endpoint=True)
