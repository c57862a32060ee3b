"""Resources of plugins' own learn who asks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import falcon
import pytest
from falcon.testing import TestClient

from anomed_core import Role, caller_of, hookimpl
from anomed_core.ledger import EVERY_CHALLENGE, Grant
from anomed_core.web import create_web_app
from tests.conftest import OpenServer
from tests.example_types import Guessing


class Who:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        caller = caller_of(req)
        resp.media = [caller.id, caller.role.value, caller.team] if caller else None


class Asking(Guessing):
    @hookimpl
    def anomed_extra_routes(self) -> dict[str, Any]:
        return {"/who": Who()}


WHO = "/challenges/guessing/who"


def test_with_tokens_it_is_the_holder_by_the_id_that_the_query_names(
    server_of: OpenServer,
) -> None:
    server = server_of(Asking(), Guessing(name="riddles"), auth="tokens")
    client = TestClient(create_web_app(server))

    def who(*grants: tuple[Role, str, str], query: str = "") -> Any:
        granted = [Grant(role=r, holder=holder, challenge=where) for r, holder, where in grants]
        token = server.tokens.create(*granted, team="red") if granted else "x"
        headers = {"Authorization": f"Bearer {token}"} if granted else {}
        return client.simulate_get(WHO + query, headers=headers).json

    ann = (Role.ANONYMIZER, "ann", "guessing")
    eve = (Role.DEANONYMIZER, "eve", "guessing")
    assert who(ann) == ["ann", "anonymizer", "red"]
    assert who(ann, eve, query="?deanonymizer=eve") == ["eve", "deanonymizer", "red"]
    assert who((Role.ORGANISER, "olga", EVERY_CHALLENGE)) == ["olga", "organiser", "red"]
    assert who((Role.ANONYMIZER, "ann", "riddles")) is None
    assert who(query="?anonymizer=ann") is None


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("?anonymizer=ann", ["ann", "anonymizer", ""]),
        ("?anonymizer=ann&deanonymizer=eve", ["eve", "deanonymizer", ""]),
        ("", None),
    ],
)
def test_without_tokens_it_is_whom_the_query_names(
    query: str, answer: Any, server_of: OpenServer
) -> None:
    client = TestClient(create_web_app(server_of(Asking())))

    assert client.simulate_get(f"/who{query}").json == answer


def test_elsewhere_it_is_a_mistake_of_whoever_asks() -> None:
    req: Any = SimpleNamespace(context=SimpleNamespace())

    with pytest.raises(TypeError, match="anomed_extra_routes"):
        caller_of(req)
