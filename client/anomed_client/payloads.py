"""From what participants hold to the bytes that are sent, checked before anything is sent."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anomed_client.errors import MissingExtra, UsageError
from anomed_client.forms import encode_form
from anomed_client.schemas import (
    Array,
    ArraysSchema,
    DocumentSchema,
    FormSchema,
    Schema,
    TableSchema,
    TextSchema,
)

if TYPE_CHECKING:
    from pandas import DataFrame

_FAMILIES = {"bool": "b", "int": "iu", "float": "f", "str": "U", "bytes": "S"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A body that is ready to be sent.

    Attributes
    ----------
    body
        Its bytes.
    content_type
        ``None`` where clients send none.
    digest
        Of the content; of a form, part by part.
    """

    body: bytes
    content_type: str | None = None
    digest: str


def encode(payload: Any, schema: Schema) -> Encoded:
    """Encode a payload.

    Parameters
    ----------
    payload
        Arrays, a data frame, a JSON value, a text, or a mapping of a form's parts to those. Bytes,
        and the content of a `Path`, are sent as they are.
    schema
        What is expected.

    Raises
    ------
    UsageError
        If it cannot be what is expected: what was expected, and what came.
    MissingExtra
        If encoding needs a library that is not installed.
    """
    if isinstance(schema, FormSchema):
        if isinstance(payload, (bytes, Path)):
            raise UsageError(f"Expected the parts {_names(schema.parts)}, got a file.")
        parts = _parts(payload, schema)
        body, content_type = encode_form(parts)
        hashed = hashlib.sha256()
        for name, content in parts.items():
            hashed.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\0".encode())
        return Encoded(body=body, content_type=content_type, digest=hashed.hexdigest())
    body = content_of(payload, schema)
    is_json = isinstance(schema, DocumentSchema)
    return Encoded(
        body=body,
        content_type="application/json" if is_json else None,
        digest=hashlib.sha256(body).hexdigest(),
    )


def content_of(payload: Any, schema: Schema) -> bytes:
    """Return the bytes of anything but a form; see `encode`."""
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, Path):
        try:
            return payload.read_bytes()
        except OSError as error:
            raise UsageError(f"{payload} cannot be read: {error.strerror}.") from error
    if isinstance(schema, ArraysSchema):
        return _npz(payload, schema)
    if isinstance(schema, TableSchema):
        return _parquet(payload, schema)
    if isinstance(schema, DocumentSchema):
        return _document(payload)
    if isinstance(schema, TextSchema):
        return _text(payload, schema)
    raise UsageError(
        f"This release cannot write the format {schema.format!r}; send bytes, or a file's path."
    )


def _parts(payload: Any, schema: FormSchema) -> dict[str, bytes]:
    if not isinstance(payload, Mapping):
        raise UsageError(
            f"Expected a mapping of the parts {_names(schema.parts)}, got {_told(payload)}."
        )
    declared = {part.name: part for part in schema.parts}
    _refuse_unknown(payload, declared, "part")
    missing = [p.name for p in schema.parts if p.required and p.name not in payload]
    if missing:
        raise UsageError(f"The part {missing[0]!r} is missing; expected {_names(schema.parts)}.")
    return {
        name: content_of(payload[name], part.schema)
        for name, part in declared.items()
        if name in payload
    }


def _npz(payload: Any, schema: ArraysSchema) -> bytes:
    given = dict(payload) if isinstance(payload, Mapping) else None
    if given is None:
        required = [array for array in schema.arrays if array.required]
        if len(required) != 1:
            raise UsageError(
                f"Expected a mapping of the arrays {_names(schema.arrays)}, got {_told(payload)}."
            )
        given = {required[0].name: payload}
    declared = {array.name: array for array in schema.arrays}
    _refuse_unknown(given, declared, "array")
    for array in schema.arrays:
        if array.required and array.name not in given:
            raise UsageError(f"The array {array.name!r} is missing; got {sorted(given)}.")
    arrays = {
        name: checked_array(given[name], declared[name]) for name in declared if name in given
    }
    return npz_of(arrays)


def npz_of(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return arrays as an npz file; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, values in arrays.items():
            with file.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, values, allow_pickle=False)
    return buffer.getvalue()


