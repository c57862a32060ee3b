"""Files that people choose in a form become the bodies that programs send."""

from __future__ import annotations

import io
import json
from contextlib import suppress

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core import ArraySchema, ArraysSchema, ColumnSchema, FormSchema, JSONSchema, TableSchema
from anomed_core.errors import (
    MalformedPayloadError,
    PayloadTooLargeError,
    RequestError,
    SubmissionRejected,
)
from anomed_core.model import FormPart
from anomed_core.service.decoding import decode
from anomed_core.service.uploads import as_body, file_formats
from anomed_core.wire import Limits

LIMITS = Limits()
LABELS = ArraysSchema(arrays=[ArraySchema(name="prediction", kinds="int", shape=(3,))])
PEOPLE = TableSchema(
    columns=[
        ColumnSchema(name="zip", kinds="str"),
        ColumnSchema(name="age", kinds="int", low=18, high=90),
        ColumnSchema(name="note", kinds="str", required=False, nullable=True),
    ]
)


def uploaded(content: bytes, schema: object = LABELS) -> object:
    return decode(as_body({"file": content}, schema, LIMITS), schema, LIMITS)  # type: ignore[arg-type]


def npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def npy(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array))
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        npz(prediction=[1, 0, 2]),
        npy([1, 0, 2]),
        b"prediction\n1\n0\n2\n",
        b"[1, 0, 2]",
        b' {"prediction": [1, 0, 2]}',
    ],
    ids=["npz", "npy", "csv", "json list", "json object"],
)
def test_an_array_may_come_in_any_form(content: bytes) -> None:
    assert uploaded(content)["prediction"].tolist() == [1, 0, 2]  # type: ignore[index]


def test_a_table_may_be_a_csv_file_whose_columns_the_schema_knows() -> None:
    table = uploaded(b"zip,age\n01067,33\n99999,18\n", PEOPLE)

    assert isinstance(table, pa.Table)
    assert table.to_pydict() == {"zip": ["01067", "99999"], "age": [33, 18]}


def test_an_optional_column_of_a_csv_file_is_what_the_schema_says() -> None:
    table = uploaded(b"zip,age,note\n01067,33,007\n", PEOPLE)

    assert isinstance(table, pa.Table)
    assert table["note"].to_pylist() == ["007"]


def test_a_parquet_file_goes_on_as_it_is() -> None:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(pd.DataFrame({"zip": ["1"], "age": [20]})), file)

    assert as_body({"file": file.getvalue()}, PEOPLE, LIMITS) == file.getvalue()


def test_what_is_wrong_in_a_csv_file_is_said_as_of_any_other() -> None:
    with pytest.raises(SubmissionRejected, match=r"age.*104.*90|age.*90.*104"):
        uploaded(b"zip,age\n01067,104\n", PEOPLE)
    with pytest.raises(SubmissionRejected, match=r"the file.*line 3.*'age'|'age'.*line 3"):
        uploaded(b"zip,age\n01067,33\n01067,old\n", PEOPLE)
    with pytest.raises(SubmissionRejected, match="no column 'age', only zip"):
        uploaded(b"zip\n01067\n", PEOPLE)


def test_a_csv_file_of_arrays_names_them_in_its_head() -> None:
    with pytest.raises(SubmissionRejected, match=r"columns guess; it needs one .* prediction"):
        uploaded(b"guess\n1\n")


def test_texts_in_arrays_stay_texts() -> None:
    words = ArraysSchema(arrays=[ArraySchema(name="prediction", kinds="str", shape=(None,))])

    assert uploaded(b"prediction\na\nb\n", words)["prediction"].tolist() == ["a", "b"]  # type: ignore[index]


@pytest.mark.parametrize("content", [b"", b'{"prediction": [1, [2]]}', b'{"prediction": [{}]}'])
def test_what_is_no_array_is_refused(content: bytes) -> None:
    with pytest.raises(RequestError):
        uploaded(content)


def test_an_array_alone_is_not_guessed_where_two_are_needed() -> None:
    pair = ArraysSchema(
        arrays=[ArraySchema(name=name, kinds="int", shape=(None,)) for name in ("low", "high")]
    )

    with pytest.raises(MalformedPayloadError, match="which of low, high"):
        uploaded(npy([1]), pair)


def test_parts_of_a_form_are_chosen_one_by_one_and_what_is_not_chosen_is_left_out() -> None:
    form = FormSchema(
        parts=[
            FormPart(name="people", schema=PEOPLE),
            FormPart(name="claim", schema=JSONSchema(schema={}), required=False),
        ]
    )

    body = as_body({"people": b"zip,age\n1,20\n", "claim": b""}, form, LIMITS)

    assert isinstance(body, dict)
    assert list(body) == ["people"]
    assert body["people"].startswith(b"PAR1")


def test_texts_are_bounded_before_they_are_read() -> None:
    with pytest.raises(PayloadTooLargeError, match="send an npz file"):
        uploaded(json.dumps([1] * LIMITS.text_bytes).encode())
    with pytest.raises(PayloadTooLargeError, match="values"):
        uploaded(json.dumps([1] * (LIMITS.json_values + 1)).encode())
    with pytest.raises(PayloadTooLargeError, match="send a parquet file"):
        uploaded(b"zip,age\n" + b"1,20\n" * (16 * 2**20 // 5), PEOPLE)


def test_a_form_says_what_it_takes() -> None:
    assert file_formats(LABELS) == (".npz", ".npy", ".csv", ".json")
    assert file_formats(PEOPLE) == (".parquet", ".csv")
    assert file_formats(JSONSchema(schema={})) == (".json",)


@given(st.binary(max_size=80))
def test_whatever_is_chosen_is_taken_or_refused(content: bytes) -> None:
    for schema in (LABELS, PEOPLE):
        with suppress(RequestError):
            uploaded(content, schema)
