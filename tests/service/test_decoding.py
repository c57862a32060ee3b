"""From bytes to a payload that fits its schema, or one sentence that says why not."""

import datetime as dt
import io
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anomed_core import (
    ArraySchema,
    ArraysSchema,
    ColumnSchema,
    TableSchema,
)
from anomed_core.errors import MalformedPayloadError, PayloadTooLargeError, SubmissionRejected
from anomed_core.service.decoding import decode
from anomed_core.wire import Limits, encode_npz

LIMITS = Limits()
SCORES = ArraySchema(name="prediction", kinds=("bool", "float", "int"), shape=(4,), low=-9, high=9)
NPZ = ArraysSchema(arrays=[SCORES])


def npz(*values: Any, dtype: Any = None) -> bytes:
    return encode_npz({"prediction": np.array(values, dtype=dtype)})


def table_bytes(**columns: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


# --- arrays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "int32", "uint16", "int64", "float16", "float32", "float64", ">f8"]
)
def test_every_dtype_of_an_accepted_kind_is_taken(dtype: str) -> None:
    payload = decode(npz(0, 1, 1, 0, dtype=dtype), NPZ, LIMITS)

    np.testing.assert_array_equal(payload["prediction"], [0, 1, 1, 0])


def test_payloads_are_read_only() -> None:
    payload = decode(npz(0, 1, 1, 0), NPZ, LIMITS)

    with pytest.raises(ValueError, match="read-only"):
        payload["prediction"][0] = 1


