"""Input that is allowed and unkind: nothing varies, everything does, or there is more than asked.

Each is made from a valid payload and keeps the declared schema, so a plugin must score it or refuse
it by a rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from anomed_core.model import (
    ArraySchema,
    ArraysSchema,
    ColumnSchema,
    FormSchema,
    JSONSchema,
    TableSchema,
)
from anomed_core.testing.payloads import constants

NAN = "NaN everywhere"
_UNKNOWN = "unexpected"


@attrs.frozen(kw_only=True)
class Variant:
    """A payload that is made from a valid one.

    Attributes
    ----------
    label
        What it tries.
    payload
        Decoded.
    knows_nothing
        Whether nothing of the valid payload is left in it.
    """

    label: str
    payload: Any = attrs.field(repr=False)
    knows_nothing: bool = True


def legal_variants(payload: Any, schema: Any) -> Iterator[Variant]:
    """Yield payloads of the same form as one that is valid, all of them allowed by the schema.

    Parameters
    ----------
    payload
        A valid, decoded payload.
    schema
        What it was decoded by.
    """
    if isinstance(schema, FormSchema):
        for part in schema.parts:
            if part.name in payload:
                for variant in legal_variants(payload[part.name], part.schema):
                    yield Variant(
                        label=f"{variant.label} in {part.name}",
                        payload={**payload, part.name: variant.payload},
                        knows_nothing=variant.knows_nothing and len(payload) == 1,
                    )
        return
    is_kept = isinstance(schema, JSONSchema) and not _holds_numbers_alone(payload)
    for label, constant in constants(payload, schema):
        yield Variant(label=label, payload=constant, knows_nothing=not is_kept)
    if isinstance(schema, ArraysSchema):
        yield from _arrays(payload, {array.name: array for array in schema.arrays})
    elif isinstance(schema, TableSchema):
        yield from _tables(payload, {column.name: column for column in schema.columns})
    elif isinstance(payload, (dict, list)) and payload:
        yield Variant(
            label=f"a key {_UNKNOWN!r} in every object",
            payload=_with_key(payload),
            knows_nothing=False,
        )


def _arrays(
    payload: Mapping[str, np.ndarray], declared: Mapping[str, ArraySchema]
) -> Iterator[Variant]:
    rng = np.random.default_rng(0)
    numbers = {name: array for name, array in payload.items() if array.dtype.kind in "iuf"}
    if numbers:
        ends = {name: _ends(array, declared[name]) for name, array in numbers.items()}
        in_turn = {n: _in_turn(a, *ends[n]) for n, a in numbers.items()}
        uniform = {n: _uniform(a, *ends[n], rng) for n, a in numbers.items()}
        is_all = len(numbers) == len(payload)
        for label, made in (("lowest and highest in turn", in_turn), ("uniform noise", uniform)):
            yield Variant(label=label, payload={**payload, **made}, knows_nothing=is_all)
    missing = {
        name: np.full(array.shape, np.nan)
        for name, array in payload.items()
        if not declared[name].finite and "float" in declared[name].kinds
    }
    if missing:
        others = {
            name: np.full_like(array, array.flat[0] if array.dtype.kind in "US" else array.min())
            for name, array in payload.items()
            if array.size
        }
        yield Variant(label=NAN, payload={**payload, **others, **missing})
    if any(array.ndim > 1 and array.size for array in payload.values()):
        yield Variant(
            label="the first row in every row",
            payload={
                n: np.array(np.broadcast_to(a[:1] if a.ndim else a, a.shape))
                for n, a in payload.items()
            },
        )
        yield Variant(
            label="the first value of each row in the whole row",
            payload={name: _widened(array) for name, array in payload.items()},
            knows_nothing=False,
        )


def _ends(array: np.ndarray, schema: ArraySchema) -> tuple[float, float]:
    low = schema.low if schema.low is not None else float(array.min()) if array.size else 0.0
    high = schema.high if schema.high is not None else float(array.max()) if array.size else 1.0
    return low, high


def _in_turn(array: np.ndarray, low: float, high: float) -> np.ndarray:
    turns = np.arange(array.size).reshape(array.shape) % 2
    return _cast(np.where(turns, high, low), array)


def _uniform(array: np.ndarray, low: float, high: float, rng: np.random.Generator) -> np.ndarray:
    halves = low / 2 + rng.random(array.shape) * (high / 2 - low / 2)  # a range may exceed floats
    return _cast(np.clip(2 * halves, low, high), array)


def _cast(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    if like.dtype.kind in "iu":
        limits = np.iinfo(like.dtype)
        highest = float(limits.max)
        if int(highest) > limits.max:  # no float is the largest of 64 bits
            highest = float(np.nextafter(highest, 0))
        values = np.clip(np.round(values), float(limits.min), highest)
    return values.astype(like.dtype)


def _widened(array: np.ndarray) -> np.ndarray:
    if array.ndim < 2 or not array.size:
        return array
    first = array.reshape(len(array), -1)[:, :1]
    return np.array(np.broadcast_to(first, (len(array), array[0].size))).reshape(array.shape)


def _tables(table: Any, declared: Mapping[str, ColumnSchema]) -> Iterator[Variant]:
    import pyarrow as pa

    yield Variant(
        label=f"a column {_UNKNOWN!r}",
        payload=table.append_column(_UNKNOWN, pa.array([1] * table.num_rows)),
        knows_nothing=False,
    )
    turned = table
    fitting = (
        *(pa.types.is_integer, pa.types.is_floating),
        *(pa.types.is_date, pa.types.is_timestamp),
    )
    for position, name in enumerate(table.column_names):
        column = declared.get(name)
        if column is None or column.low is None or column.high is None or column.categories:
            continue
        ends = np.array([column.low, column.high], "datetime64[s]" if column.is_time else None)
        values = ends[np.arange(table.num_rows) % 2]
        kind = table.column(name).type
        if any(is_it(kind) for is_it in fitting):
            turned = turned.set_column(position, name, pa.array(values).cast(kind, safe=False))
    if turned is not table:
        label = "lowest and highest in turn"
        yield Variant(label=label, payload=turned, knows_nothing=False)


def _holds_numbers_alone(value: Any) -> bool:
    """Whether nothing is left of a document without its numbers: no text, no yes or no."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return all(map(_holds_numbers_alone, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _with_key(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{name: _with_key(part) for name, part in value.items()}, _UNKNOWN: 1}
    return [_with_key(part) for part in value] if isinstance(value, list) else value
