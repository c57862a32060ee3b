"""Who submits, and what is recorded."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from anomed_core import DataRequest, Role, Score, Split, Subject


def subjects() -> st.SearchStrategy[Subject]:
    return st.one_of(
        st.builds(Subject, role=st.just(Role.ANONYMIZER), anonymizer=st.text()),
        st.builds(
            Subject, role=st.just(Role.DEANONYMIZER), anonymizer=st.text(), deanonymizer=st.text()
        ),
    )


@given(subjects(), subjects())
def test_no_two_subjects_share_a_key(first: Subject, second: Subject) -> None:
    assert (first.key == second.key) is (first == second)


def test_a_request_knows_its_split_and_ids() -> None:
    request = DataRequest(parameters={"anonymizer": "a", "data_split": "tuning"})

    assert (request.anonymizer, request.deanonymizer) == ("a", None)
    assert request.split is Split.TUNING
    assert DataRequest().split is None


def test_a_score_is_plain_json() -> None:
    score = Score(
        id=1,
        challenge="iris",
        kind="deanonymizer",
        subject=Subject(role=Role.DEANONYMIZER, anonymizer="a", deanonymizer="b"),
        split=Split.VALIDATION,
        metrics={"acc": 0.1 + 0.2},
        payload_digest="0" * 64,
        fingerprint="1" * 64,
        recorded_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )

    assert json.loads(json.dumps(score.as_dict())) == {
        "id": 1,
        "challenge": "iris",
        "kind": "deanonymizer",
        "anonymizer": "a",
        "deanonymizer": "b",
        "data_split": "validation",
        "metrics": {"acc": 0.30000000000000004},
        "parameters": {},
        "origin": "participant",
        "label": "",
        "payload_digest": "0" * 64,
        "fingerprint": "1" * 64,
        "supersedes": None,
        "annulled": "",
        "recorded_at": "2026-01-02T03:04:05+00:00",
    }
