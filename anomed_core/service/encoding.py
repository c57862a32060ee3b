"""Turn a payload into the body that a participant would send: the inverse of decoding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from anomed_core.model import ArraysSchema, FormSchema, JSONSchema, SubmissionSchema, TextSchema
from anomed_core.state.payloads import Body
from anomed_core.wire import encode_npz, encode_parquet


def encode_body(payload: Any, schema: SubmissionSchema | TextSchema) -> Body:
    """Return a payload as a body.

    Parameters
    ----------
    payload
        Arrays by name, or the array alone where the schema has one; a ``pandas.DataFrame`` or
        ``pyarrow.Table``, a JSON value, text, or a mapping of a form's parts to those. Bytes are
        taken as they are, wherever they stand.
    schema
        What the body is to decode to. It is not enforced, so that invalid bodies can be made.

    Returns
    -------
    bytes or dict of str to bytes
        The parts of a form by name, anything else as bytes.

    Examples
    --------
    >>> encode_body({"rate": 0.5}, JSONSchema())
    b'{"rate": 0.5}'
    """
    if isinstance(payload, bytes):
        return payload
    if isinstance(schema, FormSchema):
        parts = {part.name: part.schema for part in schema.parts}
        return {name: _plain(value, parts.get(name)) for name, value in payload.items()}
    return _plain(payload, schema)


def _plain(payload: Any, schema: SubmissionSchema | TextSchema | None) -> bytes:
    if isinstance(payload, bytes):
        return payload
    if isinstance(schema, ArraysSchema):
        if not isinstance(payload, Mapping) and len(schema.arrays) == 1:
            payload = {schema.arrays[0].name: np.asarray(payload)}
        return encode_npz(payload)
    if isinstance(schema, JSONSchema):
        return json.dumps(payload).encode()
    if isinstance(payload, str):
        return payload.encode()
    return encode_parquet(payload)
