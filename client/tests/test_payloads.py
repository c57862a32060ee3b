"""Equal payloads have equal bytes and keys; what cannot be right is said before sending."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from anomed_client import UsageError
from anomed_client.idempotency import submission_key
from anomed_client.payloads import encode
from anomed_client.schemas import (
    Array,
    ArraysSchema,
    Column,
    DocumentSchema,
    FormSchema,
    Part,
    TableSchema,
    TextSchema,
    UnknownSchema,
)
from falcon.media.multipart import MultipartFormHandler
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

ARRAY = ArraysSchema(arrays=(Array(name="prediction"),))
GUESSES = ArraysSchema(arrays=(Array(name="prediction", kinds=("bool",), shape=(3,)),))
TWO = ArraysSchema(arrays=(Array(name="a"), Array(name="b", required=False)))
TABLE = TableSchema(columns=(Column(name="age"), Column(name="sex", required=False)))
ANY_TABLE = TableSchema()
FORM = FormSchema(
    parts=(
        Part(name="anon_data", schema=ANY_TABLE),
        Part(name="anon_scheme", schema=TextSchema(choices=("same", "generalization"))),
        Part(name="claim", schema=DocumentSchema(), required=False),
    )
)
PEOPLE = pd.DataFrame({"age": [1, 2], "sex": ["f", "m"]})


def decoded(body: bytes) -> dict[str, np.ndarray[Any, Any]]:
    with np.load(io.BytesIO(body), allow_pickle=False) as file:
        return dict(file)


FLOATS = hnp.floating_dtypes(sizes=(32, 64))


@given(hnp.arrays(FLOATS, hnp.array_shapes(max_dims=2), elements=st.just(1)))
def test_arrays_arrive_as_they_were(array: np.ndarray[Any, Any]) -> None:
    body = encode(array, ARRAY).body

    (found,) = decoded(body).values()
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    assert encode(array.copy(), ARRAY).body == body


def test_zeros_and_ones_become_bool_where_bool_is_asked_for() -> None:
    assert decoded(encode([0, 1, 1], GUESSES).body)["prediction"].dtype == bool
    with pytest.raises(UsageError, match="expected bool"):
        encode([0.0, 0.5, 1.0], GUESSES)


@pytest.mark.parametrize(
    ("payload", "schema", "sentence"),
    [
        ([[1, 2, 3]], GUESSES, r"shape \(1, 3\); expected \(3,\)"),
        ([1, "a", None], ARRAY, "dtype object"),
        ([[1], [2, 3]], ARRAY, "is no array"),
        ([1.0, np.inf], ARRAY, "inf at position 1"),
        ({"a": [1.0], "c": [1.0]}, TWO, "no array 'c'; allowed are 'a', 'b'"),
        ({"b": [1.0]}, TWO, "'a' is missing"),
        ([5.0], ArraysSchema(arrays=(Array(name="p", high=1.0),)), "at most 1"),
        (pd.DataFrame({"sex": ["f"]}), TABLE, "'age' is missing"),
        (PEOPLE, TableSchema(max_rows=1), "2 rows; at least 0 and at most 1"),
        ([1, 2], TABLE, "a data frame"),
        ({"a": float("nan")}, DocumentSchema(), "no JSON value"),
        ({"a": {1, 2}}, DocumentSchema(), "no JSON value"),
        ({"anon_data": PEOPLE}, FORM, "'anon_scheme' is missing"),
        ({"anon_data": PEOPLE, "anon_scheme": "sane"}, FORM, "allowed are same, generalization"),
        ({"anon_data": PEOPLE, "anon_scheme": "same", "claims": {}}, FORM, "no part 'claims'"),
        (PEOPLE.to_numpy(), FORM, "a mapping of the parts"),
        (Path("/nowhere/x.npz"), ARRAY, "cannot be read"),
        ([1], UnknownSchema(format="video"), "'video'"),
        (3, TextSchema(), "Expected a text"),
        ("xyz", TextSchema(max_length=2), "3 characters"),
    ],
)
def test_what_cannot_be_right_is_said(payload: Any, schema: Any, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        encode(payload, schema)


@pytest.mark.parametrize("table", [PEOPLE, pa.Table.from_pandas(PEOPLE, preserve_index=False)])
def test_tables_arrive_as_they_were(table: Any) -> None:
    found = pd.read_parquet(io.BytesIO(encode(table, TABLE).body))

    pd.testing.assert_frame_equal(found, PEOPLE)


def test_an_index_is_sent_if_it_has_a_name() -> None:
    shuffled = PEOPLE.iloc[[1, 0]]
    named = PEOPLE.set_index(pd.Index([7, 8], name="record_id"))

    for table, index in ((PEOPLE, None), (shuffled, None), (named, "record_id")):
        body = encode(table, ANY_TABLE).body
        assert pd.read_parquet(io.BytesIO(body)).index.name == index
        names = pa.parquet.read_schema(io.BytesIO(body)).names
        assert names == ([*PEOPLE] if index is None else [*PEOPLE, index])
    with pytest.raises(UsageError, match="index has no name"):
        encode(PEOPLE.set_index(pd.Index(["a", "b"])), ANY_TABLE)


def test_numbers_of_numpy_are_json() -> None:
    assert encode([["age", np.int64(3), np.float64(0.5)]], DocumentSchema()).body == (
        b'[["age", 3, 0.5]]'
    )


def test_files_and_bytes_are_sent_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "x.npz"
    file.write_bytes(b"anything")

    assert encode(file, ARRAY).body == encode(b"anything", ARRAY).body == b"anything"


def test_a_form_is_read_as_it_was_written_and_its_key_knows_no_boundary() -> None:
    first = encode({"anon_scheme": "same", "anon_data": b"table", "claim": {"a": 1}}, FORM)
    again = encode({"anon_data": b"table", "claim": {"a": 1}, "anon_scheme": "same"}, FORM)

    assert first.content_type is not None
    parts = MultipartFormHandler().deserialize(
        io.BytesIO(first.body), first.content_type, len(first.body)
    )
    assert {part.name: part.get_data() for part in parts} == {
        "anon_data": b"table",
        "anon_scheme": b"same",
        "claim": b'{"a": 1}',
    }
    assert (first.body, first.digest) == (again.body, again.digest)
    assert first.digest != encode({"anon_scheme": "same", "anon_data": b"tables"}, FORM).digest


NAMES = st.text(max_size=8)


@given(st.lists(st.tuples(NAMES, NAMES, NAMES, NAMES), min_size=2, max_size=2, unique=True))
def test_any_change_changes_the_key(facts: list[tuple[str, str, str, str]]) -> None:
    one, other = (
        submission_key(challenge=a, fingerprint=b, kind=c, parameters={"p": d}, digest="e")
        for a, b, c, d in facts
    )
    assert one != other
    assert len(one) <= 255
