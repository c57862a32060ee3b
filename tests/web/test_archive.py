"""What was paid for is archived, told to its caller alone, replayed, and kept as long as said."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import httpx
import numpy as np
import pytest
from anomed_client import Options, connect
from falcon.testing import Result, TestClient

from anomed_core import (
    ANONYMIZER,
    Account,
    Answer,
    ArraysSchema,
    Call,
    Challenge,
    DataProduct,
    DataRequest,
    HouseAttack,
    JSONSchema,
    Line,
    Metric,
    Operation,
    Resource,
    Role,
    Submission,
    SubmissionKind,
    Target,
    hookimpl,
)
from anomed_core.ledger import Grant
from anomed_core.service.house_attacks import HouseAttackWorker
from anomed_core.service.reevaluation import reevaluate
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing
from tests.interactive_type import Asked

PRIVACY = Account(name="privacy", resources=[Resource(name="epsilon", limit="0.3", lapse="spent")])
TENTH = Line(PRIVACY, "epsilon", "0.1")
ANY = JSONSchema(schema={})
ARRAYS = ArraysSchema.of(x=np.zeros(3))
ASYNC = {"Prefer": "respond-async"}


def operation(run: Callable[[Call], Any] = lambda call: "told", **options: Any) -> Operation:
    facts: dict[str, Any] = {
        "name": "ask",
        "audience": "anonymizer",
        "accounts": [PRIVACY],
        "price": [TENTH],
        "request": ANY,
        "run": run,
    }
    return Operation(**(facts | options))


class World:
    """A server with tokens, and who calls its operations."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = TestClient(create_web_app(server))
        roles = {"alice": Role.ANONYMIZER, "bob": Role.ANONYMIZER, "olga": Role.ORGANISER}
        self.tokens = {
            name: server.tokens.create(Grant(role=role, holder=name, challenge="asked"))
            for name, role in roles.items()
        }

    def ask(self, path: str, who: str = "alice", *, method: str = "GET", **sent: Any) -> Result:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}
        headers |= sent.pop("headers", {})
        return self.client.simulate_request(method, path, headers=headers, **sent)

    def call(self, body: Any = None, who: str = "alice", **headers: str) -> Result:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("/operations/ask", who, method="POST", body=content, headers=given)

    def work(self) -> bool:
        return self.server.job_worker.do_one(lambda: False)

    def spent(self) -> str:
        (facts,) = self.server.ledger.budgets.all("asked")
        (balance,) = facts.balances
        return f"{balance.reserved} {balance.spent}"


Serve = Callable[..., World]


@pytest.fixture
def serve(server_of: OpenServer) -> Serve:
    def make(*operations: Operation, **settings: Any) -> World:
        return World(server_of(Asked(*operations), **{"auth": "tokens", **settings}))

    return make


@pytest.fixture
def world(serve: Serve) -> World:
    return serve(operation(lambda call: {"of": call.payload, "n": 3}))


# --- what is kept ---------------------------------------------------------------------------------


def test_the_archive_tells_what_was_asked_answered_and_spent(world: World) -> None:
    answer = world.call({"b": 1, "a": 0.1})

    (entry,) = world.ask("/archive").json["entries"]
    assert entry["claim"] == int(answer.headers["X-Claim"])
    assert (entry["operation"], entry["anonymizer"], entry["outcome"]) == (
        "ask",
        "alice",
        "answered",
    )
    assert entry["lines"] == [{"account": "privacy", "resource": "epsilon", "amount": "0.1"}]
    assert world.ask("/archive/1").json == entry
    assert world.ask("/archive/1/answer").content == answer.content
    assert world.ask("/archive/1/request").content == b'{"a":0.1,"b":1}', "canonical"
    assert world.server.ledger.verify() == []


def test_what_is_no_json_is_archived_byte_for_byte(serve: Serve, state: Path) -> None:
    world = serve(operation(lambda call: {"x": call.payload["x"]}, request=ARRAYS, answer=ARRAYS))
    body = encode_npz({"x": np.arange(3.0)})

    answer = world.call(body)

    told = world.ask("/archive/1/answer")
    assert told.content == answer.content
    assert np.load(BytesIO(told.content))["x"].tolist() == [0, 1, 2]
    assert world.ask("/archive/1/request").content == body
    assert len(list((state / "archive").glob("*/*/*"))) >= 1


