"""Uploads that try to break a server: each is refused or scored, and harms nobody.

They are made for the declared schema of a submission kind, so that some get past decoding and meet
the plugin's own code.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from anomed_core.model import (
    ArraySchema,
    ArraysSchema,
    FormSchema,
    JSONSchema,
    SubmissionSchema,
    TableSchema,
    TextSchema,
)
from anomed_core.state.payloads import Body
from anomed_core.wire import encode_npz, encode_parquet

_ANY_LENGTH = 7
_BOMB_BYTES = 2**31


def hostile_uploads(
    schema: SubmissionSchema | TextSchema, valid: Body = b""
) -> Iterator[tuple[str, Body]]:
    """Yield bodies that a server must survive.

    Parameters
    ----------
    schema
        What the submission kind declares.
    valid
        A valid body; some hostile ones are made from it.

    Yields
    ------
    (label, body)
        What it tries, and what is sent.
    """
    if isinstance(schema, FormSchema):
        yield from _forms(schema, valid)
        return
    body = valid if isinstance(valid, bytes) else b""
    yield "nothing", b""
    yield "random bytes", np.random.default_rng(0).bytes(999)
    yield "a number alone", b"0"
    if body:
        yield "the first half of a valid body", body[: len(body) // 2]
        yield "a valid body without its last byte", body[:-1]
        yield "a valid body with one byte changed", _changed(body)
    if isinstance(schema, ArraysSchema):
        yield from _archives(schema)
    elif isinstance(schema, TableSchema):
        yield from _tables(schema)
    elif isinstance(schema, JSONSchema):
        yield from _documents()
    elif isinstance(schema, TextSchema):
        yield "text that is not UTF-8", b"\xff\xfe\xfa"
        yield "long text", b"a" * (schema.max_length + 1)


def _changed(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 0xFF]) + body[middle + 1 :]


def _archives(schema: ArraysSchema) -> Iterator[tuple[str, bytes]]:
    valid = {array.name: _array(array) for array in schema.arrays}
    target = schema.arrays[0]
    name, array = target.name, valid[target.name]

    def instead(other: np.ndarray) -> bytes:
        return encode_npz({**valid, name: other})

    yield "an archive without members", _zipped({})
    yield "another array than asked for", encode_npz({"something_else": array})
    yield "pickled objects", _zipped({f"{name}.npy": _pickled()})
    yield "an npy header of 2**60 numbers", _zipped({f"{name}.npy": _promising(2**60)})
    yield f"a bomb of {_BOMB_BYTES:,} bytes", _bomb(f"{name}.npy")
    yield "names that leave the folder", _zipped({"../../etc/passwd.npy": b"x", "/x.npy": b"x"})
    yield "one record too few", instead(array[:-1] if array.ndim else np.zeros(0))
    yield (
        "one record too many",
        instead(np.concatenate([array, array[:1]]) if array.ndim else array),
    )
    yield "an empty array", instead(array[:0] if array.ndim else np.zeros(0))
    yield "one more axis", instead(array[None])
    yield "no axis", instead(np.zeros(()))
    for dtype in ("complex128", "datetime64[s]", "U7", "S3", "float16", "int8", "uint64", "bool"):
        yield f"dtype {dtype}", instead(np.zeros(array.shape, dtype))
    for value in (np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, -0.0):
        yield f"{value} everywhere", instead(np.full(array.shape, value))
    for bound in (np.iinfo(np.int64).min, np.iinfo(np.int64).max):
        yield f"{bound} everywhere", instead(np.full(array.shape, bound))
    mixed = np.where(np.arange(array.size).reshape(array.shape) % 2, 1e308, -1e308)
    yield "1e308 and -1e308 in turn", instead(mixed)


def _array(schema: ArraySchema) -> np.ndarray:
    shape = tuple(_ANY_LENGTH if length is None else length for length in schema.shape)
    dtypes = {"bool": "?", "int": "i8", "float": "f8", "str": "U1", "bytes": "S1"}
    return np.zeros(shape, dtypes[schema.kinds[0]])


def _zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def _pickled() -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def _promising(n_numbers: int) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({n_numbers},), }}\n".encode()
    return np.lib.format.magic(1, 0) + struct.pack("<H", len(header)) + header


def _bomb(name: str) -> bytes:
    """Return a small archive whose one member unpacks to many zeros."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({_BOMB_BYTES},), }}\n".encode()
    start = np.lib.format.magic(1, 0) + struct.pack("<H", len(header)) + header
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        file.writestr(name, start + bytes(2**22))
    body = bytearray(buffer.getvalue())
    announced = struct.pack("<L", len(start) + 2**22)
    lie = struct.pack("<L", len(start) + _BOMB_BYTES - 1)
    return bytes(body.replace(announced, lie))


