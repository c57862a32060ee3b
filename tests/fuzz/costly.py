"""Bodies, texts and heads of at most a megabyte that are more work to read than to send."""

import io
import itertools
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.faults.hostile_bodies import multipart, npy_header

from .costs import MOST_BODY_BYTES

LONGEST_LINE = 4_000
"""Bytes of a request's line, and of each header, that the server reads at all."""

# What expressions stumble over: numbers and what separates them, brackets, quotes, words of masks.
UNITS = [
    *("1", "1 ", "0", "9.", "-", "1e", "e9", "nan ", "null,", "true ", "np.", ".", "..", "a", "A"),
    *(" ", "  ", "\t", "\n", "\\n", "\r\n", ",", ", ", ";", ":", "://", "@", "=", "&", "%", "%00"),
    *("(", ")", "[", "]", "[[", "{", "}", "{{", "{,", "*", "+", "'", '"', '\\"', "\\", "/", "../"),
    *("bearer ", "basic ", "anomed-", "anomed-0", "W/", '"a", ', "0-1,", "q=0.1,", "a=b; ", '"; '),
    *("[1-2]", "{F, M}", "[1, 2)", "2024-01-01", "2024-01-01 00:00", "\u00e9", "\u0130", "\ufb03"),
    *("\U0001f600", "\u202e", "\u0301", "\x00", "\x1b[0m"),
]
MOST_WRITTEN_BYTES = 2**25
"""Of a table before it is packed, so that making it takes no longer than reading it."""

units = st.sampled_from(UNITS)
sizes = st.sampled_from([10, 1_000, 8_000, 60_000, 300_000, 900_000])


