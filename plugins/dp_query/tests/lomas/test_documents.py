"""Documents on Lomas' wire."""

import math
from datetime import UTC, datetime

import pandas as pd
import pytest
from anomed_dp_query.lomas.documents import (
    PastQuery,
    history_document,
    job_document,
    query_document,
    tight,
)
from anomed_dp_query.lomas.words import LomasError


def test_a_score_that_was_not_paid_for_is_read_as_no_number():
    told = query_document(
        "diffprivlib",
        {"score": None, "model": "gASV"},
        epsilon=1.0,
        delta=0.0,
        requested_by="ann",
    )

    assert math.isnan(float(told["result"]["score"]))
    assert told["result"]["type"] == told["result"]["res_type"] == "diffprivlib"


def test_cells_that_are_missing_are_null_and_times_are_text():
    frame = pd.DataFrame(
        {"n": pd.array([1, None], dtype="Int64"), "t": [pd.Timestamp("2020-01-02"), pd.NaT]}
    )

    assert tight(frame)["data"] == [[1, "2020-01-02T00:00:00"], [None, None]]


@pytest.mark.parametrize(
    ("library", "asked_newer", "told_newer", "is_told"),
    [
        ("opendp", False, False, True),
        ("opendp", False, True, False),
        ("opendp", True, False, False),
        ("opendp", True, True, True),
        ("smartnoise-sql", True, False, True),
        ("smartnoise-sql", False, True, True),
        ("diffprivlib", False, True, True),
        ("smartnoise-synth", False, False, True),
        ("smartnoise-synth", False, True, False),
    ],
)
def test_each_dialect_is_told_what_its_clients_can_decode(
    library, asked_newer, told_newer, is_told
):
    past = PastQuery(
        library=library,
        request={"dataset_name": "D"},
        answer={},
        at=datetime(2026, 1, 1, tzinfo=UTC),
        newer=asked_newer,
    )

    told = history_document([past], dataset="D", user="ann", newer=told_newer)

    assert len(told["previous_queries"]) == is_told
    assert told["queries_omitted"] == (not is_told)


def test_a_job_is_in_progress_complete_or_failed():
    uid = "0123456789abcdef0123456789abcdef"
    error = LomasError(type="ExternalLibraryException", message="No.", library="opendp")

    waiting = job_document(uid, requested_by="ann")
    done = job_document(uid, requested_by="ann", answer=b'{"epsilon": 1.0}')
    failed = job_document("strange", requested_by="", error=error)

    assert waiting["uid"] == "01234567-89ab-cdef-0123-456789abcdef"
    assert (waiting["status"], waiting["result"], waiting["status_code"]) == (
        "in_progress",
        None,
        200,
    )
    assert (done["status"], done["result"]) == ("complete", {"epsilon": 1.0})
    assert (failed["status"], failed["status_code"]) == ("failed", 422)
    assert failed["error"] == {
        "type": "ExternalLibraryException",
        "library": "opendp",
        "message": "No.",
        "ExternalLibraryException": "No.",
    }
    assert failed["uid"] == "00000000-0000-0000-0000-000000000000"