def test_what_was_lost_after_it_began_is_archived_without_an_answer(serve: Serve) -> None:
    def fail(call: Call) -> None:
        call.begin()
        raise KeyError("row 17")

    world = serve(operation(fail))
    assert world.call("how many").status_code == 503

    (entry,) = world.ask("/archive").json["entries"]
    assert (entry["outcome"], entry["answer"]) == ("lost", None)
    assert world.ask("/archive/1/answer").status_code == 404
    assert world.ask("/archive/1/request").content == b'"how many"'


def test_what_cost_nothing_is_not_archived(serve: Serve) -> None:
    def fail(call: Call) -> None:
        raise KeyError("before it began")

    world = serve(operation(fail))
    world.call()

    assert world.ask("/archive").json == {"entries": [], "next": None}


def test_an_answer_that_was_not_paid_for_is_told_to_nobody(serve: Serve) -> None:
    spent = [Line(PRIVACY, "epsilon", 1)]
    world = serve(operation(lambda call: Answer(payload="too much", spent=spent)))

    assert world.call().status_code == 503

    (entry,) = world.ask("/archive", "olga").json["entries"]
    assert (entry["outcome"], entry["answer"]) == ("lost", None)
    assert world.server.ledger.verify() == []


# --- whose it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/archive/1", "/archive/1/request", "/archive/1/answer"])
def test_a_call_of_somebody_else_is_as_unknown_as_none(path: str, world: World) -> None:
    world.call()

    theirs, none = world.ask(path, "bob"), world.ask(path.replace("1", "7"), "bob")
    assert (theirs.status_code, none.status_code) == (404, 404)
    assert theirs.text.replace("1", "7") == none.text
    assert world.ask(path, "olga").status_code == 200
    assert world.ask(path, "nobody").status_code == 401


def test_everybody_reads_their_own_and_the_organiser_everything(world: World) -> None:
    world.call(who="alice")
    world.call(who="bob")

    def told(who: str, query: str = "") -> list[int]:
        return [one["id"] for one in world.ask(f"/archive{query}", who).json["entries"]]

    assert (told("alice"), told("bob"), told("olga")) == ([1], [2], [1, 2])
    assert told("olga", "?anonymizer=bob") == [2]
    assert told("olga", "?after=1") == [2]
    assert world.ask("/archive?anonymizer=bob", "alice").status_code == 403


# --- repeated calls -------------------------------------------------------------------------------


def test_a_repeated_call_gets_the_archived_answer_and_costs_nothing(serve: Serve) -> None:
    numbers = iter(range(9))
    world = serve(operation(lambda call: next(numbers)))

    first, again, other = (world.call(body, Idempotency_Key="k") for body in ("x", "x", "y"))

    assert (first.content, again.content) == (b"0", b"0")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Claim"] == first.headers["X-Claim"]
    assert other.status_code == 422
    assert world.spent() == "0 0.1"


# --- jobs -----------------------------------------------------------------------------------------


def test_a_call_that_nobody_waits_for_gets_the_same_answer_later(world: World) -> None:
    at_once = world.call("x", who="bob")
    accepted = world.call("x", **ASYNC)
    place = accepted.headers["Location"]
    assert (accepted.status_code, accepted.json["what"]) == (202, "operation")
    assert world.ask(place, "bob").status_code == 404

    assert world.work()
    result = world.ask(f"{place}/result")

    assert (result.status_code, result.content) == (200, at_once.content)
    assert result.headers["X-Remaining"] == at_once.headers["X-Remaining"]
    assert result.headers["Content-Type"] == at_once.headers["Content-Type"]
    assert world.ask("/archive/2/answer").content == result.content


def test_a_long_operation_is_always_a_job(serve: Serve) -> None:
    world = serve(operation(long=True))

    accepted = world.call(Idempotency_Key="k")
    again = world.call(Idempotency_Key="k")
    assert (accepted.status_code, again.headers["Location"]) == (202, accepted.headers["Location"])
    assert [world.work(), world.work()] == [True, False]
    assert world.call(Idempotency_Key="k").status_code == 200
    assert world.spent() == "0 0.1"


def test_a_free_operation_may_be_a_job_too(serve: Serve) -> None:
    world = serve(operation(long=True, accounts=[], price=None))

    place = world.call().headers["Location"]
    world.work()

    assert world.ask(f"{place}/result").content == b'"told"'


def test_a_cancelled_call_costs_nothing(world: World) -> None:
    place = world.call(**ASYNC).headers["Location"]
    assert world.spent() == "0.1 0"

    assert world.ask(place, method="DELETE").json["state"] == "cancelled"
    assert world.spent() == "0 0"
    assert not world.work()