def test_extra_arrays_are_tolerated_and_left_out() -> None:
    body = encode_npz({"note": np.array(["hi"]), "prediction": np.zeros(4)})

    assert list(decode(body, NPZ, LIMITS)) == ["prediction"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (npz(1, 2, 3, dtype=float), "prediction has shape (3,); expected (4,)."),
        (npz([1, 2, 3, 4], dtype=float), "prediction has shape (1, 4); expected (4,)."),
        (encode_npz({"prediction": np.array(1.0)}), "prediction has shape (); expected (4,)."),
        (npz(dtype=float), "prediction has shape (0,); expected (4,)."),
        (npz("a", "b", "c", "d"), "prediction has dtype <U1; expected bool or float or int."),
        (
            npz(1, np.nan, np.inf, 4),
            (
                "prediction holds 2 values that are NaN or infinite, the first at index 1; "
                "send finite numbers only."
            ),
        ),
        (
            npz(1, 2, 3, 10.5),
            "prediction holds values from 1.0 to 10.5; allowed are values from -9 to 9.",
        ),
        (
            npz(-10, 0, 0, 0, dtype="int8"),
            "prediction holds values from -10 to 0; allowed are values from -9 to 9.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        decode(body, NPZ, LIMITS)

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "body",
    [b"", b"[1, 2]", encode_npz({"other": np.zeros(4)}), b"\x93NUMPY"],
    ids=["empty", "JSON", "other name", "npy"],
)
def test_without_the_array_the_sentence_is_that_of_the_published_server(body: bytes) -> None:
    with pytest.raises(
        MalformedPayloadError, match=r"^Expected a NumPy array with name 'prediction'\.$"
    ):
        decode(body, NPZ, LIMITS)


def test_an_optional_array_may_be_absent() -> None:
    optional = attrs.evolve(SCORES, name="confidence", required=False)
    schema = ArraysSchema(arrays=[SCORES, optional])

    assert list(decode(npz(1, 2, 3, 4), schema, LIMITS)) == ["prediction"]


def test_an_npz_of_optional_arrays_may_be_anything_but_another_format() -> None:
    schema = ArraysSchema(arrays=[attrs.evolve(SCORES, required=False)])

    assert decode(encode_npz({"other": np.zeros(4)}), schema, LIMITS) == {}
    with pytest.raises(MalformedPayloadError, match="Expected a NumPy array"):
        decode(b"{}", schema, LIMITS)


def test_nan_is_taken_where_it_is_declared() -> None:
    schema = ArraysSchema(arrays=[attrs.evolve(SCORES, finite=False, low=None, high=None)])

    assert np.isnan(decode(npz(np.nan, 1, 2, 3), schema, LIMITS)["prediction"][0])


def test_any_length_is_taken_where_none_is_declared() -> None:
    schema = ArraysSchema(arrays=[attrs.evolve(SCORES, shape=(None,))])

    assert decode(npz(*range(9)), schema, LIMITS)["prediction"].shape == (9,)


def test_a_wrong_shape_is_refused_before_anything_is_unpacked() -> None:
    body = encode_npz({"prediction": np.zeros(10_000)})

    with pytest.raises(SubmissionRejected, match="shape"):
        decode(body, NPZ, Limits(unpacked_bytes=100))


def test_a_form_where_a_file_is_expected_is_refused() -> None:
    with pytest.raises(MalformedPayloadError, match=r"Expected a plain body, got a form\."):
        decode({"prediction": npz(1, 2, 3, 4)}, NPZ, LIMITS)


# --- tables ---------------------------------------------------------------------------------------

PEOPLE = TableSchema(
    columns=[
        ColumnSchema(name="age", kinds=("int", "float"), low=0, high=120),
        ColumnSchema(name="city", kinds=("str",), categories=("Bonn", "Kiel"), nullable=True),
        ColumnSchema(name="note", kinds=("str",), required=False),
    ],
    min_rows=2,
    max_rows=3,
)


@pytest.mark.parametrize(
    "columns",
    [
        {"age": [1, 2], "city": ["Bonn", "Kiel"]},
        {"age": [1.5, 2], "city": ["Bonn", None]},
        {"age": pa.array([1, 2], pa.uint8()), "city": pa.array([None, None], pa.string())},
        {"age": pa.array([1, 2], pa.float16()), "city": ["Bonn", "Kiel"]},
        {"age": [1, 2], "city": pa.array([None, None], pa.null())},
        {"age": [1, 2], "city": pa.array(["Bonn", "Kiel"]).dictionary_encode()},
        {"age": [1, 2], "city": pa.array(["Bonn", "Kiel"], pa.large_string())},
        {"age": [1, 2], "city": ["Bonn", "Kiel"], "more": [1, 2]},
    ],
)
def test_tables_of_equal_meaning_are_taken(columns: dict[str, Any]) -> None:
    assert decode(table_bytes(**columns), PEOPLE, LIMITS).num_rows == 2


def test_half_floats_come_as_what_can_be_sorted_and_indexed() -> None:
    half = pa.array([1, 2], pa.float16())

    table = decode(table_bytes(age=half, city=["Bonn", "Kiel"], more=half), PEOPLE, LIMITS)

    assert {str(field.type) for field in table.schema} == {"float", "string"}


@pytest.mark.parametrize("text", [False, True])
def test_what_is_quickly_sent_unpacks_to_little_unless_the_kind_declares_it(text: bool) -> None:
    n_rows = 1_500_000
    zeros = pa.array(np.zeros(n_rows, dtype=np.int32))
    words = pa.DictionaryArray.from_arrays(zeros, pa.array(["Bonn"]))
    columns = {"a": words} if text else dict.fromkeys("abc", zeros)
    body = table_bytes(**columns)
    assert len(body) < 100_000

    assert decode(body, TableSchema(max_rows=n_rows), LIMITS).num_rows == n_rows
    with pytest.raises(PayloadTooLargeError):
        decode(body, TableSchema(), LIMITS)


def test_a_text_of_any_width_unpacks_to_little_where_it_is_quickly_sent() -> None:
    labels = ArraysSchema(arrays=[attrs.evolve(SCORES, kinds=("str",), low=None, high=None)])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, prediction=np.zeros(4, dtype="U2000000"))

    with pytest.raises(PayloadTooLargeError, match="would unpack to more"):
        decode(buffer.getvalue(), labels, LIMITS)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"city": ["Bonn"] * 2},
            "The table lacks the columns age; it has city.",
        ),
        (
            {"age": [1], "city": ["Bonn"]},
            "The table has 1 rows; allowed are 2 to 3.",
        ),
        (
            {"age": [1] * 4, "city": ["Bonn"] * 4},
            "The table has 4 rows; allowed are 2 to 3.",
        ),
        (
            {"age": [1, None], "city": ["Bonn"] * 2},
            "Column age has 1 empty cells; fill them.",
        ),
        (
            {"age": pa.array([1.0, float("nan")]), "city": ["Bonn"] * 2},
            "Column age has 1 empty cells; fill them.",
        ),
        (
            {"age": [1.0, float("inf")], "city": ["Bonn"] * 2},
            "Column age has 1 infinite values; send finite numbers only.",
        ),
        (
            {"age": pa.array([1, float("inf")], pa.float16()), "city": ["Bonn"] * 2},
            "Column age has 1 infinite values; send finite numbers only.",
        ),
        (
            {"age": ["1", "2"], "city": ["Bonn"] * 2},
            "Column age has type string; expected int or float.",
        ),
        (
            {"age": [True, False], "city": ["Bonn"] * 2},
            "Column age has type bool; expected int or float.",
        ),
        (
            {"age": [-1, 130], "city": ["Bonn"] * 2},
            "Column age has values from -1 to 130; allowed are values from 0 to 120.",
        ),
        (
            {"age": [1, 2], "city": ["Bonn", "Rom"]},
            "Column city has the unknown value 'Rom'; allowed are Bonn, Kiel.",
        ),
        (
            {"age": [1, 2], "city": ["Bonn"] * 2, "note": ["a", None]},
            "Column note has 1 empty cells; fill them.",
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused_in_one_sentence(
    columns: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        decode(table_bytes(**columns), PEOPLE, LIMITS)

    assert str(refusal.value) == sentence


def test_a_table_without_declared_columns_is_left_to_the_plugin() -> None:
    assert decode(table_bytes(x=[1]), TableSchema(), LIMITS).column_names == ["x"]


def test_the_limit_of_the_server_holds_where_none_is_declared() -> None:
    with pytest.raises(PayloadTooLargeError, match="3 rows; at most 2"):
        decode(table_bytes(x=[1, 2, 3]), TableSchema(), Limits(table_rows=2))


def test_whole_numbers_are_taken_as_floats_where_they_are_equal() -> None:
    schema = ArraysSchema(
        arrays=(ArraySchema(name="epsilon", shape=(2,), kinds=("float",), description="claims"),)
    )

    def send(values: list[int]) -> Any:
        return decode(encode_npz({"epsilon": np.array(values)}), schema, LIMITS)["epsilon"]

    taken = send([1, 10])
    assert (taken.dtype, taken.tolist()) == (np.float64, [1.0, 10.0])
    with pytest.raises(SubmissionRejected, match=r"beyond 2\*\*53"):
        send([1, 2**53 + 1])


@pytest.mark.parametrize(
    ("number", "step", "accepted"),
    [
        (0.1 + 0.2, 0.1, True),
        (0.3 - 3 * 0.1, 0.1, True),
        (0.1 + 0.2, None, False),
        (0.31, 0.1, False),
        (-0.01, 0.1, False),
    ],
)
def test_only_a_number_that_rounding_carried_over_its_bound_is_the_bound(
    number: float, step: float | None, accepted: bool
) -> None:
    column = ColumnSchema(name="x", kinds=("float",), low=0, high=0.3, step=step)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"x": [number]}), sink)
    body, schema = sink.getvalue().to_pybytes(), TableSchema(columns=[column])
    if accepted:
        assert decode(body, schema, LIMITS).num_rows == 1
    else:
        with pytest.raises(SubmissionRejected, match="allowed are"):
            decode(body, schema, LIMITS)


