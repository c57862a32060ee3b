"""From bytes to JSON, text and forms that fit their schema."""

import json
import sys
import time
from typing import Any

import pytest

from anomed_core import (
    FormPart,
    FormSchema,
    JSONSchema,
    TextSchema,
)
from anomed_core.errors import MalformedPayloadError, PayloadTooLargeError, SubmissionRejected
from anomed_core.service.decoding import decode
from anomed_core.wire import Limits

from .test_decoding import LIMITS, PEOPLE, table_bytes


def test_json_is_decoded() -> None:
    assert decode('{"a": ["ä", 1.5]}'.encode(), JSONSchema(), LIMITS) == {"a": ["ä", 1.5]}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b"[" * 100_000, b"{'a': 1}"]
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedPayloadError, match=r"JSON document \(RFC 8259\)|text in UTF-8"):
        decode(body, JSONSchema(), LIMITS)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("1e999", "1e999,"),
        ("-1e999", "-1e999,"),
        ("9" * 309, "99999999999999999999... of 309 characters,"),
        ("-" + "9" * 5000, "-9999999999999999999... of 5001 characters,"),
    ],
    ids=["large", "small", "whole", "longer than Python reads"],
)
@pytest.mark.parametrize("schema", [{}, {"items": {"type": "number", "multipleOf": 0.1}}], ids=str)
def test_numbers_that_no_float_can_hold_are_refused(
    number: str, shown: str, schema: dict[str, Any]
) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        decode(f"[{number}]".encode(), JSONSchema(schema=schema), LIMITS)

    assert f"holds the number {shown} which is beyond 1.8e308" in str(refusal.value)


def test_the_largest_float_is_a_number() -> None:
    largest = sys.float_info.max

    assert decode(f"[{largest!r}, {int(largest)}]".encode(), JSONSchema(), LIMITS) == [
        largest,
        int(largest),
    ]


@pytest.mark.parametrize("document", [[0] * 99, {str(n): n for n in range(99)}, [[[0] * 32] * 3]])
def test_json_of_too_many_values_is_refused_before_its_schema_is_looked_at(
    document: object,
) -> None:
    body, schema = json.dumps(document).encode(), JSONSchema(schema={"minItems": 1})

    decode(body, schema, Limits(json_values=101))
    with pytest.raises(PayloadTooLargeError, match="more than 99 values; send fewer"):
        decode(body, schema, Limits(json_values=99))


@pytest.mark.timed
def test_json_that_fits_nowhere_costs_no_more_than_reading_it() -> None:
    items = {"type": "array", "items": {"type": "object"}}
    began = time.process_time()

    with pytest.raises(SubmissionRejected, match="expected object, got number"):
        decode(
            json.dumps([0] * 330_000).encode(), JSONSchema(schema=items), Limits(json_values=10**6)
        )

    assert time.process_time() - began < 1


def test_large_json_is_refused() -> None:
    with pytest.raises(PayloadTooLargeError, match="has 102 bytes; at most 100"):
        decode(json.dumps("x" * 100).encode(), JSONSchema(), Limits(text_bytes=100))


FORM = FormSchema(
    parts=[
        FormPart(name="anon_data", schema=PEOPLE),
        FormPart(name="anon_scheme", schema=TextSchema(choices=("same", "other"), max_length=9)),
        FormPart(name="note", schema=TextSchema(max_length=3), required=False),
    ]
)
DATA = table_bytes(age=[1, 2], city=["Bonn", "Kiel"])


def test_the_parts_of_a_form_are_decoded_each_by_its_schema() -> None:
    payload = decode({"anon_data": DATA, "anon_scheme": b"same"}, FORM, LIMITS)

    assert payload["anon_data"].num_rows == 2
    assert payload["anon_scheme"] == "same"
    assert list(payload) == ["anon_data", "anon_scheme"]