def test_what_had_begun_is_not_begun_again(serve: Serve, server_of: OpenServer) -> None:
    begun: list[int] = []
    world = serve(operation(lambda call: begun.append(call.number), long=True))
    place = world.call().headers["Location"]
    job = world.server.jobs.book.get(place.rsplit("/", 1)[1])
    assert job is not None
    assert job.claim is not None
    with world.server.ledger._database.writing() as connection:  # as its worker did, and died
        connection.exec_driver_sql(f"UPDATE claims SET state = 'started' WHERE id = {job.claim}")

    assert world.work()

    assert begun == []
    result = world.ask(f"{place}/result")
    assert (result.status_code, "cut off" in result.json["description"]) == (503, True)
    assert world.spent() == "0 0.1"
    (entry,) = world.ask("/archive").json["entries"]
    assert entry["outcome"] == "lost"
    assert world.server.ledger.verify() == []


def test_the_public_has_no_jobs(serve: Serve) -> None:
    world = serve(operation(audience="public", accounts=[], price=None))

    assert world.call(who="nobody", **ASYNC).status_code == 200
    with pytest.raises(ValueError, match="not for the public"):
        operation(audience="public", long=True)


# --- how long -------------------------------------------------------------------------------------


def test_bodies_are_kept_as_long_as_is_configured(serve: Serve, state: Path) -> None:
    arrays = operation(lambda call: {"x": np.zeros(3)}, answer=ARRAYS)
    world = serve(arrays, archive_kept_s=3600.0)
    world.call("x")
    ledger = world.server.ledger

    assert world.server.archive.retire() == 0
    ledger.reach(ledger.now() + timedelta(hours=2))
    assert world.server.archive.retire() == 1

    assert list((state / "archive").glob("*/*/*")) == []
    assert world.ask("/archive/1").json["answer"]["bytes"] > 0
    assert world.ask("/archive/1/answer").status_code == 404
    assert ledger.verify() == []


def test_files_of_calls_that_were_never_recorded_go(world: World, state: Path) -> None:
    world.server.archive.bodies.keep("999", b"an answer whose process was killed")
    world.server.archive.sweep()
    assert (state / "archive" / "999").exists(), "it may be recorded in a moment"

    world.server.archive.bodies.sweep(set(), linger_s=-1)
    assert not (state / "archive" / "999").exists()


def test_attackers_read_a_transcript_where_the_type_hands_it_out(server_of: OpenServer) -> None:
    class Transcribed(Asked):
        @hookimpl
        def anomed_data_products(self, challenge: Challenge) -> list[DataProduct]:
            def told(request: DataRequest) -> Any:
                return [
                    [one.request, one.answer, [str(line.amount) for line in one.lines]]
                    for one in request.transcript
                ]

            return [
                DataProduct(
                    path="/data/deanonymizer/transcript",
                    schema=ANY,
                    parameters=(ANONYMIZER,),
                    with_transcript=True,
                    data=told,
                )
            ]

    asked = operation(lambda call: {"of": call.payload})
    world = World(server_of(Transcribed(asked), auth="tokens"))
    world.call("x")
    world.call("y", who="bob")
    eve = Grant(role=Role.DEANONYMIZER, holder="eve", challenge="asked")
    world.tokens["eve"] = world.server.tokens.create(eve)

    read = world.ask("/data/deanonymizer/transcript?anonymizer=alice", "eve")
    assert read.json == [["x", {"of": "x"}, ["0.1"]]]
    assert world.ask("/data/deanonymizer/transcript?anonymizer=alice", "bob").status_code == 403