def checked_array(value: Any, declared: Array) -> np.ndarray[Any, Any]:
    """Return a value as an array that a server may take.

    Raises
    ------
    UsageError
        If it has no numbers, another shape, a dtype that its values do not fit, NaN where none is
        allowed, or values out of range.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise UsageError(f"{declared.name!r} is no array: {error}.") from error
    if array.dtype.kind == "O":
        raise UsageError(
            f"{declared.name!r} has dtype object, which cannot be sent; convert it, for instance "
            "with .astype(float)."
        )
    expected = declared.shape
    if expected is not None and not _fits(array.shape, expected):
        raise UsageError(f"{declared.name!r} has shape {array.shape}; expected {_shape(expected)}.")
    if array.dtype.kind in "biuf" and array.size:
        _check_values(array, declared)
    if declared.kinds == ("bool",) and array.dtype.kind in "biuf":
        return array.astype(bool)  # zeros and ones, as was checked
    return array


def _check_values(array: np.ndarray[Any, Any], declared: Array) -> None:
    if declared.kinds == ("bool",) and array.dtype.kind != "b" and not np.isin(array, (0, 1)).all():
        raise UsageError(
            f"{declared.name!r} has dtype {array.dtype} and values beside 0 and 1; expected bool."
        )
    finite = np.isfinite(array)
    if declared.finite and not finite.all():
        place = int(np.flatnonzero(~finite.ravel())[0])
        raise UsageError(
            f"{declared.name!r} has {array.ravel()[place]} at position {place}; all values must be "
            "finite."
        )
    for bound, beyond, word in (
        (declared.low, np.less, "at least"),
        (declared.high, np.greater, "at most"),
    ):
        if bound is not None and beyond(array[finite], bound).any():
            raise UsageError(
                f"{declared.name!r} has values out of range; {word} {bound} is allowed."
            )


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(
        want is None or want == have for want, have in zip(expected, shape, strict=True)
    )


def _shape(expected: tuple[int | None, ...]) -> str:
    inside = ", ".join("any" if length is None else str(length) for length in expected)
    return f"({inside},)" if len(expected) == 1 else f"({inside})"


def _parquet(payload: Any, schema: TableSchema) -> bytes:
    try:
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtra("Writing tables needs pandas and pyarrow", "tables") from error
    buffer = io.BytesIO()
    if isinstance(payload, pa.Table):
        _check_columns(payload.column_names, payload.num_rows, schema)
        pq.write_table(payload, buffer)
        return buffer.getvalue()
    if not isinstance(payload, pd.DataFrame):
        raise UsageError(
            f"Expected a data frame, a table of pyarrow or a file, got {_told(payload)}."
        )
    _check_columns([str(name) for name in payload.columns], len(payload), schema)
    payload.to_parquet(buffer, index=_has_index(payload))
    return buffer.getvalue()


def _has_index(table: DataFrame) -> bool:
    """Return whether a table's index says something: more than which row stands where.

    Sampling and sorting leave whole numbers without a name; what has a name is a column.
    """
    index = table.index
    if any(name is not None for name in index.names):
        return True
    if index.dtype.kind in "iu":
        return False
    raise UsageError(
        "The table's index has no name, so it is not clear whether it is to be sent; name it, or "
        "drop it with .reset_index(drop=True)."
    )


def _check_columns(names: list[str], n_rows: int, schema: TableSchema) -> None:
    if schema.columns is not None:
        # Further columns are the server's to judge: some kinds take as many as there are targets.
        for column in schema.columns:
            if column.required and column.name not in names:
                raise UsageError(f"The column {column.name!r} is missing; got {names}.")
    most = schema.max_rows
    if n_rows < schema.min_rows or (most is not None and n_rows > most):
        bound = f"at least {schema.min_rows}" + ("" if most is None else f" and at most {most}")
        raise UsageError(f"The table has {n_rows} rows; {bound} are allowed.")


def _document(payload: Any) -> bytes:
    try:
        return json.dumps(payload, allow_nan=False, default=_plain).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(f"The payload is no JSON value: {error}.") from error


def _plain(value: Any) -> Any:
    """Turn numpy's numbers and arrays into JSON's."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _text(payload: Any, schema: TextSchema) -> bytes:
    if not isinstance(payload, str):
        raise UsageError(f"Expected a text, got {_told(payload)}.")
    if schema.choices and payload not in schema.choices:
        raise UsageError(f"{payload!r} is not allowed; allowed are {', '.join(schema.choices)}.")
    if schema.max_length is not None and len(payload) > schema.max_length:
        raise UsageError(
            f"The text has {len(payload)} characters; at most {schema.max_length} are allowed."
        )
    return payload.encode()


def _refuse_unknown(given: Mapping[Any, Any], declared: Mapping[str, Any], word: str) -> None:
    for name in given:
        if name not in declared:
            allowed = ", ".join(map(repr, declared))
            raise UsageError(f"There is no {word} {name!r}; allowed are {allowed}.")


def _names(declared: tuple[Any, ...]) -> str:
    return ", ".join(repr(item.name) for item in declared)


def _told(value: Any) -> str:
    return f"a value of type {type(value).__name__}"
