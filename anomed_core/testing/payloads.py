"""What can be done with payloads of any form: copy them, digest them, make them constant."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from anomed_core.model import ArraySchema, ArraysSchema, FormSchema

_EXTREMES = (0, 1)


def writable(payload: Any) -> Any:
    """Return a deep copy in which arrays may be written to."""
    if isinstance(payload, Mapping):
        return {name: writable(value) for name, value in payload.items()}
    if isinstance(payload, list):
        return [writable(value) for value in payload]
    if isinstance(payload, np.ndarray):
        return payload.copy()
    return payload.copy() if _is_frame(payload) else payload


def digest(thing: Any) -> str:
    """Return text that changes when anything changes that can be reached from an object.

    Arrays and tables count by content; objects of classes with neither fields nor ``__dict__``
    count by their class.
    """
    state = hashlib.sha256()
    for part in _parts(thing, seen=set()):
        state.update(len(part).to_bytes(8, "little") + part)
    return state.hexdigest()


def _parts(thing: Any, *, seen: set[int]) -> Iterator[bytes]:
    yield type(thing).__qualname__.encode()
    if isinstance(thing, (type(None), bool, int, float, complex, str, bytes)):
        yield repr(thing).encode()
    elif id(thing) not in seen:
        seen.add(id(thing))
        yield from _parts_of_object(thing, seen)


def _parts_of_object(thing: Any, seen: set[int]) -> Iterator[bytes]:
    if isinstance(thing, np.ndarray):
        yield f"{thing.dtype} {thing.shape}".encode()
        yield repr(thing.tolist()).encode() if thing.dtype.hasobject else thing.tobytes()
    elif _is_frame(thing) or _is_arrow(thing):
        columns = thing.to_dict("list") if _is_frame(thing) else thing.to_pydict()
        yield repr(columns).encode()
    elif isinstance(thing, (set, frozenset)):
        yield repr(sorted(map(repr, thing))).encode()
    else:
        for name, value in _members(thing):
            yield name.encode()
            yield from _parts(value, seen=seen)


def _members(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Mapping):
        yield from ((repr(key), value) for key, value in thing.items())
    elif isinstance(thing, (list, tuple)):
        yield from (("", value) for value in thing)
    elif attrs.has(type(thing)):
        names = [field.name for field in attrs.fields(type(thing))]
        yield from ((name, getattr(thing, name, None)) for name in names)
    elif hasattr(thing, "__dict__") and not isinstance(thing, type):
        yield from vars(thing).items()


def first_difference(before: Any, after: Any, path: str = "payload") -> str:
    """Return where two payloads of one form differ; empty if they do not."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in before:
            if name not in after:
                return f"{path}[{name!r}]"
            found = first_difference(before[name], after[name], f"{path}[{name!r}]")
            if found:
                return found
        return "" if len(before) == len(after) else path
    return "" if digest(before) == digest(after) else path


def constants(payload: Any, schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield payloads of the same form as one that is valid, in which nothing varies.

    Parameters
    ----------
    payload
        A valid, decoded payload.
    schema
        What it was decoded by.

    Yields
    ------
    (label, payload) : tuple of str and object
    """
    if isinstance(schema, ArraysSchema):
        declared = {array.name: array for array in schema.arrays}
        for label in ("zeros", "ones", "the first value", "the lowest value", "the highest value"):
            yield label, {name: _filled(a, declared[name], label) for name, a in payload.items()}
    elif isinstance(schema, FormSchema):
        for part in schema.parts:
            if part.name in payload:
                for label, value in constants(payload[part.name], part.schema):
                    yield f"{label} in {part.name}", {**payload, part.name: value}
    elif _is_arrow(payload):
        yield from _constant_tables(payload)
    elif isinstance(payload, (dict, list)):
        for number in _EXTREMES:
            yield f"{number} for every number", _with_numbers(payload, number)


def _filled(array: np.ndarray, schema: ArraySchema, label: str) -> np.ndarray:
    if not array.size:
        return array
    first = array.flat[0]
    if array.dtype.kind in "US":
        return np.full_like(array, first)
    value = {
        "zeros": 0,
        "ones": 1,
        "the first value": first,
        "the lowest value": array.min() if schema.low is None else schema.low,
        "the highest value": array.max() if schema.high is None else schema.high,
    }[label]
    if array.dtype.kind in "iu":
        limits = np.iinfo(array.dtype)
        value = int(min(max(value, limits.min), limits.max))
    return np.full_like(array, value)


def _constant_tables(table: Any) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa

    if table.num_rows:
        first = pa.array([0] * table.num_rows)
        yield "the first row in every row", table.take(first)
        yield "the last row in every row", table.take(pa.array([-1 % table.num_rows] * len(first)))


def _with_numbers(value: Any, number: int) -> Any:
    if isinstance(value, dict):
        return {name: _with_numbers(item, number) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_numbers(item, number) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number
    return value


def as_plain(payload: Any) -> bytes:
    """Return a payload as JSON, for routes that take no npz and no parquet."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.tolist()
        if _is_arrow(value):
            return value.to_pydict()
        return str(value)

    return json.dumps(payload, default=plain).encode()


def _is_frame(thing: Any) -> bool:
    return type(thing).__module__.startswith("pandas.") and hasattr(thing, "to_dict")


def _is_arrow(thing: Any) -> bool:
    return type(thing).__module__.startswith("pyarrow") and hasattr(thing, "to_pydict")
