"""Turn a body into a payload that fits its declared schema, or say in one sentence why not."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from anomed_core.errors import (
    MalformedPayloadError,
    PayloadTooLargeError,
    RequestError,
    SubmissionRejected,
)
from anomed_core.model import (
    ArraySchema,
    ArraysSchema,
    FormSchema,
    JSONSchema,
    Payload,
    Split,
    Subject,
    Submission,
    SubmissionKind,
    SubmissionSchema,
    TableSchema,
    TextSchema,
)
from anomed_core.model.payloads import KINDS
from anomed_core.service.columns import check_column, one_of, range_text
from anomed_core.service.json_documents import has_more_values, misfit
from anomed_core.state.payloads import Body, body_digest
from anomed_core.wire import Limits, decode_npz, decode_parquet

_LARGEST_EXACT = 2**53
"""The largest whole number up to which each one is a float64."""

_VALUE_BYTES, _ROW_BYTES = 64, 256
"""What a value of a declared array, and a row of a table, may take in memory."""


def decode(body: Body, schema: SubmissionSchema | TextSchema, limits: Limits) -> Payload:
    """Decode and validate a body.

    Parameters
    ----------
    body
        Bytes, or the parts of a form by name.
    schema
        What it must decode to.
    limits
        Bounds on what it may cost.

    Returns
    -------
    mapping of arrays, pyarrow.Table, JSON value, str, or mapping of those
        Arrays are read-only.

    Raises
    ------
    MalformedPayloadError
        If the body is not of its media type or an expected part is absent.
    PayloadTooLargeError
        If it exceeds a limit.
    SubmissionRejected
        If it is well-formed but does not fit the schema.
    """
    if isinstance(schema, FormSchema):
        return _decode_form(body, schema, limits)
    if isinstance(body, Mapping):
        raise MalformedPayloadError("Expected a plain body, got a form.")
    return _DECODERS[type(schema)](body, schema, limits)


def read_submission(
    kind: SubmissionKind,
    body: Body,
    limits: Limits,
    *,
    subject: Subject,
    split: Split,
    parameters: Mapping[str, str] | None = None,
    payload: Payload | None = None,
    digest: str = "",
) -> Submission:
    """Read a body as a submission.

    Parameters
    ----------
    kind
        What is submitted.
    body
        As it came.
    limits
        Bounds on decoding.
    subject, split, parameters
        As `Submission` has them.
    payload
        Stands for what the body decodes to.
    digest
        Of the body, if it is known already.

    Raises
    ------
    RequestError
        As `decode` does.
    """
    return Submission(
        kind=kind.name,
        subject=subject,
        split=split,
        parameters=parameters or {},
        payload=decode(body, kind.schema_for(split), limits) if payload is None else payload,
        digest=digest or body_digest(body),
    )


def _decode_form(body: Body, schema: FormSchema, limits: Limits) -> dict[str, Any]:
    names = [part.name for part in schema.parts]
    if not isinstance(body, Mapping):
        raise MalformedPayloadError(
            f"Expected a multipart/form-data body with the parts {', '.join(names)}."
        )
    for name in body:
        if name not in names:  # a misspelt part would be missed without a word
            raise MalformedPayloadError(
                f"There is no part {name[:80]!r} in this form; allowed are {', '.join(names)}."
            )
    payload = {}
    for part in schema.parts:
        if part.name in body:
            payload[part.name] = decode(body[part.name], part.schema, limits)
        elif part.required:
            raise MalformedPayloadError(f"Expected a part with name '{part.name}'.")
    return payload


def _decode_arrays(body: bytes, schema: ArraysSchema, limits: Limits) -> dict[str, np.ndarray]:
    declared = {array.name: array for array in schema.arrays}
    if not body.startswith(b"PK"):
        raise MalformedPayloadError(f"Expected a NumPy array with name '{schema.arrays[0].name}'.")

    def judge(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        _check_form(declared[name], shape, dtype)

    bounds = limits.of_body(len(body), declared_bytes=_VALUE_BYTES * _n_values(schema))
    arrays = decode_npz(body, declared, limits=bounds, judge=judge)
    for array in schema.arrays:
        if array.required and array.name not in arrays:
            raise MalformedPayloadError(f"Expected a NumPy array with name '{array.name}'.")
    for name, values in arrays.items():
        _check_values(declared[name], values)
        arrays[name] = _as_declared(declared[name], values)
        arrays[name].flags.writeable = False
    return arrays


def _n_values(schema: ArraysSchema) -> int:
    """Return how many values arrays have whose shapes are declared."""
    shapes = [tuple(n for n in array.shape if n is not None) for array in schema.arrays]
    whole = zip(shapes, schema.arrays, strict=True)
    return sum(math.prod(shape) for shape, array in whole if len(shape) == len(array.shape))


def _as_declared(schema: ArraySchema, values: np.ndarray) -> np.ndarray:
    """Return whole numbers as floats where only floats are declared; their values are equal."""
    if values.dtype.kind not in "iu" or "int" in schema.kinds:
        return values
    if values.size and (values.max() > _LARGEST_EXACT or values.min() < -_LARGEST_EXACT):
        raise SubmissionRejected(
            f"{schema.name} holds whole numbers beyond 2**53, which floats cannot tell apart; "
            "send floats."
        )
    return values.astype(np.float64)


def _check_form(schema: ArraySchema, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse a wrong dtype or shape, seen from the header alone."""
    kinds = {*schema.kinds, "int"} if "float" in schema.kinds else schema.kinds
    if not any(dtype.kind in KINDS[kind] for kind in kinds):
        raise SubmissionRejected(
            f"{schema.name} has dtype {dtype}; expected {one_of(schema.kinds)}."
        )
    fits = len(shape) == len(schema.shape) and all(
        want is None or want == have for want, have in zip(schema.shape, shape, strict=True)
    )
    if not fits:
        raise SubmissionRejected(
            f"{schema.name} has shape {_shape_text(shape)}; expected {_shape_text(schema.shape)}."
        )


