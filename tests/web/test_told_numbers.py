"""Under tokens, no number on the wire tells how many scores others got in between."""

import re
from typing import Any

import numpy as np
import pytest
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, Role, ShownRanking
from anomed_core.ledger import Grant
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

BODY = encode_npz({"prediction": np.zeros(10)})
UTILITY = "/utility/anonymizer?anonymizer={}&data_split={}"


class Game:
    """Two anonymizers with tokens, and an organiser."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.client = TestClient(create_web_app(server))
        roles = {"alice": Role.ANONYMIZER, "bert": Role.ANONYMIZER, "olga": Role.ORGANISER}
        self.tokens = {
            name: server.tokens.create(Grant(role=role, holder=name, challenge="guessing"))
            for name, role in roles.items()
        }

    def ask(self, who: str, path: str, body: bytes | None = None) -> Any:
        return self.client.simulate_request(
            "GET" if body is None else "POST",
            path,
            body=body,
            headers={"Authorization": f"Bearer {self.tokens[who]}"},
        )

    def submit(self, who: str, split: str = "tuning") -> Any:
        return self.ask(who, UTILITY.format(who, split), BODY)


@pytest.fixture
def game(server_of: OpenServer) -> Game:
    shown = ShownRanking(visible_to="participants", from_="now")
    spec = ChallengeSpec(id="guessing", type="guessing", ranking=shown)
    return Game(server_of(Guessing(), specs=[spec], auth="tokens"))


def test_no_number_that_a_participant_sees_is_the_ledgers(game: Game) -> None:
    """What is told to alice is the same whether bert has submitted nothing or something else."""
    game.submit("bert")
    tuning, final = game.submit("alice"), game.submit("alice", "validation")
    second = game.submit("alice", "validation")
    for number in range(3):
        assert game.submit("bert").status_code == 201, number
    seen = [
        *(answer.headers["Location"] for answer in (tuning, final, second)),
        game.ask("alice", "/attempts?anonymizer=alice").text,
        game.ask("alice", "/ranking").text,
        game.ask("alice", final.headers["Location"]).text,
    ]

    ours = {score.id for score in game.server.ledger.scores()}
    claims = {one["id"] for one in game.ask("alice", "/attempts?anonymizer=alice").json["attempts"]}
    assert min(claims) > 10_000
    for text in seen:
        numbers = {
            int(one)
            for one in re.findall(r'(?:"(?:id|score|first_score)": |/scores/|,)(\d+)\b', text)
        }
        assert not numbers & ours, text


def test_the_number_that_is_told_is_the_address_everywhere(game: Game) -> None:
    final = game.submit("alice", "validation")
    second = game.submit("alice", "validation")
    place = final.headers["Location"]
    number = int(place.rpartition("/")[2])

    assert second.headers["Location"] == place
    assert game.ask("alice", place).json["id"] == number
    (attempt,) = game.ask("alice", "/attempts?anonymizer=alice").json["attempts"]
    assert attempt["score"] == place
    ranking, *_ = game.ask("alice", "/ranking").json
    assert ranking["entries"][0]["score"] == number
    assert str(number) in game.ask("alice", "/ranking?format=csv").text
    for address in (place, "/scores/1"):  # as the commands of the organiser call it
        assert game.ask("olga", address).json["id"] == 1


def test_the_ledgers_number_is_no_address_even_of_ones_own(game: Game) -> None:
    """Whoever could try numbers would find out theirs."""
    assert game.submit("alice").status_code == 201
    own, foreign = (game.ask("alice", f"/scores/{number}") for number in (1, 2))

    assert (own.status_code, own.json["code"]) == (foreign.status_code, foreign.json["code"])
    assert own.status_code == 403


def test_pages_of_attempts_follow_each_other(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomed_core.web.attempts._PAGE", 2)
    for _ in range(3):
        game.submit("alice")
    pages, after = [], ""
    while after is not None:
        query = f"&after={after}" if after else ""
        told = game.ask("alice", f"/attempts?anonymizer=alice{query}").json
        pages.append([attempt["id"] for attempt in told["attempts"]])
        after = told["next"]

    assert [len(page) for page in pages] == [2, 1]
    assert len({number for page in pages for number in page}) == 3