def test_an_attack_is_scored_on_what_was_asked_until_then(server_of: OpenServer) -> None:
    told: list[list[Any]] = []

    class Attacked(Guessing):
        @hookimpl
        def anomed_operations(self, challenge: Challenge) -> list[Operation]:
            return [operation()]

        @hookimpl
        def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
            kinds = super().anomed_submission_kinds(challenge)
            return [attrs.evolve(k, with_transcript=k.name == "deanonymizer") for k in kinds]

        @hookimpl
        def anomed_evaluate_threat(
            self, challenge: Challenge, submission: Submission, target: Target
        ) -> dict[str, float]:
            told.append([one.request for one in target.transcript])
            return {"acc": 0.5}

    server = server_of(Attacked())
    client = TestClient(create_web_app(server))
    guess = encode_npz({"prediction": np.zeros(10)})
    attack = encode_npz({"prediction": np.zeros(10, dtype=bool)})
    final = "data_split=validation"
    client.simulate_post(f"/utility/anonymizer?anonymizer=alice&{final}", body=guess)
    client.simulate_post("/operations/ask?anonymizer=alice", body=b"1")
    who = f"anonymizer=alice&deanonymizer=eve&{final}"
    scored = client.simulate_post(f"/utility/deanonymizer?{who}", body=attack)
    client.simulate_post("/operations/ask?anonymizer=alice", body=b"2")
    assert scored.status_code == 201

    hosted, kept = server.challenges["guessing"], server.submissions.kept
    score = server.ledger.score(2)
    assert score is not None
    submission = kept.of_score(hosted, score)
    assert submission is not None
    again = kept.target_of(hosted, submission, before=2)

    assert told == [[1]]
    assert again is not None
    assert [one.request for one in again.transcript] == [1]


def test_what_is_handed_in_is_scored_and_attacked_with_what_its_author_has_asked(
    server_of: OpenServer,
) -> None:
    class Transcribed(Guessing):
        @hookimpl
        def anomed_operations(self, challenge: Challenge) -> list[Operation]:
            return [operation()]

        @hookimpl
        def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
            kinds = super().anomed_submission_kinds(challenge)
            return [attrs.evolve(k, with_transcript=k.name == "anonymizer") for k in kinds]

        @hookimpl
        def anomed_evaluate_utility(
            self, challenge: Challenge, submission: Submission
        ) -> dict[str, float]:
            spent = sum(line.amount for one in submission.transcript for line in one.lines)
            return {"hits": float(spent), "mae": 0.0}

        @hookimpl
        def anomed_house_attacks(self, challenge: Challenge) -> list[HouseAttack]:
            return [
                HouseAttack(
                    name="count",
                    kind="anonymizer",
                    metrics=[Metric(name="n_calls", bounds=(0, 9), definition="Calls.")],
                    run=lambda submission, _: {"n_calls": len(submission.transcript)},
                )
            ]

    server = server_of(Transcribed())
    client = TestClient(create_web_app(server))
    client.simulate_post("/operations/ask?anonymizer=alice", body=b"1")
    client.simulate_post("/operations/ask?anonymizer=bob", body=b"1")
    guess = encode_npz({"prediction": np.zeros(10)})
    query = "anonymizer=alice&data_split=validation"
    scored = client.simulate_post(f"/utility/anonymizer?{query}", body=guess)
    client.simulate_post("/operations/ask?anonymizer=alice", body=b"2")
    parts: dict[str, Any] = {
        "ledger": server.ledger,
        "submissions": server.submissions.kept,
        "engine": server.submissions.inline,
    }
    worker = HouseAttackWorker(
        challenges=server.challenges, follow_ups=server.follow_ups, timeout_s=5, **parts
    )
    follow_up = server.follow_ups.take(worker.prefix, lease_s=worker.lease_s)
    assert follow_up is not None
    worker.do(follow_up)

    (again,) = reevaluate(server.challenges["guessing"], **parts)
    house = [score for score in server.ledger.scores() if score.origin == "house"]
    assert scored.json == {"hits": 0.1, "mae": 0.0}
    assert again.repeats, "what was asked later does not count"
    assert [dict(score.metrics) for score in house] == [{"n_calls": 1.0}]


def test_the_library_waits_for_a_long_operation(serve: Serve) -> None:
    world = serve(operation(lambda call: {"of": call.payload}, long=True), auth="open")
    app: Any = world.client.app
    options = Options(transport=httpx.WSGITransport(app=app), progress=False)
    challenge = connect("http://server", name="alice", options=options)
    challenge._access.calls.sleep = lambda _: None
    worker = threading.Timer(0.5, world.work)
    worker.start()

    assert challenge.call("ask", "x") == {"of": "x"}
    worker.join()


@pytest.mark.parametrize("number", [0, 2**63 - 1, 2**63, 10**30])
def test_a_number_that_no_database_holds_is_nobodys(number: int, server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Guessing())))

    assert client.simulate_get(f"/archive/{number}").status_code == 404
    assert client.simulate_get(f"/scores/{number}").status_code == 404
    assert client.simulate_get(f"/archive?anonymizer=a&after={number}").status_code in {200, 400}
    assert client.simulate_get(f"/attempts?anonymizer=a&after={number}").status_code in {200, 400}