@pytest.mark.parametrize(
    ("body", "error", "sentence"),
    [
        (
            DATA,
            MalformedPayloadError,
            "Expected a multipart/form-data body with the parts anon_data, anon_scheme, note.",
        ),
        (
            {"anon_data": DATA, "anon_scheme": b"same", "notes": b"?"},
            MalformedPayloadError,
            "There is no part 'notes' in this form; allowed are anon_data, anon_scheme, note.",
        ),
        (
            {"anon_data": DATA},
            MalformedPayloadError,
            "Expected a part with name 'anon_scheme'.",
        ),
        (
            {"anon_data": DATA, "anon_scheme": b"fancy"},
            SubmissionRejected,
            "Got 'fancy'; allowed are same, other.",
        ),
        (
            {"anon_data": DATA, "anon_scheme": b"\xff"},
            MalformedPayloadError,
            "Expected text in UTF-8.",
        ),
        (
            {"anon_data": DATA, "anon_scheme": b"same", "note": b"long"},
            PayloadTooLargeError,
            "The text has 4 characters; at most 3 are allowed.",
        ),
    ],
)
def test_forms_that_do_not_fit_are_refused_in_one_sentence(
    body: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error) as refusal:
        decode(body, FORM, LIMITS)

    assert str(refusal.value) == sentence


CLAIM = JSONSchema(
    schema={"type": "object", "required": ["epsilon"], "properties": {"epsilon": {"minimum": 0}}}
)


def test_a_document_that_fits_its_schema_is_taken() -> None:
    assert decode(b'{"epsilon": 1.5}', CLAIM, LIMITS) == {"epsilon": 1.5}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"epsilon": -1}', r"at \$\.epsilon: -1 is less than the minimum of 0\."),
        (b"{}", r"at \$: lacks 'epsilon'\."),
        (b"[]", r"at \$: expected object, got array\."),
    ],
)
def test_a_document_that_does_not_fit_is_refused_with_the_place(body: bytes, reason: str) -> None:
    with pytest.raises(SubmissionRejected, match=reason):
        decode(body, CLAIM, LIMITS)


NOTES = {
    "type": "array",
    "minItems": 3,
    "maxItems": 4,
    "uniqueItems": True,
    "items": {"type": "string", "maxLength": 9, "pattern": "^[a-z ]*$"},
}


@pytest.mark.parametrize(
    ("notes", "reason"),
    [
        (["met anna"], "$: has 1 items; at least 3 are allowed."),
        (["met anna"] * 5, "$: has 5 items; at most 4 are allowed."),
        (["met anna"] * 3, "$: array does not keep uniqueItems: true."),
        (["a", "b", "met anna there"], "$[2]: has 14 characters; at most 9 are allowed."),
        (["a", "b", None], "$[2]: expected string, got null."),
    ],
)
def test_the_reason_counts_instead_of_repeating_the_document(notes: list[Any], reason: str) -> None:
    with pytest.raises(SubmissionRejected) as error:
        decode(json.dumps(notes).encode(), JSONSchema(schema=NOTES), LIMITS)

    assert str(error.value).endswith(f"at {reason}")
    assert "anna" not in str(error.value)


def test_where_a_document_breaks_off_is_told() -> None:
    with pytest.raises(MalformedPayloadError, match="line 2, column 2"):
        decode(b'["a",\n ', JSONSchema(schema=NOTES), LIMITS)


def test_of_a_long_document_the_reason_quotes_a_part() -> None:
    schema = JSONSchema(schema={"items": {"type": "string"}, "maxItems": 3})

    with pytest.raises(SubmissionRejected) as error:
        decode(json.dumps(["x" * 50] * 400).encode(), schema, LIMITS)

    assert len(str(error.value)) < 300


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '[{"b": {"a": 1, "c": 2, "a": 1}}]'])
def test_a_member_that_is_named_twice_is_refused(text: str) -> None:
    with pytest.raises(MalformedPayloadError, match="the member 'a' twice; name it once"):
        decode(text.encode(), JSONSchema(), Limits())
