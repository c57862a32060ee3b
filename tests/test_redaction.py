"""What may stand in a log."""

import re
import time

import numpy as np
import pandas as pd
import pytest

from anomed_core.redaction import (
    LONGEST_MESSAGE,
    discreet,
    discreet_message,
    discreet_traceback,
    discreet_value,
)

TOKEN = f"anomed-{'0a' * 16}-{'1b' * 32}"
LABELS = np.array([0, 1, 1, 0, 1])


@pytest.mark.parametrize(
    "text",
    [
        f"the id {TOKEN!r} is none",
        f"Authorization: Bearer {TOKEN}",
        f"authorization: bearer {TOKEN.upper()}",
        f"http://alice:{TOKEN}@127.0.0.1:8000/",
        "Authorization: Basic YWxpY2U6c2VjcmV0",
        "postgresql+psycopg://anomed:YWxpY2U6c2VjcmV0@database/anomed",
    ],
)
def test_tokens_and_passwords_are_masked(text: str) -> None:
    masked = discreet(text).lower()

    assert TOKEN not in masked
    assert "ywxpy2u6c2vjcmv0" not in masked
    assert "<token>" in masked or "<credentials>" in masked


@pytest.mark.parametrize(
    "values",
    [LABELS, LABELS == 1, LABELS * 0.1, [*LABELS * np.pi], tuple(LABELS.tolist()), LABELS * np.nan],
    ids=str,
)
def test_rows_of_values_are_masked(values: object) -> None:
    masked = discreet(f"got {values}, which is odd")

    assert "<values>" in masked
    assert not re.search(r"\d|true|false|nan", masked, flags=re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        'File "a.py", line 12, in evaluate',
        "prediction has shape (9,); expected (10,).",
        "at 2026-11-22T02:34:42.5Z on 127.0.0.1:8000",
        "it has 3 columns and 4 rows, not 5 and 6",
        "the Bearer of news",
    ],
)
def test_sentences_stay_as_they_are(text: str) -> None:
    assert discreet(text) == text


@pytest.mark.timed
@pytest.mark.parametrize("tail", ["", "x", " x", "@", "."])
@pytest.mark.parametrize("head", ["", "1 1 ", "np.a(", "bearer ", "a://"])
@pytest.mark.parametrize("part", ["1", "1.", "1 ", "1e", "[ ", "a@", "://", "np.a(", ".a", "-"])
def test_no_text_costs_more_than_linear_time(head: str, part: str, tail: str) -> None:
    began = time.process_time()

    discreet(head + part * (400_000 // len(part)) + tail)

    assert time.process_time() - began < 2


def test_a_long_value_is_cut_before_it_is_masked() -> None:
    assert discreet_value("1, 2, 3 " + "x" * 10**7) == f"<values> {'x' * 1992} [...]"
    assert discreet_value("a sentence") == "a sentence"


def test_a_message_is_one_line_of_bounded_length() -> None:
    assert discreet_message("one sentence") == "one sentence"
    assert discreet_message("first\nsecond") == "first [...]"
    assert discreet_message("x" * 1000) == "x" * LONGEST_MESSAGE + " [...]"


def fail_with(message: object) -> BaseException:
    try:
        try:
            raise KeyError(message)
        except KeyError as error:
            error.add_note(f"note\n{message}")
            raise ValueError(f"cause\n{message}") from error
    except ValueError as error:
        return error


def test_a_traceback_says_where_and_why_without_data() -> None:
    table = pd.DataFrame({"name": ["Ada Lovelace", "Alan Turing"], "age": [36, 41]})

    told = discreet_traceback(fail_with(str(table)))

    assert "Ada" not in told
    assert "Alan" not in told
    assert "KeyError: " in told
    assert "ValueError: cause [...]" in told
    assert "note [...]" in told
    assert "in fail_with\n    raise KeyError(message)" in told
