"""Who may call an operation, and as what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from anomed_core import (
    Call,
    Operation,
    Role,
    hookimpl,
)
from anomed_core.ledger import Grant, TeamBook
from anomed_core.web import create_web_app
from tests.conftest import OpenServer
from tests.interactive_type import Asked
from tests.paying import Serve, operation


def free(run: Callable[[Call], Any], **options: Any) -> Operation:
    return operation(run, accounts=(), price=None, **options)


def whoever(call: Call) -> list[str]:
    return [call.caller.role.value, call.caller.id, call.caller.team]


AUDIENCES = {
    "anonymizers": "anonymizer",
    "players": ("anonymizer", "deanonymizer"),
    "organisers": "organiser",
    "everybody": ("public", "anonymizer"),
}


@pytest.fixture
def guarded(server_of: OpenServer) -> Callable[..., Result]:
    """Call an operation with a token; the operations are those of `AUDIENCES`."""
    declared = [free(whoever, name=n, audience=who) for n, who in AUDIENCES.items()]
    server = server_of(Asked(*declared), auth="tokens")
    grants = {"ann": Role.ANONYMIZER, "dan": Role.DEANONYMIZER, "olga": Role.ORGANISER}
    tokens = {
        name: server.tokens.create(
            Grant(role=role, holder=name, challenge="asked"), team=f"t{name}"
        )
        for name, role in grants.items()
    }
    client = TestClient(create_web_app(server))

    def call(who: str | None, name: str, query: str = "", *, disqualified: str = "") -> Result:
        if disqualified:
            TeamBook(server.ledger._database).disqualify(disqualified, "cheating")
        headers = {"Authorization": f"Bearer {tokens[who]}"} if who else {}
        return client.simulate_post(f"/operations/{name}{query}", headers=headers)

    return call


@pytest.mark.parametrize(
    ("who", "name", "told"),
    [
        ("ann", "anonymizers", ["anonymizer", "ann", "tann"]),
        ("dan", "anonymizers", 403),
        ("olga", "anonymizers", 403),
        (None, "anonymizers", 401),
        ("ann", "players", ["anonymizer", "ann", "tann"]),
        ("dan", "players", ["deanonymizer", "dan", "tdan"]),
        ("olga", "organisers", ["organiser", "olga", "tolga"]),
        ("ann", "organisers", 403),
        ("ann", "everybody", ["anonymizer", "ann", "tann"]),
        ("dan", "everybody", ["public", "", ""]),
        (None, "everybody", ["public", "", ""]),
    ],
)
def test_a_token_decides_who_may_call(
    guarded: Callable[..., Result], who: str | None, name: str, told: Any
) -> None:
    response = guarded(who, name)

    assert (response.json if response.status_code == 200 else response.status_code) == told


def test_nobody_calls_under_anothers_id(guarded: Callable[..., Result]) -> None:
    assert guarded("ann", "anonymizers", "?anonymizer=bea").status_code == 403


def test_a_disqualified_team_calls_nothing(guarded: Callable[..., Result]) -> None:
    assert guarded("ann", "anonymizers", disqualified="tann").status_code == 403
    assert guarded("dan", "players").status_code == 200


@pytest.mark.parametrize(
    ("name", "query", "told"),
    [
        ("players", "?anonymizer=a", ["anonymizer", "a", ""]),
        ("players", "?anonymizer=a&deanonymizer=d", ["deanonymizer", "d", ""]),
        ("everybody", "", ["public", "", ""]),
        ("everybody", "?anonymizer=a", ["anonymizer", "a", ""]),
        ("organisers", "", ["organiser", "", ""]),
        ("anonymizers", "", 'The "anonymizer" parameter is required.'),
        ("players", "", 'The "deanonymizer" parameter is required.'),
    ],
)
def test_without_tokens_the_query_tells_who_calls(
    serve: Serve, name: str, query: str, told: Any
) -> None:
    declared = [free(whoever, name=n, audience=who) for n, who in AUDIENCES.items()]

    response = serve(*declared).client.simulate_post(f"/operations/{name}{query}")

    assert (response.json if response.status_code == 200 else response.json["description"]) == told


def test_extensions_decide_about_calls(server_of: OpenServer) -> None:
    class Closing:
        ANOMED_API = 1

        @hookimpl
        def anomed_authorize(self, action: str) -> bool | None:
            return False if action == "call ask" else None

    client = TestClient(create_web_app(server_of(Asked(free(whoever)), Closing())))

    assert client.simulate_post("/operations/ask?anonymizer=a").status_code == 403