def _tables(schema: TableSchema) -> Iterator[tuple[str, bytes]]:
    import pandas as pd

    names = [column.name for column in schema.columns] or ["a", "b"]
    values: dict[str, Any] = {
        "text everywhere": "x" * 10,
        "empty cells everywhere": None,
        "infinity everywhere": float("inf"),
        "1e308 everywhere": 1e308,
        "the smallest integer everywhere": np.iinfo(np.int64).min,
        "true everywhere": True,
        "dates everywhere": pd.Timestamp("2020-01-01"),
        "nested lists everywhere": [1, 2],
    }
    for label, value in values.items():
        yield label, encode_parquet(pd.DataFrame({name: [value] * 9 for name in names}))
    zeros = pd.DataFrame({name: [0] * 9 for name in names})
    yield "no columns", encode_parquet(pd.DataFrame(index=range(9)))
    yield "no rows", encode_parquet(zeros.iloc[:0])
    yield "one column too few", encode_parquet(zeros[names[1:]])
    yield "unknown columns", encode_parquet(zeros.assign(unknown=1))
    yield "2,100 columns", _wide()
    yield "3,000,000 rows", _long(names[0])
    yield "a text of 100,000 letters 10,000 times", _repetitive(names[0])
    yield "a footer of 2 GiB", b"PAR1" + struct.pack("<L", 2**31 - 1) + b"PAR1"
    yield "CSV instead of parquet", zeros.to_csv().encode()


@lru_cache
def _wide() -> bytes:
    import pandas as pd

    return encode_parquet(pd.DataFrame({str(i): [0] for i in range(2100)}))


@lru_cache
def _long(name: str) -> bytes:
    import pandas as pd

    return encode_parquet(pd.DataFrame({name: np.zeros(3_000_000, np.int8)}))


@lru_cache
def _repetitive(name: str) -> bytes:
    """Return a small table that unpacks to a gigabyte of text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.DictionaryArray.from_arrays(np.zeros(10_000, np.int32), ["y" * 100_000])
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: text}), sink, compression="zstd", store_schema=False)
    return bytes(sink.getvalue())


def _documents() -> Iterator[tuple[str, bytes]]:
    yield "text that is not UTF-8", b'"\xff\xfe"'
    yield "NaN", b'{"value": NaN}'
    yield "infinity", b"[1e999, -Infinity]"
    yield "lists in lists, 100,000 deep", b"[" * 100_000 + b"]" * 100_000
    yield "a number of 5,000 digits", b"1" * 5_000
    yield "one key twice", b'{"a": 1, "a": 2}'
    values: tuple[Any, ...] = (None, True, -1, 1e308, "x" * 1000, [], {}, [[]], {"": None})
    for value in values:
        yield f"{json.dumps(value)[:20]} alone", json.dumps(value).encode()
    yield "half of a document", b'{"a": '


def _forms(schema: FormSchema, valid: Body) -> Iterator[tuple[str, Body]]:
    parts = dict(valid) if isinstance(valid, Mapping) else {}
    yield "no form at all", b"0123456789"
    yield "parts that nobody asked for", {"something": b"else"}
    yield "100 parts", {**parts, **{f"part-{number}": b"x" for number in range(100)}}
    for part in schema.parts:
        yield f"no part {part.name}", {k: v for k, v in parts.items() if k != part.name} or b"x"
        for label, body in hostile_uploads(part.schema, parts.get(part.name, b"")):
            if isinstance(body, bytes):
                yield f"{label} as {part.name}", {**parts, part.name: body}
