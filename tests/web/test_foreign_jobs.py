"""A protocol's clients: names with spaces, jobs where they want them, what they asked before."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

import attrs
import pytest
from falcon.testing import Result, TestClient

from anomed_core import Role
from anomed_core.errors import PluginConflictError
from anomed_core.ledger import Grant
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from tests.conftest import OpenServer
from tests.foreign_type import HEADER, JOBS, Foreign

UNKNOWN = "0" * 32


class Clients:
    """A server with tokens, and people who ask it in a protocol."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = TestClient(create_web_app(server))
        self.tokens = {
            name: server.tokens.create(Grant(role=Role.ANONYMIZER, holder=name, challenge="asked"))
            for name in ("who", "ann", "rich")
        }

    def headers(self, who: str, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}", **more}

    def at_once(self, who: str, path: str, body: Any = None, *, name: str = "") -> Result:
        headers = self.headers(who, **{HEADER: name or who})
        return self.client.simulate_post(f"/other/{path}", body=json.dumps(body), headers=headers)

    def by_job(self, who: str, path: str, body: Any = None, **params: str) -> Result:
        return self.client.simulate_post(
            f"/other/{path}", body=json.dumps(body), headers=self.headers(who), params=params
        )

    def told(self, who: str, uid: str) -> Result:
        return self.client.simulate_get(f"/other/status/{uid}", headers=self.headers(who))

    def work(self) -> None:
        while self.server.job_worker.do_one(lambda: False):
            pass


@pytest.fixture
def clients(server_of: OpenServer) -> Clients:
    return Clients(server_of(Foreign(), auth="tokens"))


# --- who asks -------------------------------------------------------------------------------------


def test_a_name_that_is_no_id_means_one_and_reaches_the_operation(clients: Clients) -> None:
    answer = clients.at_once("who", "ask", "what?", name="Dr. Who")

    assert answer.json == {"asked": "what?", "by": "who", "as": "Dr. Who"}


def test_a_name_of_somebody_else_is_refused_and_told_to_the_protocol(clients: Clients) -> None:
    answer = clients.at_once("ann", "ask", "what?", name="Dr. Who")

    assert answer.status_code == 403
    assert answer.json["claimed"] == "Dr. Who"


def test_a_query_does_not_say_what_the_header_says(clients: Clients) -> None:
    uid = clients.by_job("ann", "ask", "what?", user="Dr. Who").json["uid"]
    clients.work()

    assert clients.told("ann", uid).json["answer"] == {"asked": "what?", "by": "ann", "as": None}


# --- jobs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["ask", "pay"])
def test_a_client_that_wants_a_job_gets_one_in_the_protocols_words(
    path: str, clients: Clients
) -> None:
    accepted = clients.by_job("ann", path, 0.1)
    uid = accepted.json["uid"]
    waiting = clients.told("ann", uid).json
    clients.work()

    assert accepted.status_code == 202
    assert accepted.headers["location"] == f"/jobs/{uid}"
    assert (accepted.json["state"], waiting["state"]) == ("waiting", "waiting")
    for name in (uid, str(uuid.UUID(hex=uid)), uid.upper()):
        answer = clients.told("ann", name)
        assert answer.status_code == 200
        assert answer.json["state"] == "done"
        assert answer.json["answer"] == {"asked": 0.1, "by": "ann", "as": None}
        assert answer.json["operation"] == path
    assert clients.told("ann", uid).content == clients.told("ann", uid).content


def test_jobs_of_others_and_unknown_ones_look_alike(clients: Clients) -> None:
    uid = clients.by_job("ann", "ask", 1).json["uid"]

    others, unknown = clients.told("who", uid), clients.told("who", UNKNOWN)

    assert others.json == {**unknown.json, "uid": uid}
    assert unknown.json["state"] == "unknown"
    assert unknown.json["why"] == "not_found"
    assert unknown.json["of"] == ""


def test_what_a_price_refuses_is_refused_at_once_with_its_details(clients: Clients) -> None:
    answer = clients.by_job("ann", "pay", -1)

    assert answer.status_code == 422
    assert answer.json["details"] == {"word": "negative"}


