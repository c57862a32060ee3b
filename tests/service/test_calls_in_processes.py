"""Calls that run in processes of their own: what becomes of those that die there."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from falcon.testing import TestClient

from anomed_core import (
    Account,
    Call,
    CallRejected,
    ChallengeSpec,
    JSONSchema,
    Line,
    Operation,
    Resource,
    ServerSettings,
)
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.web import create_web_app
from tests.interactive_type import Asked

PRIVACY = Account(name="privacy", resources=[Resource(name="epsilon", limit=9, lapse="spent")])
TIMEOUT_S = 2.0


def run(call: Call) -> Any:
    """Do what was asked for, after beginning with what costs or before."""
    deed, begins = call.payload
    if begins:
        call.begin()
    if deed == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "hang":
        signal.pause()
    if deed == "refuse":
        raise CallRejected("Not that.")
    return [deed, os.getpid()]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    registry = build_registry(discover=False)
    asked = Operation(
        name="ask",
        audience="anonymizer",
        request=JSONSchema(),
        accounts=[PRIVACY],
        price=lambda call: [Line(PRIVACY, "epsilon", 1)],
        run=run,
    )
    registry.add(Asked(asked), name="asked")
    server = open_server(
        [ChallengeSpec(id="asked", type="asked")],
        registry=registry,
        settings=ServerSettings(
            state=tmp_path_factory.mktemp("state") / "state", evaluation_timeout_s=TIMEOUT_S
        ),
        environment={},
        in_background=True,
    )
    yield TestClient(create_web_app(server))
    server.close()


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize(
    ("deed", "status"), [("answer", 200), ("die", 503), ("hang", 504), ("refuse", 422)]
)
def test_what_had_begun_is_spent_and_nothing_else(
    client: TestClient, deed: str, status: int, begins: bool
) -> None:
    who = f"anonymizer={deed}-{begins}"
    if deed == "refuse" and begins:
        status = 503

    answer = client.simulate_post(f"/operations/ask?{who}", json=[deed, begins])

    assert answer.status_code == status, answer.text
    if deed == "answer":
        assert answer.json[1] != os.getpid()
    (account,) = client.simulate_get(f"/accounts?{who}").json["accounts"]
    (balance,) = account["resources"]
    is_spent = deed == "answer" or begins
    assert (balance["reserved"], balance["spent"]) == ("0", "1" if is_spent else "0")