@st.composite
def long_texts(draw: Any, most: int = 900_000) -> str:
    """Draw a text of few pieces, each repeated until the text has its size."""
    size = min(draw(sizes), most)
    pieces = draw(st.lists(units, min_size=1, max_size=3))
    repeated = "".join(pieces) * (size // len("".join(pieces).encode()) + 1)
    text = draw(st.sampled_from(["", *UNITS])) + repeated + draw(st.sampled_from(["", *UNITS]))
    return text.encode()[:size].decode(errors="ignore")


def _nested(opening: str, closing: str, core: str, size: int) -> str:
    depth = (size - len(core)) // (len(opening) + len(closing))
    return opening * depth + core + closing * depth


# Multiples of this have equal hashes: a set or dict of them is searched one by one.
_HASH_MODULUS = 2**61 - 1

ATOMS = ["0", "1.5", "null", "true", '""', "[]", "{}", "[0]", '{"":0}', '"\\u0000"', "1e-400", "-0"]


@st.composite
def json_texts(draw: Any) -> bytes:
    """Draw a JSON document, or nearly one: deep, wide, with long numbers, names or texts."""
    size, atom = draw(sizes), draw(st.sampled_from(ATOMS))
    shape = draw(st.sampled_from(["deep", "wide", "object", "twins", "number", "text", "hashes"]))
    if shape == "deep":
        opening, closing = draw(st.sampled_from([("[", "]"), ('{"a":', "}"), ("[[],", "]")]))
        text = _nested(opening, closing, atom, min(size, draw(st.sampled_from([500, 5_000, size]))))
    elif shape == "wide":
        inner = draw(st.sampled_from(["{}", "[{}]", "[{},{}]", "[[{}]]", "[{},0,{}]"]))
        element = inner.replace("{}", atom)
        text = f"[{','.join([element] * (size // (len(element) + 1)))}]"
    elif shape in {"object", "twins"}:
        names = itertools.count() if shape == "object" else itertools.repeat(0)
        members = itertools.islice(names, size // (len(atom) + 12))
        text = "{" + ",".join(f'"a{name}":{atom}' for name in members) + "}"
    elif shape == "number":
        text = f"[{draw(st.sampled_from(['', '-', '0.', '1e']))}{'1' * size}]"
    elif shape == "text":
        text = json.dumps(draw(long_texts(400_000)), ensure_ascii=draw(st.booleans()))
    else:
        text = json.dumps([_HASH_MODULUS * number for number in range(size // 25)])
    return text.encode("utf-8", "surrogatepass")[:MOST_BODY_BYTES]


def _inflated(value: Any, size: int) -> Any:
    """Return a JSON value whose lists are repeated, the outermost most, up to some size."""
    if isinstance(value, list) and value:
        n_copies = max(1, size // len(json.dumps(value)))
        return (value * n_copies) if n_copies > 1 else value
    if isinstance(value, dict):
        return {name: _inflated(inner, size // 2) for name, inner in value.items()}
    return value


@st.composite
def documents(draw: Any, valid: Any) -> bytes:
    """Draw a document that begins as a valid one does."""
    if draw(st.booleans()):
        return bytes(draw(json_texts()))
    value = _inflated(valid, draw(sizes))
    if isinstance(value, list) and draw(st.booleans()):
        value = [_inflated(value[0], draw(sizes))]
    if isinstance(value, dict):
        name = draw(st.sampled_from([*value, "\x00"]))
        value[name] = draw(st.one_of(long_texts(400_000), st.just([["a"] * 9] * 20_000)))
    return json.dumps(value).encode()[:MOST_BODY_BYTES]


@st.composite
def archives(draw: Any, names: tuple[str, ...] = ("prediction",)) -> bytes:
    """Draw an npz file: arrays of zeros in any shape and dtype, packed; headers; many members."""
    name = draw(st.sampled_from([*names, "x", draw(long_texts(500))]))
    n_bytes = draw(st.sampled_from([0, 80, 10**5, 10**7, 10**8]))
    descr = draw(st.sampled_from(["<f8", "|b1", "<i8", "|S1", "<U1", f"<U{n_bytes // 40 or 1}"]))
    n_items = n_bytes // np.dtype(descr).itemsize
    shape = draw(st.sampled_from([f"({n_items},)", f"({n_items}, 1)", "(10,)", "()", "(1,) * 9"]))
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    if draw(st.integers(0, 3)) == 0:
        header = draw(long_texts(60_000))
    content = npy_header(header.encode("latin1", "replace").decode("latin1")[:60_000])
    packing = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    if packing == zipfile.ZIP_STORED:
        n_bytes = min(n_bytes, 900_000)
    n_members = draw(st.sampled_from([1, 1, 2, 60, 5_000]))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing, compresslevel=1) as archive:
        archive.writestr(f"{name}.npy", content + bytes(n_bytes))
        for number in range(n_members - 1):
            archive.writestr(f"{number}.npy", content[:100])
    return buffer.getvalue()


@st.composite
def _cells(draw: Any, n_rows: int, column: Any) -> pa.Array:
    """Draw a column of few different cells, or of many, in any type that is taken."""
    deeds = ["same", "zeros", "text", "distinct", "packed", "nulls", "numbers"]
    deed = draw(st.sampled_from(deeds))
    if deed == "same" and column is not None and len(column):
        return pa.chunked_array([column.take(pa.array(np.arange(n_rows) % len(column)))])
    if deed == "text":
        return pa.array([draw(long_texts(max(1, 2 * 10**6 // max(n_rows, 1))))] * n_rows)
    if deed == "distinct":
        unit = draw(units)
        return pa.array([f"{unit}{number}" for number in range(n_rows)])
    if deed == "packed":
        indices = pa.array(np.zeros(n_rows, dtype=np.int32))
        words = pa.array([draw(long_texts(draw(st.sampled_from([10, 1_000, 900_000]))))])
        return pa.DictionaryArray.from_arrays(indices, words)
    if deed == "nulls":
        return pa.nulls(n_rows, draw(st.sampled_from([pa.string(), pa.float64(), pa.null()])))
    numbers = np.arange(n_rows) % 1_000 if deed == "numbers" else np.zeros(n_rows)
    dtypes = ["float64", "int64", "int8", "float16", "bool", "datetime64[ns]"]
    return pa.array(numbers.astype("int64").astype(draw(st.sampled_from(dtypes))))


@st.composite
def costly_tables(draw: Any, valid: pa.Table, n_rows: int) -> bytes:
    """Draw a parquet file with some of a table's columns and others, of up to so many rows."""
    n_rows = draw(st.sampled_from([1, min(n_rows, 1_000), n_rows, n_rows]))
    n_more = draw(st.sampled_from([0, 0, 1, 20, 400, 3_000]))
    names = [name for name in valid.column_names if draw(st.integers(0, 9))]
    prefix = draw(st.sampled_from(["x", *valid.column_names, draw(long_texts(3_000))]))
    columns = {name: draw(_cells(n_rows, valid.column(name))) for name in names}
    other = draw(_cells(n_rows, None))
    n_more = min(n_more, MOST_WRITTEN_BYTES // (other.nbytes + 1))
    columns |= {f"{prefix}_{number}": other for number in range(n_more)}
    n_cells = n_rows * max(len(columns), 1)
    n_pieces = draw(st.sampled_from([1, 1, 1, 1_000, 10_000]))  # pages or groups of rows
    piece_rows = max(1, -(-n_cells // n_pieces) // max(len(columns), 1))
    is_packed = any(isinstance(column, pa.DictionaryArray) for column in columns.values())
    is_grouped = draw(st.booleans()) and not is_packed  # each group has its words anew
    options = {
        "compression": draw(st.sampled_from(["zstd", "snappy"])),
        "use_dictionary": is_packed or draw(st.booleans()),
        "row_group_size": piece_rows if is_grouped else 10**6,
        "data_page_size": 2**20 if is_grouped else 8 * piece_rows,
        "write_batch_size": min(max(piece_rows, 8), 1024),
        "store_schema": draw(st.booleans()),
    }
    table = pa.table(columns)
    body = _written(table, options)
    while len(body) > MOST_BODY_BYTES and n_rows > 1:
        n_rows = max(1, n_rows * MOST_BODY_BYTES // len(body) * 9 // 10)
        body = _written(table.slice(0, n_rows), options)
    return body


def _written(table: pa.Table, options: Mapping[str, Any]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return bytes(sink.getvalue())


def costly_bodies(valid: Any, n_rows: int) -> st.SearchStrategy[bytes]:
    """Return a strategy of bodies that are costly to take for what is valid."""
    if isinstance(valid, pa.Table):
        return costly_tables(valid, n_rows)
    if isinstance(valid, Mapping) and all(isinstance(v, np.ndarray) for v in valid.values()):
        return archives(tuple(valid))
    if isinstance(valid, str):
        return long_texts().map(str.encode)
    return documents(valid)


@st.composite
def costly_forms(
    draw: Any, parts: Mapping[str, Any], whole: Mapping[str, bytes], n_rows: int
) -> Mapping[str, bytes]:
    """Draw the parts of a form; one of them is costly, or there are many more."""
    name = draw(st.sampled_from(sorted(parts)))
    form = {**whole, name: draw(costly_bodies(parts[name], n_rows))}
    n_more = draw(st.sampled_from([0, 0, 0, 1, 1_000, 10_000]))
    return form | {f"{name}{number}": b"x" for number in range(n_more)}


@st.composite
def raw_forms(draw: Any) -> tuple[bytes, str]:
    """Draw the body and Content-Type of a form: many parts, long names, heads, odd boundaries."""
    name = draw(st.sampled_from(["anon_data", "anon_scheme", draw(long_texts(7_000))]))
    boundary = draw(st.sampled_from(["b", "-", "--", "b" * 60, "\r\n", "="]))
    content = draw(st.one_of(st.just(""), long_texts(), st.just(f"\r\n--{boundary}"))).encode()
    n_parts = min(draw(st.sampled_from([1, 10, 1_000, 10_000])), 800_000 // (len(content) + 90))
    numbered = [(f"{name}{number}", content) for number in range(max(1, n_parts))]
    body, content_type = multipart(*numbered, boundary=boundary)
    if draw(st.integers(0, 3)) == 0:
        head = f"--{boundary}\r\nContent-Disposition: ".encode() + draw(long_texts()).encode()
        body = head + draw(st.sampled_from([b"", b"\r\n\r\n\r\n--", body]))
    if draw(st.integers(0, 3)) == 0:
        content_type = "multipart/form-data; " + draw(long_texts(LONGEST_LINE))
    return body[:MOST_BODY_BYTES], content_type


@st.composite
def heads(draw: Any) -> bytes:
    """Draw the head of a request, or nearly one: long lines, many headers, odd ends."""
    text = draw(long_texts(60_000)).encode()
    targets = [b"GET /livez", b"GET /?anonymizer=" + text, b"POST /" + text, text]
    line = draw(st.sampled_from(targets))
    version = draw(st.sampled_from([b" HTTP/1.1", b" HTTP/1.0", b"", b" HTTP/" + text[:100]]))
    name = draw(st.sampled_from([b"Accept", b"Range", b"If-None-Match", b"X-1", text[:100]]))
    n_headers = draw(st.sampled_from([0, 1, 90, 5_000]))
    value = draw(st.sampled_from([b"x", text[:7_000], text]))[: 60_000 // (n_headers + 1)]
    fields = (b"%b: %b\r\n" % (name, value)) * n_headers
    end = draw(st.sampled_from([b"\r\n", b"\n", b"", text]))
    return line + version + b"\r\nHost: localhost\r\nConnection: close\r\n" + fields + end