def test_what_is_refused_later_fails_the_job_with_its_details(clients: Clients) -> None:
    uid = clients.by_job("ann", "ask", "no").json["uid"]
    clients.work()

    told = clients.told("ann", uid).json
    core = clients.client.simulate_get(f"/jobs/{uid}/result", headers=clients.headers("ann"))

    assert (told["state"], told["why"], told["answer"]) == ("failed", "no", None)
    assert (core.status_code, core.json["details"]) == (422, {"word": "no"})


def test_a_job_that_was_cancelled_has_failed(clients: Clients) -> None:
    uid = clients.by_job("ann", "pay", 0.1).json["uid"]
    clients.client.simulate_delete(f"/jobs/{uid}", headers=clients.headers("ann"))

    assert clients.told("ann", uid).json["state"] == "failed"


def test_jobs_outlive_the_server(server_of: OpenServer) -> None:
    first = Clients(server_of(Foreign(), auth="tokens"))
    uid = first.by_job("ann", "pay", 0.1).json["uid"]
    first.work()
    first.server.close()

    second = Clients(server_of(Foreign(), auth="tokens"))
    second.tokens = first.tokens

    assert second.told("ann", uid).json["answer"]["asked"] == 0.1


def test_a_client_that_waits_is_told_what_has_ended_meanwhile(server_of: OpenServer) -> None:
    class Waiting(Foreign):
        protocol = attrs.evolve(Foreign.protocol, jobs=attrs.evolve(JOBS, wait_s=30.0))

    clients = Clients(server_of(Waiting(), auth="tokens"))
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.01):
            clients.work()

    worker = threading.Thread(target=work)
    worker.start()
    answer = clients.by_job("ann", "ask", 1)
    done.set()
    worker.join()

    assert (answer.status_code, answer.json["state"]) == (202, "done")


def test_a_protocol_that_writes_no_answer_is_our_fault(server_of: OpenServer) -> None:
    class Silent(Foreign):
        protocol = attrs.evolve(Foreign.protocol, jobs=attrs.evolve(JOBS, tell=lambda job: None))

    clients = Clients(server_of(Silent(), auth="tokens"))

    assert clients.told("ann", UNKNOWN).status_code == 500


def test_its_own_routes_are_not_the_plugins(server_of: OpenServer) -> None:
    class Twice(Foreign):
        def __init__(self) -> None:
            super().__init__()
            first, *others = self.operations
            self.operations = (attrs.evolve(first, path="/other/oidc/token"), *others)

    with pytest.raises(PluginConflictError, match="/other/oidc/token is claimed twice"):
        create_web_app(server_of(Twice(), auth="tokens"))


# --- what is one's own ----------------------------------------------------------------------------


def test_an_operation_may_know_what_its_caller_asked_and_has_left(clients: Clients) -> None:
    clients.at_once("ann", "pay", 0.1)
    clients.at_once("who", "pay", 0.2)

    told = clients.by_job("ann", "mine").json

    assert told["exchanges"] == [
        {"request": 0.1, "answer": {"asked": 0.1, "by": "ann", "as": "ann"}, "dated": True}
    ]
    assert told["remaining"] == {"epsilon": "0.2", "delta": "0.5"}


def test_single_holders_may_have_limits_of_their_own(clients: Clients) -> None:
    assert clients.at_once("rich", "pay", 9.9).status_code == 200
    assert clients.at_once("rich", "mine").json["remaining"]["epsilon"] == "0.1"
    assert clients.at_once("ann", "pay", 0.4).status_code == 403


def test_an_exhausted_budget_says_what_is_left_of_everything(clients: Clients) -> None:
    clients.at_once("ann", "pay", 0.1)

    answer = clients.at_once("ann", "pay", 0.3)

    assert answer.json["details"] == {
        "account": "privacy",
        "resource": "epsilon",
        "remaining.epsilon": "0.2",
        "remaining.delta": "0.5",
    }
