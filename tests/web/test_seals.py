"""Sealed finals: a receipt now, the scores when the finals close."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, Phase, Role, ShownRanking, Split
from anomed_core.errors import ConfigError
from anomed_core.ledger import Grant
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

CLOSES = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
PHASES = {Split.VALIDATION: Phase(closes=CLOSES)}
UTILITY = "/utility/anonymizer?anonymizer=alice&data_split={}"
THREAT = "/utility/deanonymizer?anonymizer=alice&deanonymizer=bob&data_split={}"
GUESS = encode_npz({"prediction": np.zeros(10)})
ATTACK = encode_npz({"prediction": np.zeros(10, dtype=bool)})


class Game:
    """A server with tokens, and who plays."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = TestClient(create_web_app(server))
        roles = {"alice": Role.ANONYMIZER, "bob": Role.DEANONYMIZER, "olga": Role.ORGANISER}
        self.tokens = {
            name: server.tokens.create(Grant(role=role, holder=name, challenge="guessing"))
            for name, role in roles.items()
        }

    def ask(self, who: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        method = "GET" if body is None else "POST"
        headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return self.client.simulate_request(method, path, body=body, headers=headers)

    def close(self) -> None:
        self.server.ledger.reach(CLOSES + timedelta(seconds=1))


@pytest.fixture
def game(server_of: OpenServer) -> Game:
    shown = ShownRanking(visible_to="participants", from_="now")
    spec = ChallengeSpec(id="guessing", type="guessing", phases=PHASES, ranking=shown)
    return Game(server_of(Guessing(), specs=[spec], auth="tokens"))


def test_an_attackers_final_is_answered_with_a_receipt(game: Game) -> None:
    assert game.ask("alice", UTILITY.format("validation"), GUESS).json != {}

    final = game.ask("bob", THREAT.format("validation"), ATTACK, **{"Idempotency-Key": "k"})
    again = game.ask("bob", THREAT.format("validation"), ATTACK, **{"Idempotency-Key": "k"})
    second = game.ask("bob", THREAT.format("validation"), ATTACK)
    recorded = game.ask("bob", final.headers["Location"])

    assert (final.status_code, final.json) == (201, {})
    assert final.headers["X-Sealed-Until"] == CLOSES.isoformat()
    assert (again.json, again.headers["X-Sealed-Until"]) == ({}, CLOSES.isoformat())
    assert (second.status_code, second.headers["Location"]) == (409, final.headers["Location"])
    assert (recorded.json["metrics"], recorded.json["opens_at"]) == ({}, CLOSES.isoformat())
    assert recorded.json["payload_digest"]


def test_tuning_is_told_at_once(game: Game) -> None:
    game.ask("alice", UTILITY.format("tuning"), GUESS)
    tuning = game.ask("bob", THREAT.format("tuning"), ATTACK)

    assert tuning.json != {}
    assert "X-Sealed-Until" not in tuning.headers


def test_the_organiser_sees_everything_and_the_others_from_the_close_on(game: Game) -> None:
    game.ask("alice", UTILITY.format("validation"), GUESS)
    final = game.ask("bob", THREAT.format("validation"), ATTACK)
    place = final.headers["Location"]

    assert game.ask("olga", place).json["metrics"] != {}
    assert game.ask("olga", "/ranking").status_code == 200
    assert game.ask("bob", "/ranking").status_code == 403
    assert game.ask("alice", place).status_code == 403

    game.close()

    assert game.ask("bob", place).json["metrics"] == game.ask("olga", place).json["metrics"]
    assert "opens_at" not in game.ask("bob", place).json
    assert game.ask("bob", "/ranking").status_code == 200


def test_the_self_description_says_whose_finals_are_sealed(game: Game) -> None:
    kinds = game.ask("bob", "/challenge.json").json["submissions"]

    assert {kind["name"]: kind["finals"] for kind in kinds} == {
        "anonymizer": "told",
        "deanonymizer": "sealed",
    }


@pytest.mark.parametrize(
    ("auth", "phases", "finals", "is_sealed"),
    [
        ("tokens", PHASES, None, True),
        ("tokens", {}, None, False),
        ("open", PHASES, None, False),
        ("open", PHASES, "sealed", True),
        ("tokens", PHASES, "told", False),
    ],
)
def test_what_is_usual_and_what_the_organiser_decides(
    auth: str, phases: Any, finals: Any, is_sealed: bool, server_of: OpenServer
) -> None:
    spec = ChallengeSpec(id="guessing", type="guessing", phases=phases, finals=finals)
    game = Game(server_of(Guessing(), specs=[spec], auth=auth))
    game.ask("alice", UTILITY.format("validation"), GUESS)

    final = game.ask("bob", THREAT.format("validation"), ATTACK)

    assert (final.json == {}) == is_sealed


def test_finals_that_never_close_are_not_sealed_by_mistake(server_of: OpenServer) -> None:
    spec = ChallengeSpec(id="guessing", type="guessing", finals="sealed")

    with pytest.raises(ConfigError, match=r"guessing\.finals: .* give phases\.validation\.closes"):
        server_of(Guessing(), specs=[spec])
