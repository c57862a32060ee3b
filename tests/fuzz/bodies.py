"""Bodies that are right, nearly right, or noise."""

import io
import json
import zipfile
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tests.faults.hostile_bodies import multipart

COMPRESSIONS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
names = st.sampled_from(["prediction", "X", "prediction.npy", "", "../x", "\u00e4", "p" * 300])
arrays = npst.arrays(
    dtype=st.one_of(
        npst.boolean_dtypes(),
        npst.integer_dtypes(),
        npst.unsigned_integer_dtypes(),
        npst.floating_dtypes(),
        npst.complex_number_dtypes(),
        npst.byte_string_dtypes(),
        npst.unicode_string_dtypes(),
        npst.datetime64_dtypes(),
    ),
    shape=st.one_of(st.just((10,)), npst.array_shapes(min_dims=0, max_dims=4, min_side=0)),
)


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


@st.composite
def npz(draw: Any) -> bytes:
    """Draw a zip archive of arrays or of anything else."""
    contents = st.one_of(
        st.builds(_npy, arrays),
        st.binary(max_size=200),
        st.builds(lambda rest: _npy(np.zeros(10)) + rest, st.binary(max_size=20)),
        st.builds(lambda n: _npy(np.zeros(10))[:n], st.integers(0, 200)),
    )
    members = draw(st.lists(st.tuples(names, contents), max_size=3))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", draw(st.sampled_from(COMPRESSIONS))) as archive:
        for name, content in members:
            if f"{name}.npy" not in archive.namelist():
                archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


CELLS = {
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(),
    "text": st.text(max_size=5),
    "bool": st.booleans(),
    "bytes": st.binary(max_size=5),
    "list": st.lists(st.integers(0, 9), max_size=3),
    "record": st.fixed_dictionaries({"a": st.integers(0, 9)}),
    "time": st.datetimes(),
}


@st.composite
def tables(draw: Any) -> pa.Table:
    """Draw a table that may have the expected columns, with any type of cells."""
    n_rows = draw(st.integers(0, 6))
    column_names = draw(st.lists(st.sampled_from(["age", "city", "x", ""]), unique=True))
    columns = {}
    for name in column_names:
        cells = CELLS[draw(st.sampled_from(sorted(CELLS)))]
        column = pa.array(
            draw(st.lists(st.one_of(st.none(), cells), min_size=n_rows, max_size=n_rows))
        )
        is_plain = not pa.types.is_nested(column.type) and not pa.types.is_null(column.type)
        columns[name] = column.dictionary_encode() if is_plain and draw(st.booleans()) else column
    return pa.table(columns)


@st.composite
def parquet(draw: Any) -> bytes:
    """Draw a parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        draw(tables()),
        sink,
        compression=draw(st.sampled_from(["none", "snappy", "gzip", "zstd", "brotli", "lz4"])),
        version=draw(st.sampled_from(["1.0", "2.4", "2.6"])),
        data_page_version=draw(st.sampled_from(["1.0", "2.0"])),
        row_group_size=draw(st.sampled_from([1, 2, 1000])),
        use_dictionary=draw(st.booleans()),
    )
    return bytes(sink.getvalue())


@st.composite
def damaged(draw: Any, whole: st.SearchStrategy[bytes]) -> bytes:
    """Draw a body and change, remove or insert some bytes of it."""
    body = bytearray(draw(whole))
    for _ in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, max(0, len(body) - 1)))
        deed = draw(st.sampled_from(["change", "cut", "insert", "remove"]))
        if deed == "change" and body:
            body[position] = draw(st.integers(0, 255))
        elif deed == "cut":
            del body[position:]
        elif deed == "insert":
            body[position:position] = draw(st.binary(max_size=8))
        else:
            del body[position : position + draw(st.integers(1, 8))]
    return bytes(body)


any_npz = st.one_of(npz(), damaged(npz()))
any_parquet = st.one_of(parquet(), damaged(parquet()))
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["word", "x"]), inner)
    ),
)
any_json = json_values.map(lambda value: json.dumps(value).encode())
any_body = st.one_of(st.binary(max_size=100), any_npz, any_parquet)

any_call_body = st.one_of(any_json, damaged(any_json), any_body)

part_names = st.sampled_from(["anon_data", "anon_scheme", "x", "", 'q"uote', "\u00e4"])
part_contents = st.one_of(
    any_parquet, st.sampled_from([b"same", b"other", b"", b"--b", b"\r\n--b--"]), st.binary()
)
well_formed = st.lists(st.tuples(part_names, part_contents), max_size=4).map(
    lambda parts: multipart(*parts)
)


@st.composite
def any_form(draw: Any) -> tuple[bytes, str]:
    """Draw the body and the Content-Type of a form, perhaps damaged."""
    body, content_type = draw(well_formed)
    if draw(st.booleans()):
        body = draw(damaged(st.just(body)))
    if draw(st.integers(0, 5)) == 0:
        content_type = draw(damaged(st.just(content_type.encode()))).decode("latin-1")
    return body, content_type


any_form = any_form()