def _check_values(schema: ArraySchema, values: np.ndarray) -> None:
    if values.dtype.kind not in "fiu":
        return
    if schema.finite and values.dtype.kind == "f":
        finite = np.isfinite(values)
        if not finite.all():
            n_bad = int(values.size - np.count_nonzero(finite))
            where = tuple(map(int, np.argwhere(~finite)[0]))
            place = (
                f", the first at index {where[0] if len(where) == 1 else where}" if where else ""
            )
            raise SubmissionRejected(
                f"{schema.name} holds {n_bad} values that are NaN or infinite{place}; "
                "send finite numbers only."
            )
    if values.size and (
        (schema.low is not None and values.min().item() < schema.low)
        or (schema.high is not None and values.max().item() > schema.high)
    ):
        raise SubmissionRejected(
            f"{schema.name} holds values from {values.min()} to {values.max()}; "
            f"allowed are {range_text(schema.low, schema.high)}."
        )


def _decode_table(body: bytes, schema: TableSchema, limits: Limits) -> Any:
    high = schema.max_rows if schema.max_rows is not None else limits.table_rows

    def judge(n_rows: int, names: Sequence[str]) -> None:
        if not schema.min_rows <= n_rows <= high:
            raise SubmissionRejected(
                f"The table has {n_rows} rows; allowed are {schema.min_rows} to {high}."
            )
        missing = [c.name for c in schema.columns if c.required and c.name not in names]
        if missing:
            raise SubmissionRejected(
                f"The table lacks the columns {', '.join(missing)}; it has "
                f"{', '.join(map(str, names[:20]))}."
            )

    bounds = limits.of_body(len(body), declared_bytes=_ROW_BYTES * (schema.max_rows or 0))
    table = _computable(decode_parquet(body, limits=bounds, judge=judge))
    for column in schema.columns:
        if column.name in table.column_names:
            check_column(table.column(column.name), column)
    return table


def _computable(table: Any) -> Any:
    """Return a table without half floats, which pandas neither sorts nor takes for an index."""
    import pyarrow as pa

    half, single = pa.float16(), pa.float32()
    types = [single if field.type == half else field.type for field in table.schema]
    if types == table.schema.types:
        return table
    fields = [field.with_type(kind) for field, kind in zip(table.schema, types, strict=True)]
    return table.cast(pa.schema(fields, metadata=table.schema.metadata))


def _decode_json(body: bytes, schema: JSONSchema, limits: Limits) -> Any:
    text = _decode_text(body, TextSchema(max_length=limits.text_bytes), limits)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_named_once,
            parse_constant=_refuse_constant,
            parse_float=_finite(float),
            parse_int=_finite(int),
        )
        if schema.schema and has_more_values(value, limits.json_values):
            raise PayloadTooLargeError(
                f"The JSON document holds more than {limits.json_values} values; send fewer."
            )
        problem = misfit(value, schema.schema)
    except RequestError:
        raise
    except json.JSONDecodeError as error:
        raise MalformedPayloadError(
            f"Expected a JSON document (RFC 8259); line {error.lineno}, column {error.colno}: "
            f"{error.msg}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise MalformedPayloadError(
            "Expected a JSON document (RFC 8259) with finite numbers and few levels."
        ) from error
    if problem:
        raise SubmissionRejected(f"The JSON document does not fit its schema at {problem}.")
    return value


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; which of two members of one name counts, nobody could agree on."""
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise MalformedPayloadError(
                f"An object of the JSON document has the member {name[:40]!r} twice; name it once."
            )
        members[name] = value
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a parser of numbers that refuses those that no float64 can hold."""

    def parse(text: str) -> Any:
        if not math.isfinite(float(text)):
            shown = text if len(text) <= 20 else f"{text[:20]}... of {len(text)} characters"
            raise SubmissionRejected(
                f"The JSON document holds the number {shown}, which is beyond 1.8e308; "
                "send finite numbers only."
            )
        return kind(text)

    return parse


def _decode_text(body: bytes, schema: TextSchema, limits: Limits) -> str:
    if len(body) > limits.text_bytes:
        raise PayloadTooLargeError(
            f"The text has {len(body)} bytes; at most {limits.text_bytes} are allowed."
        )
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedPayloadError("Expected text in UTF-8.") from error
    if schema.choices and text not in schema.choices:
        raise SubmissionRejected(f"Got {text[:80]!r}; allowed are {', '.join(schema.choices)}.")
    if len(text) > schema.max_length:
        raise PayloadTooLargeError(
            f"The text has {len(text)} characters; at most {schema.max_length} are allowed."
        )
    return text


_DECODERS: Mapping[type, Callable[[bytes, Any, Limits], Any]] = {
    ArraysSchema: _decode_arrays,
    TableSchema: _decode_table,
    JSONSchema: _decode_json,
    TextSchema: _decode_text,
}


def _shape_text(shape: tuple[int | None, ...]) -> str:
    lengths = ", ".join("any" if length is None else str(length) for length in shape)
    return f"({lengths},)" if len(shape) == 1 else f"({lengths})"
