"""``GET /attempts``: a subject's own past and future."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, Phase, Role, Split, Subject
from anomed_core.config import QuotaSettings
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

GUESS = encode_npz({"prediction": np.zeros(10)})
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


def submit(client: TestClient, split: str = "tuning") -> int:
    url = f"/utility/anonymizer?anonymizer=a&data_split={split}"
    return client.simulate_post(url, body=GUESS).status_code


def test_the_history_tells_what_became_of_each_attempt(server_of: OpenServer) -> None:
    game = Guessing()
    client = TestClient(create_web_app(server_of(game)))
    submit(client, "validation")
    game.outcome = lambda _: None
    submit(client)

    facts = client.simulate_get("/attempts?anonymizer=a").json

    final, failed = facts["attempts"]
    assert (final["state"], final["score"], final["data_split"]) == (
        "scored",
        "/scores/1",
        "validation",
    )
    assert (failed["state"], failed["reason"]) == ("released", "EvaluationFailedError")
    assert facts["kinds"] == {
        "anonymizer": {"final": "scored", "tuning_remaining": None, "resets_at": None}
    }
    assert datetime.fromisoformat(facts["now"]).tzinfo is not None


def test_remaining_attempts_are_counted(server_of: OpenServer) -> None:
    quota = QuotaSettings(tuning_attempts=3)
    client = TestClient(create_web_app(server_of(Guessing(), quota=quota)))
    submit(client)

    outlook = client.simulate_get("/attempts?anonymizer=a").json["kinds"]["anonymizer"]

    assert (outlook["final"], outlook["tuning_remaining"]) == ("open", 2)
    assert datetime.fromisoformat(outlook["resets_at"]) > NOW


def test_granted_attempts_are_told_wherever_attempts_are(server_of: OpenServer) -> None:
    server = server_of(Guessing(), quota=QuotaSettings(tuning_attempts=1))
    client = TestClient(create_web_app(server))
    url = "/utility/anonymizer?anonymizer=a&data_split=tuning"
    assert [client.simulate_post(url, body=GUESS).status_code for _ in range(2)] == [201, 429]
    server.ledger.grant_attempts(
        challenge="guessing",
        kind="anonymizer",
        subjects=[Subject(role=Role.ANONYMIZER, anonymizer="a")],
        number=2,
        reason="a crash",
    )

    answer = client.simulate_post(url, body=GUESS)

    assert (answer.status_code, answer.headers["X-Attempts-Remaining"]) == (201, "1")
    outlook = client.simulate_get("/attempts?anonymizer=a").json["kinds"]["anonymizer"]
    assert outlook["tuning_remaining"] == 1


def test_an_attempt_that_returned_is_told(server_of: OpenServer) -> None:
    server = server_of(Guessing())
    client = TestClient(create_web_app(server))
    submit(client, "validation")
    server.ledger.annul(1, "our mistake", return_attempt=True)

    facts = client.simulate_get("/attempts?anonymizer=a").json

    (attempt,) = facts["attempts"]
    assert (attempt["state"], attempt["reason"]) == ("returned", "our mistake")
    assert facts["kinds"]["anonymizer"]["final"] == "open"
    assert submit(client, "validation") == 201


def test_a_pair_sees_the_kinds_of_deanonymizers(client: TestClient) -> None:
    facts = client.simulate_get("/attempts?anonymizer=a&deanonymizer=b").json

    assert list(facts["kinds"]) == ["deanonymizer"]
    assert facts["attempts"] == []


def test_the_history_is_never_kept_by_caches(client: TestClient) -> None:
    response = client.simulate_get("/attempts?anonymizer=a")

    assert response.headers["Cache-Control"] == "private, no-store"


def test_without_a_subject_there_is_no_history(client: TestClient) -> None:
    assert client.simulate_get("/attempts").status_code == 400


# --- phases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "status", "sentence"),
    [
        (Phase(opens=NOW + HOUR), 403, "The tuning phase opens at "),
        (Phase(closes=NOW - HOUR), 403, "The tuning phase closed at "),
        (Phase(opens=NOW - HOUR, closes=NOW + HOUR), 201, ""),
        (Phase(), 201, ""),
    ],
)
def test_submissions_are_taken_while_their_phase_is_open(
    phase: Phase, status: int, sentence: str, server_of: OpenServer
) -> None:
    spec = ChallengeSpec(id="guessing", type="guessing", phases={Split.TUNING: phase})
    client = TestClient(create_web_app(server_of(Guessing(), specs=[spec])))

    response = client.simulate_post(
        "/utility/anonymizer?anonymizer=a&data_split=tuning", body=GUESS
    )

    assert response.status_code == status
    assert sentence in response.json.get("description", "")
    assert submit(client, "validation") == 201


def test_who_lost_the_answer_before_the_close_gets_it_afterwards(server_of: OpenServer) -> None:
    phases = {Split.VALIDATION: Phase(closes=NOW + HOUR)}
    url = "/utility/anonymizer?anonymizer=a&data_split=validation"
    key = {"Idempotency-Key": "once"}
    spec = ChallengeSpec(id="guessing", type="guessing", phases=phases)
    server = server_of(Guessing(), specs=[spec])
    client = TestClient(create_web_app(server))
    first = client.simulate_post(url, body=GUESS, headers=key)
    server.ledger.reach(datetime.now(tz=UTC) + 2 * HOUR)

    again = client.simulate_post(url, body=GUESS, headers=key)
    repeated = client.simulate_post(url, body=GUESS)
    late = client.simulate_post(url.replace("=a", "=b"), body=GUESS)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert (repeated.status_code, repeated.headers["Location"]) == (409, first.headers["Location"])
    assert late.status_code == 403


def test_data_of_a_split_is_handed_out_while_its_phase_is_open(server_of: OpenServer) -> None:
    phases = {Split.VALIDATION: Phase(opens=NOW + HOUR)}
    spec = ChallengeSpec(id="guessing", type="guessing", phases=phases)
    client = TestClient(create_web_app(server_of(Guessing(), specs=[spec])))

    def ask(split: str) -> int:
        url = f"/data/pair?anonymizer=a&deanonymizer=b&data_split={split}"
        return client.simulate_get(url).status_code

    assert (ask("tuning"), ask("validation")) == (200, 403)


def test_phases_are_told_in_utc(server_of: OpenServer) -> None:
    phases = {Split.TUNING: Phase(closes=NOW + HOUR)}
    spec = ChallengeSpec(id="guessing", type="guessing", phases=phases)
    client = TestClient(create_web_app(server_of(Guessing(), specs=[spec])))

    facts = client.simulate_get("/attempts?anonymizer=a").json

    assert facts["phases"] == {"tuning": {"opens": None, "closes": (NOW + HOUR).isoformat()}}


@pytest.mark.parametrize("closes", [NOW, NOW - HOUR])
def test_a_phase_opens_before_it_closes(closes: datetime) -> None:
    with pytest.raises(ValueError, match="must open before it closes"):
        Phase(opens=NOW, closes=closes)
