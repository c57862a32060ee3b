"""What a participant's program asks before it plays: where, who, whom, by which rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from falcon.testing import TestClient

from anomed_core.config import QuotaSettings
from anomed_core.errors import AnomedError
from anomed_core.ledger import Grant
from anomed_core.model import Role
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.web.errors import CODES, STATUS, code_of
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

GUESS = encode_npz({"prediction": np.zeros(10)})


def submit(client: TestClient, anonymizer: str, split: str = "tuning") -> Any:
    query = f"anonymizer={anonymizer}&data_split={split}"
    return client.simulate_post(f"/utility/anonymizer?{query}", body=GUESS)


def bearer(server: Server, role: Role, holder: str, challenge: str = "guessing") -> dict[str, str]:
    token = server.tokens.create(Grant(role=role, holder=holder, challenge=challenge))
    return {"Authorization": f"Bearer {token}"}


def test_a_server_lists_its_challenges(client: TestClient) -> None:
    (listed,) = client.simulate_get("/challenges").json["challenges"]

    assert listed == {
        "id": "guessing",
        "title": "The guessing game",
        "type": "guessing",
        "url": "/challenges/guessing",
    }
    assert client.simulate_get(listed["url"]).json["id"] == "guessing"


def test_the_rules_are_told_before_anything_is_sent(server_of: OpenServer) -> None:
    quota = QuotaSettings(tuning_attempts=3, period_s=60)
    client = TestClient(create_web_app(server_of(Guessing(), quota=quota)))
    facts = client.simulate_get("/challenge.json").json

    assert {"targets", "whoami", "own-attempts"} <= set(facts["features"])
    assert facts["limits"]["body_bytes"] == 64 * 2**20
    assert facts["limits"]["evaluation_timeout_s"] == 60.0
    assert facts["quota"] == {"attempts": 3, "period_s": 60}
    assert facts["phases"] == {}
    assert facts["auth"] == "open"


def test_a_description_that_is_known_is_not_sent_again(client: TestClient) -> None:
    etag = client.simulate_get("/challenge.json").headers["ETag"]
    again = client.simulate_get("/challenge.json", headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_in_open_mode_a_token_is_nobodys(client: TestClient) -> None:
    answer = client.simulate_get("/whoami", headers={"Authorization": "Bearer anything"})

    assert answer.json == {
        "role": None,
        "name": None,
        "challenge": "guessing",
        "team": None,
        "grants": [],
    }


def test_a_token_says_who_one_is(server_of: OpenServer) -> None:
    server = server_of(Guessing(), auth="tokens")
    client = TestClient(create_web_app(server))
    headers = bearer(server, Role.DEANONYMIZER, "eve")

    assert client.simulate_get("/whoami", headers=headers).json == {
        "role": "deanonymizer",
        "name": "eve",
        "challenge": "guessing",
        "team": "eve",
        "grants": [{"role": "deanonymizer", "name": "eve"}],
    }
    assert client.simulate_get("/whoami").status_code == 401


def test_targets_are_those_who_have_submitted(client: TestClient) -> None:
    assert client.simulate_get("/targets").json == []
    submit(client, "bob")
    submit(client, "alice")
    submit(client, "alice", "validation")

    assert client.simulate_get("/targets").json == [
        {"name": "alice", "splits": ["tuning", "validation"]},
        {"name": "bob", "splits": ["tuning"]},
    ]


def test_one_request_tells_all_attempts_of_an_attacker(server_of: OpenServer) -> None:
    server = server_of(Guessing(), auth="tokens")
    client = TestClient(create_web_app(server))
    eve = bearer(server, Role.DEANONYMIZER, "eve")
    mallory = bearer(server, Role.DEANONYMIZER, "mallory")
    for name in ("alice", "bob"):
        headers = bearer(server, Role.ANONYMIZER, name)
        client.simulate_post(
            f"/utility/anonymizer?anonymizer={name}&data_split=tuning", body=GUESS, headers=headers
        )
        kind = client.simulate_get("/challenge.json").json["submissions"][1]
        (array,) = kind["splits"]["tuning"]["arrays"]
        guess = encode_npz({array["name"]: np.zeros(array["shape"], dtype=bool)})
        pair = f"anonymizer={name}&deanonymizer=eve&data_split=tuning"
        answer = client.simulate_post(f"/utility/deanonymizer?{pair}", body=guess, headers=eve)
        assert answer.status_code == 201, answer.text

    told = client.simulate_get("/attempts", headers=eve).json
    assert [(a["anonymizer"], a["deanonymizer"]) for a in told["attempts"]] == [
        ("alice", "eve"),
        ("bob", "eve"),
    ]
    assert (told["kinds"], told["next"]) == ({}, None)
    last = told["attempts"][0]["id"]
    behind = client.simulate_get(f"/attempts?after={last}", headers=eve).json["attempts"]
    assert [attempt["anonymizer"] for attempt in behind] == ["bob"]
    assert client.simulate_get("/attempts", headers=mallory).json["attempts"] == []


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30])
def test_a_place_in_the_history_is_a_number(after: str, client: TestClient) -> None:
    answer = client.simulate_get(f"/attempts?anonymizer=a&after={after}")

    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "invalid_parameter")


def test_a_score_tells_when_attempts_come_back(server_of: OpenServer) -> None:
    quota = QuotaSettings(tuning_attempts=3)
    client = TestClient(create_web_app(server_of(Guessing(), quota=quota)))
    headers = submit(client, "alice").headers
    outlook = client.simulate_get("/attempts?anonymizer=alice").json["kinds"]["anonymizer"]

    assert headers["X-Attempts-Reset"] == outlook["resets_at"]


def test_a_misspelt_route_is_set_right(client: TestClient) -> None:
    answer = client.simulate_get("/data/anonymizer/trainning")

    assert answer.json["description"].startswith(
        "There is no route /data/anonymizer/trainning; did you mean /data/anonymizer/training?"
    )
    assert answer.json["code"] == answer.headers["X-Error-Code"] == "not_found"


def test_every_error_of_a_participant_has_a_code() -> None:
    assert set(CODES) == set(STATUS)
    assert len(set(CODES.values())) == len(CODES)


def test_an_error_without_a_code_is_internal() -> None:
    assert code_of(AnomedError("x")) == "internal"


@pytest.mark.parametrize(
    ("query", "body", "expected", "code"),
    [
        (
            "data_split=tuning",
            GUESS,
            {
                "title": "Missing parameter",
                "description": 'The "anonymizer" parameter is required.',
            },
            "missing_parameter",
        ),
        (
            "anonymizer=a&data_split=tuning",
            b"PKjunk",
            {"title": "Malformed request."},
            "malformed_payload",
        ),
    ],
)
def test_what_published_clients_read_stays_and_the_code_is_a_header(
    query: str, body: bytes, expected: dict[str, str], code: str, client: TestClient
) -> None:
    answer = client.simulate_post(f"/utility/anonymizer?{query}", body=body)

    assert set(answer.json) == {"title", "description"}
    assert expected.items() <= answer.json.items()
    assert answer.headers["X-Error-Code"] == code
