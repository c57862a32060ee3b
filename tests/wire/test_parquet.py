"""parquet bodies: honest tables are read, bombs are refused before they unpack."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.errors import (
    MalformedPayloadError,
    PayloadTooLargeError,
    RequestError,
    SubmissionRejected,
)
from anomed_core.wire import Limits, decode_parquet, encode_parquet

MIB = 2**20
TABLE = pa.table(
    {
        "age": pa.array([31, None, 55], pa.int64()),
        "weight": pa.array([60.5, 71.0, None], pa.float64()),
        "smokes": pa.array([True, False, None], pa.bool_()),
        "city": pa.array(["Kiel", "Lübeck", None], pa.string()),
        "born": pa.array([0, 1, 2], pa.date32()),
    }
)


def written(table: pa.Table, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return bytes(sink.getvalue())


# --- what honest writers send ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "none"},
        {"compression": "gzip"},
        {"compression": "snappy", "use_dictionary": False},
        {"data_page_version": "2.0"},
        {"row_group_size": 1},
        {"version": "1.0"},
        {"store_schema": False},
        {"write_page_checksum": True, "write_page_index": True},
        {"use_dictionary": ["city"], "column_encoding": {"weight": "BYTE_STREAM_SPLIT"}},
        {"use_dictionary": False, "column_encoding": {"city": "DELTA_LENGTH_BYTE_ARRAY"}},
        {"use_dictionary": False, "column_encoding": {"age": "DELTA_BINARY_PACKED"}},
    ],
    ids=str,
)
def test_every_usual_way_to_write_a_table_is_read(options: dict[str, object]) -> None:
    assert decode_parquet(written(TABLE, **options)).equals(TABLE)


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.floats(allow_nan=False),
            st.none() | st.text(),
            st.none() | st.binary(),
            st.none() | st.booleans(),
        ),
        max_size=20,
    )
)
def test_every_flat_table_survives_the_round_trip(rows: list[tuple[object, ...]]) -> None:
    types = (pa.int64(), pa.float64(), pa.string(), pa.binary(), pa.bool_())
    columns = list(zip(*rows, strict=True)) or [()] * len(types)
    table = pa.table(
        {
            name: pa.array(values, arrow_type)
            for name, values, arrow_type in zip("ifsby", columns, types, strict=True)
        }
    )

    assert decode_parquet(encode_parquet(table)).equals(table)


def test_what_pandas_writes_is_read_and_keeps_its_metadata() -> None:
    frame = pd.DataFrame({"x": [1, 2], "city": pd.Categorical(["Kiel", "Kiel"])}, index=[7, 8])

    decoded = decode_parquet(encode_parquet(frame))

    pd.testing.assert_frame_equal(decoded.to_pandas(), frame)


def test_pandas_reads_what_is_encoded() -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5], "city": ["Kiel", "Bonn"]})

    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(encode_parquet(frame))), frame)


def test_only_the_chosen_columns_are_read() -> None:
    assert decode_parquet(written(TABLE), columns=["city", "age"]).column_names == ["city", "age"]


def test_a_table_without_rows_is_read() -> None:
    assert decode_parquet(written(TABLE.slice(0, 0))).equals(TABLE.slice(0, 0))


def test_a_large_table_of_repeated_words_is_read() -> None:
    table = pa.table({"word": pa.array(["alpha", "beta"] * 150_000)})

    assert decode_parquet(written(table, row_group_size=70_000)).equals(table)


def test_pandas_category_columns_stay_categories() -> None:
    table = pa.table({"city": pa.array(["Kiel", "Bonn", "Kiel"]).dictionary_encode()})

    assert pa.types.is_dictionary(decode_parquet(written(table)).schema.field("city").type)


# --- limits ---------------------------------------------------------------------------------------


def test_rows_and_names_are_judged_before_anything_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(n_rows: int, names: list[str]) -> None:
        raise SubmissionRejected(f"{n_rows} rows of {', '.join(names)}")

    monkeypatch.delattr(pq.ParquetFile, "read")

    with pytest.raises(SubmissionRejected, match="3 rows of age, weight, smokes, city, born"):
        decode_parquet(written(TABLE), judge=refuse)


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(PayloadTooLargeError, match="has 3 rows; at most 2 are allowed"):
        decode_parquet(written(TABLE), limits=Limits(table_rows=2))


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(PayloadTooLargeError, match="has 5 columns; at most 4 are allowed"):
        decode_parquet(written(TABLE), limits=Limits(table_columns=4))


def test_too_many_bytes_are_refused() -> None:
    table = pa.table({"x": np.random.default_rng(0).normal(size=10_000)})
    body = written(table)

    assert decode_parquet(body, limits=Limits(unpacked_bytes=200_000)).equals(table)
    with pytest.raises(PayloadTooLargeError, match="more than the 50000 bytes"):
        decode_parquet(body, limits=Limits(unpacked_bytes=50_000))


@pytest.mark.parametrize(
    "options", [{"row_group_size": 1}, {"data_page_size": 1, "write_batch_size": 1}], ids=str
)
def test_a_crowd_of_pieces_is_refused(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomed_core.wire.parquet._MOST_HEADER_VALUES", 3000)
    table = pa.table({"x": np.arange(3000)})

    assert decode_parquet(written(table)).equals(table)
    with pytest.raises(MalformedPayloadError):
        decode_parquet(written(table, use_dictionary=False, **options))


def test_nan_survives() -> None:
    table = pa.table({"x": pa.array([np.nan, 1.0])})

    assert np.isnan(decode_parquet(written(table)).column("x")[0].as_py())


# --- bombs ----------------------------------------------------------------------------------------

TIGHT = Limits(unpacked_bytes=16 * MIB)


def dictionary_bomb() -> bytes:
    """One long word, referred to 65,536 times: 64 GiB."""
    word = pa.array(["x" * 1_000_000])
    references = pa.DictionaryArray.from_arrays(pa.array([0] * 65_536, pa.int32()), word)
    return written(pa.table({"a": references}), compression="zstd", store_schema=False)


def category_bomb() -> bytes:
    """The same, with a schema that says it is a category."""
    word = pa.array(["x" * 1_000_000])
    references = pa.DictionaryArray.from_arrays(pa.array([0] * 65_536, pa.int32()), word)
    return written(pa.table({"a": references}), compression="zstd")


def repetition_bomb() -> bytes:
    """Numbers that are all equal: 160 MB."""
    zeros = pa.array(np.zeros(100_000))
    return written(pa.table({f"c{i}": zeros for i in range(200)}), compression="zstd")


def zeros_bomb() -> bytes:
    """Zeros in a few well-packed pages, as in the bomb against the published server: 30 MiB."""
    table = pa.table({"a": pa.array([bytes(MIB)] * 30)})
    return written(table, compression="zstd", use_dictionary=False)


def lying_bomb() -> bytes:
    """The same, with a footer that announces 100 bytes."""
    body = zeros_bomb()
    metadata = pq.ParquetFile(io.BytesIO(body)).metadata.row_group(0)
    for size in {metadata.total_byte_size, metadata.column(0).total_uncompressed_size}:
        true = varint(2 * size)
        assert true in body
        body = body.replace(true, varint(200, n_bytes=len(true)))
    lied = pq.ParquetFile(io.BytesIO(body)).metadata.row_group(0)
    assert (lied.total_byte_size, lied.column(0).total_uncompressed_size) == (100, 100)
    return body


def prefix_bomb() -> bytes:
    """Words that share a long prefix, of which only the ends are written: 30 MB."""
    table = pa.table({"a": pa.array(["x" * 1_000_000 + str(number) for number in range(30)])})
    return written(
        table,
        compression="zstd",
        use_dictionary=False,
        column_encoding={"a": "DELTA_BYTE_ARRAY"},
    )


def varint(value: int, *, n_bytes: int = 0) -> bytes:
    """Write a number as Thrift does, with as many bytes as it shall have."""
    digits = []
    while value or len(digits) < n_bytes or not digits:
        digits.append(value & 127)
        value >>= 7
    return bytes([digit | 128 for digit in digits[:-1]] + digits[-1:])


BOMBS = {
    "dictionary": (dictionary_bomb, PayloadTooLargeError, "text of the table unpacks"),
    "category": (category_bomb, PayloadTooLargeError, "text of the table unpacks"),
    "repetition": (repetition_bomb, PayloadTooLargeError, "would unpack to more"),
    "zeros": (zeros_bomb, PayloadTooLargeError, "would unpack to more"),
    "lying footer": (lying_bomb, PayloadTooLargeError, "would unpack to more"),
    "prefix": (prefix_bomb, MalformedPayloadError, "DELTA_BYTE_ARRAY"),
}


@pytest.fixture(scope="module", params=BOMBS)
def bomb(request: pytest.FixtureRequest) -> tuple[bytes, type[RequestError], str]:
    make, error, text = BOMBS[request.param]
    return make(), error, text


def test_bombs_are_refused(bomb: tuple[bytes, type[RequestError], str]) -> None:
    body, error, text = bomb
    assert len(body) < MIB / 4

    with pytest.raises(error, match=text):
        decode_parquet(body, limits=TIGHT)


MEASURE = """
import json, resource, sys, time
from anomed_core.wire import Limits, decode_parquet, encode_parquet
from anomed_core.errors import RequestError
import pyarrow as pa
decode_parquet(encode_parquet(pa.table({"a": ["warm"]})))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
for path in sys.argv[1:]:
    try:
        decode_parquet(open(path, "rb").read(), limits=Limits(unpacked_bytes=2**24))
    except RequestError:
        continue
    sys.exit(f"{path} was read")
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"kibibytes": grown, "seconds": time.process_time() - began}))
"""


@pytest.mark.timed
def test_bombs_cost_little_memory_and_time(tmp_path: Path) -> None:
    paths = []
    for name, (make, _, _) in BOMBS.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(make())

    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, *paths], check=True, capture_output=True, timeout=60
    )

    cost = json.loads(answer.stdout)
    assert cost["kibibytes"] < 64 * 1024
    assert cost["seconds"] < 2


# --- damaged and strange files --------------------------------------------------------------------


def test_cut_off_files_are_refused() -> None:
    body = written(TABLE)

    for n_bytes in (0, 4, 11, 12, len(body) // 2, len(body) - 1):
        with pytest.raises(MalformedPayloadError, match=rf"\({n_bytes} bytes\) is not a parquet"):
            decode_parquet(body[:n_bytes])


def test_a_footer_that_announces_more_than_the_file_is_refused() -> None:
    body = bytearray(written(TABLE))
    body[-8:-4] = (2**31).to_bytes(4, "little")

    with pytest.raises(PayloadTooLargeError, match="footer announces 2147483648 bytes"):
        decode_parquet(bytes(body))


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1], [2, 3]]),
        pa.array([{"a": 1}, {"a": 2}]),
        pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
    ],
    ids=["list", "struct", "map"],
)
def test_nested_columns_are_refused(column: pa.Array) -> None:
    with pytest.raises(MalformedPayloadError, match="Column 'deep' has type"):
        decode_parquet(written(pa.table({"deep": column})))


@pytest.mark.parametrize("use_dictionary", [True, False])
@pytest.mark.parametrize("as_category", [True, False])
def test_text_that_is_not_utf8_is_refused(use_dictionary: bool, as_category: bool) -> None:
    words = pa.array(["findable", "zzz"] * 3)
    sink = io.BytesIO()
    pq.write_table(
        pa.table({"a": words.dictionary_encode() if as_category else words}),
        sink,
        use_dictionary=use_dictionary,
        compression="none",
    )
    body = sink.getvalue()
    assert decode_parquet(body).num_rows == 6
    with pytest.raises(MalformedPayloadError):
        decode_parquet(body.replace(b"findable", b"f\xffndable"))


def test_a_column_that_is_there_twice_is_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["age", "age"])

    with pytest.raises(MalformedPayloadError, match="column 'age' twice"):
        decode_parquet(written(table))


def test_a_column_is_found_by_its_whole_name() -> None:
    table = pa.table({"a.b": ["x", "y"], "a": ["z", "z"], "a.b.c": [1, 2], "": ["", "w"]})
    body = written(table)

    assert decode_parquet(body).equals(table)
    assert decode_parquet(body, columns=["a"]).equals(table.select(["a"]))


def test_a_column_that_is_not_there_cannot_be_chosen() -> None:
    assert decode_parquet(written(TABLE), columns=["other"]).column_names == []


@given(position=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_changed_byte_never_causes_anything_but_a_refusal(position: int, value: int) -> None:
    body = bytearray(written(TABLE, compression="none"))
    body[position % len(body)] = value

    assert_read_or_refused(bytes(body))


@given(st.binary(max_size=300))
def test_arbitrary_footers_are_refused(content: bytes) -> None:
    assert_read_or_refused(b"PAR1" + content + len(content).to_bytes(4, "little") + b"PAR1")


def assert_read_or_refused(body: bytes) -> None:
    try:
        decode_parquet(body, limits=Limits(unpacked_bytes=MIB))
    except RequestError:
        return