def seen(kind: str, **more: Any) -> TableSchema:
    return TableSchema(columns=[ColumnSchema(name="seen", kinds=kind, nullable=True, **more)])


def as_parquet(values: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"seen": values}), sink)
    return sink.getvalue().to_pybytes()


NOON = dt.datetime(2024, 2, 29, 12)


@pytest.mark.parametrize("kind", ["date", "date-time"])
@pytest.mark.parametrize(
    "values",
    [
        pa.array([NOON.date(), None]),
        pa.array([NOON.date(), None], pa.date64()),
        *(pa.array([NOON, None], pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")),
        pa.array([NOON], pa.timestamp("us", "Asia/Tokyo")),
        pa.nulls(2),
    ],
)
def test_dates_and_date_times_are_taken_in_any_type_of_either(kind: str, values: Any) -> None:
    schema = seen(kind, low="2024-02-29", high="2024-02-29T12:00:00")

    assert decode(as_parquet(values), schema, LIMITS).num_rows == len(values)


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        (
            "date",
            [dt.date(1899, 12, 31), dt.date(2024, 3, 1)],
            "from 1899-12-31 to 2024-03-01; allowed are values from 1900-01-01 to 2024-02-29",
        ),
        (
            "date-time",
            [NOON],
            "from 2024-02-29T12:00:00 to 2024-02-29T12:00:00; allowed are values from 1900-01-01",
        ),
        ("date-time", pa.array([2**62], pa.timestamp("ms")), "allowed are values from 1900"),
        ("date", pa.array([-(2**63) + 1], pa.timestamp("ns")), "has values from 1677-09-21 to"),
        ("date", ["2024-02-28"], "has type .*string; expected date"),
        ("date", [19_000], "has type int64; expected date"),
        ("date-time", [1.0], "has type double; expected date-time"),
    ],
)
def test_what_is_no_allowed_date_is_refused_in_words_of_dates(
    kind: str, values: Any, sentence: str
) -> None:
    schema = seen(kind, low="1900-01-01", high="2024-02-29")

    with pytest.raises(SubmissionRejected, match=sentence):
        decode(as_parquet(values), schema, LIMITS)


def test_a_time_of_day_carries_no_date_over_its_bound() -> None:
    schema = seen("date", low="1969-12-31", high="2024-02-29")
    ends = [dt.datetime(1969, 12, 31, 0, 0, 1), NOON]

    assert decode(as_parquet(ends), schema, LIMITS).num_rows == 2
    with pytest.raises(SubmissionRejected, match="from 1969-12-30 to"):
        decode(as_parquet([dt.datetime(1969, 12, 30, 23, 59), NOON]), schema, LIMITS)


def test_numbers_are_no_dates() -> None:
    column = ColumnSchema(name="seen", kinds=("int", "float"), nullable=True)

    with pytest.raises(SubmissionRejected, match="has type date32"):
        decode(as_parquet([NOON.date()]), TableSchema(columns=[column]), LIMITS)
