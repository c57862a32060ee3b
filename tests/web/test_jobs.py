"""Jobs over HTTP: 202, then exactly the answer that somebody would have got who had waited."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from falcon.testing import Result, TestClient

from anomed_core import (
    Challenge,
    ChallengeSpec,
    HouseAttack,
    Metric,
    Phase,
    Role,
    Split,
    Submission,
    SubmissionKind,
    hookimpl,
)
from anomed_core.config import QuotaSettings
from anomed_core.errors import EvaluationTimeoutError
from anomed_core.ledger import Grant
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.wire import Limits, encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

GUESS = encode_npz({"prediction": np.zeros(10)})
OTHER = encode_npz({"prediction": np.ones(10)})
ATTACK = encode_npz({"prediction": np.zeros(10, dtype=bool)})
CLOSES = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
ASYNC = {"Prefer": "respond-async"}
UNTOLD = {"x-request-id", "location", "cache-control"}
"""Headers that differ between two answers anyway."""


class LongGuessing(Guessing):
    """The guessing game, whose evaluations take their time."""

    @hookimpl
    def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
        return [
            attrs.evolve(kind, cheap=False, long=kind.name == "deanonymizer")
            for kind in super().anomed_submission_kinds(challenge)
        ]


class House:
    """An extension with attacks that run on request."""

    ANOMED_API = 1

    @hookimpl
    def anomed_house_attacks(self, challenge: Challenge) -> list[HouseAttack]:
        def attack(name: str, value: float | None) -> HouseAttack:
            return HouseAttack(
                name=name,
                kind="anonymizer",
                on_request=True,
                metrics=[Metric(name=f"{name}_advantage")],
                run=lambda _submission, _rng: (
                    None if value is None else {f"{name}_advantage": value}
                ),
            )

        return [attack("coin", 0.25), attack("die", 0.5), attack("idle", None)]


class Players:
    """A server with tokens or without, and who plays."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = TestClient(create_web_app(server))
        roles = {
            "alice": Role.ANONYMIZER,
            "eve": Role.ANONYMIZER,
            "bob": Role.DEANONYMIZER,
            "olga": Role.ORGANISER,
            "otto": Role.ORGANISER,
        }
        self.tokens = {
            name: server.tokens.create(Grant(role=role, holder=name, challenge="guessing"))
            for name, role in roles.items()
        }

    def ask(
        self,
        who: str,
        path: str,
        body: bytes | None = None,
        *,
        method: str = "",
        **headers: str,
    ) -> Result:
        method = method or ("GET" if body is None else "POST")
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if who in self.tokens:
            given["Authorization"] = f"Bearer {self.tokens[who]}"
        return self.client.simulate_request(method, path, body=body, headers=given)

    def submit(
        self, who: str = "alice", body: bytes = GUESS, split: str = "tuning", **headers: str
    ) -> Result:
        path = f"/utility/anonymizer?anonymizer={who}&data_split={split}"
        return self.ask(who, path, body, **headers)

    def attack(self, split: str = "tuning", **headers: str) -> Result:
        path = f"/utility/deanonymizer?anonymizer=alice&deanonymizer=bob&data_split={split}"
        return self.ask("bob", path, ATTACK, **headers)

    def work(self) -> bool:
        """Do one job, as any worker does."""
        return self.server.job_worker.do_one(lambda: False)

    def place(self, number: int) -> str:
        """Return the address that participants are told of a score."""
        return f"/scores/{self.server.numbers.told(number)}"


OpenPlayers = Callable[..., Players]


@pytest.fixture
def players_of(server_of: OpenServer) -> OpenPlayers:
    def make(game: Guessing | None = None, **settings: Any) -> Players:
        phases = settings.pop("phases", {})
        spec = ChallengeSpec(id="guessing", type="guessing", phases=phases)
        settings = {"auth": "tokens", **settings}
        return Players(server_of(game or LongGuessing(), House(), specs=[spec], **settings))

    return make


@pytest.fixture
def players(players_of: OpenPlayers) -> Players:
    return players_of()


def told(answer: Result) -> tuple[int, bytes, dict[str, str]]:
    """Return what an answer says, save for what is its own."""
    headers = {k.lower(): v for k, v in answer.headers.items() if k.lower() not in UNTOLD}
    return answer.status_code, answer.content, headers


# --- the same answer, later -----------------------------------------------------------------------


@pytest.mark.parametrize("split", ["tuning", "validation"])
@pytest.mark.parametrize("quota", [QuotaSettings(), QuotaSettings(tuning_attempts=3)])
def test_the_result_is_the_answer_that_waiting_would_have_brought(
    split: str, quota: QuotaSettings, players_of: OpenPlayers
) -> None:
    players = players_of(quota=quota)
    at_once = players.submit("eve", split=split)

    accepted = players.submit(split=split, **ASYNC)
    assert accepted.status_code == 202
    assert accepted.headers["Preference-Applied"] == "respond-async"
    place = accepted.headers["Location"]
    assert (accepted.json["state"], accepted.json["result"]) == ("queued", f"{place}/result")
    assert players.work()

    result = players.ask("alice", f"{place}/result")
    assert told(result) == told(at_once)
    assert at_once.headers["Location"] == players.place(1)
    assert result.headers["Location"] == players.place(2)
    one, two = (players.server.ledger.score(number) for number in (1, 2))
    assert one is not None
    assert two is not None
    same = ("kind", "split", "metrics", "parameters", "payload_digest", "fingerprint", "origin")
    recorded = [{name: getattr(score, name) for name in same} for score in (one, two)]
    recorded[0]["parameters"] = {**recorded[0]["parameters"], "anonymizer": "alice"}
    assert recorded[0] == recorded[1]


def test_a_sealed_final_stays_sealed(players_of: OpenPlayers) -> None:
    players = players_of(phases={Split.VALIDATION: Phase(closes=CLOSES)})
    players.submit(split="validation")

    place = players.attack("validation").headers["Location"]
    players.work()

    result = players.ask("bob", f"{place}/result")
    assert (result.status_code, result.content) == (201, b"{}")
    assert result.headers["X-Sealed-Until"] == CLOSES.isoformat()
    assert "metrics" not in players.ask("bob", place).json


@pytest.mark.parametrize(
    "outcome",
    [ZeroDivisionError("row 17 is ill"), {"hits": 2.0}, EvaluationTimeoutError("Too slow.")],
)
def test_a_failure_is_told_as_if_somebody_had_waited(outcome: Any, players_of: OpenPlayers) -> None:
    def fail(_: Submission) -> Mapping[str, float]:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    players = players_of(LongGuessing(outcome=fail), quota=QuotaSettings(tuning_attempts=1))
    at_once = players.submit("eve", X_Request_Id="request-1")

    place = players.submit(X_Request_Id="request-1", **ASYNC).headers["Location"]
    players.work()

    result = players.ask("alice", f"{place}/result", X_Request_Id="request-1")
    assert result.status_code in {503, 504}
    assert told(result) == told(at_once)
    assert players.ask("alice", place).json["state"] == "failed"
    assert players.submit(**ASYNC).status_code == 202, "the attempt is free again"


@pytest.mark.parametrize(
    ("body", "status"), [(b"garbage", 400), (encode_npz({"prediction": np.zeros(3)}), 422)]
)
def test_what_is_refused_is_refused_at_once(body: bytes, status: int, players: Players) -> None:
    assert told(players.submit(body=body, **ASYNC)) == told(players.submit(body=body))
    assert players.submit(body=body, **ASYNC).status_code == status
    assert not players.work()


# --- who gets a job -------------------------------------------------------------------------------


def test_a_long_kind_answers_with_a_job_whoever_asks(players: Players) -> None:
    accepted = players.attack()

    assert accepted.status_code == 202
    assert "Preference-Applied" not in accepted.headers


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("respond-async", 202),
        ("Respond-Async", 202),
        ("return=minimal, respond-async, wait=10", 202),
        ("respond-async; foo=bar", 202),
        ("wait=10", 201),
        ("respond-asynchronously", 201),
        ('foo="respond-async"', 201),
        ("", 201),
    ],
)
def test_the_preference_is_read_as_its_rfc_says(prefer: str, status: int, players: Players) -> None:
    assert players.submit(Prefer=prefer).status_code == status


def test_what_is_cheap_is_answered_at_once(players_of: OpenPlayers) -> None:
    answer = players_of(Guessing()).submit(**ASYNC)

    assert answer.status_code == 201
    assert "Preference-Applied" not in answer.headers


def test_nobody_who_did_not_ask_is_answered_with_a_job(players: Players) -> None:
    assert told(players.submit())[:2] == (201, b'{"hits": 0.1, "mae": 4.5}')


# --- repeated requests ----------------------------------------------------------------------------


def test_a_repeated_request_finds_its_job_and_later_its_score(players: Players) -> None:
    first = players.submit(Idempotency_Key="k", **ASYNC)
    again = players.submit(Idempotency_Key="k", **ASYNC)
    assert (again.status_code, again.headers["Location"]) == (202, first.headers["Location"])

    assert [players.work(), players.work()] == [True, False]
    replayed = players.submit(Idempotency_Key="k", **ASYNC)
    assert (replayed.status_code, replayed.headers["Idempotency-Replayed"]) == (201, "true")
    assert players.server.ledger.n_scores() == 1


def test_another_body_under_the_same_key_is_refused(players: Players) -> None:
    players.submit(Idempotency_Key="k", **ASYNC)

    assert players.submit(body=OTHER, Idempotency_Key="k", **ASYNC).status_code == 422


@pytest.mark.parametrize("headers", [{}, ASYNC])
def test_a_second_final_waits_for_the_first(headers: dict[str, str], players: Players) -> None:
    players.submit(split="validation", **ASYNC)

    second = players.submit(split="validation", **headers)
    assert (second.status_code, second.json["code"]) == (409, "attempt_in_progress")
    players.work()
    third = players.submit(split="validation", **headers)
    assert (third.status_code, third.headers["Location"]) == (409, players.place(1))


def test_nobody_fills_the_queue(players_of: OpenPlayers) -> None:
    players = players_of(limits=Limits(jobs=2))
    accepted = [players.submit(**ASYNC) for _ in range(3)]

    assert [answer.status_code for answer in accepted] == [202, 202, 429]
    assert accepted[2].headers["Retry-After"]
    assert players.submit("eve", **ASYNC).status_code == 202
    players.ask("alice", accepted[0].headers["Location"], method="DELETE")
    assert players.submit(**ASYNC).status_code == 202


# --- whose it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["eve", "bob", "olga"])
@pytest.mark.parametrize(("method", "what"), [("GET", ""), ("DELETE", ""), ("GET", "/result")])
def test_a_job_of_somebody_else_is_as_unknown_as_none(
    who: str, method: str, what: str, players: Players
) -> None:
    place = players.submit(**ASYNC).headers["Location"]
    unknown = "/jobs/" + "0" * 32

    theirs = players.ask(who, place + what, method=method)
    none = players.ask(who, unknown + what, method=method)

    assert theirs.status_code == 404
    own = place.removeprefix("/jobs/")
    assert theirs.text.replace(own, "") == none.text.replace("0" * 32, "")
    assert set(theirs.headers) == set(none.headers)
    assert players.ask("alice", place).json["state"] == "queued"


def test_without_a_token_no_job_is_told(players: Players) -> None:
    place = players.submit(**ASYNC).headers["Location"]

    assert players.ask("nobody", place).status_code == 401
    assert players.ask("nobody", "/jobs/" + "0" * 32).status_code == 401


@pytest.mark.parametrize("identifier", ["1", "x" * 32, "..", "%00", "a" * 5000])
def test_what_is_no_id_is_unknown(identifier: str, players: Players) -> None:
    assert players.ask("alice", f"/jobs/{identifier}").status_code == 404


def test_under_open_whoever_knows_the_address_may_ask(players_of: OpenPlayers) -> None:
    players = players_of(auth="open")
    place = players.submit(**ASYNC).headers["Location"]

    assert players.ask("nobody", place).status_code == 200


# --- how far it is --------------------------------------------------------------------------------


def test_until_the_end_one_is_told_when_to_ask_again(players: Players) -> None:
    place = players.submit(**ASYNC).headers["Location"]

    waiting = players.ask("alice", place)
    early = players.ask("alice", f"{place}/result")
    players.work()
    done = players.ask("alice", place)

    assert (waiting.json["state"], waiting.json["expires_at"]) == ("queued", None)
    assert int(waiting.headers["Retry-After"]) >= 1
    assert (early.status_code, early.json["code"]) == (409, "attempt_in_progress")
    assert early.headers["Retry-After"]
    assert done.json["state"] == "done"
    assert "Retry-After" not in done.headers
    kept = datetime.fromisoformat(done.json["expires_at"]) - datetime.fromisoformat(
        done.json["updated_at"]
    )
    assert kept == timedelta(seconds=players.server.settings.jobs_kept_s)


def test_a_cancelled_job_has_no_result_and_returns_its_attempt(players_of: OpenPlayers) -> None:
    players = players_of(quota=QuotaSettings(tuning_attempts=1))
    place = players.submit(**ASYNC).headers["Location"]

    cancelled = players.ask("alice", place, method="DELETE")

    assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")
    assert players.ask("alice", f"{place}/result").status_code == 404
    assert not players.work()
    assert players.submit().status_code == 201


def test_what_has_ended_stays_as_it_is(players: Players) -> None:
    place = players.submit(**ASYNC).headers["Location"]
    players.work()

    assert players.ask("alice", place, method="DELETE").json["state"] == "done"
    assert players.ask("alice", f"{place}/result").status_code == 201


# --- what happens while it waits ------------------------------------------------------------------


def test_a_job_survives_a_restart(server_of: OpenServer, state: Path) -> None:
    players = Players(server_of(LongGuessing()))
    place = players.submit(**ASYNC).headers["Location"]
    players.server.close()

    again = Players(server_of(LongGuessing()))
    assert again.work()

    assert again.ask("alice", f"{place}/result").content == b'{"hits": 0.1, "mae": 4.5}'


def test_an_attack_whose_target_is_annulled_meanwhile_costs_nothing(players: Players) -> None:
    players.submit(split="validation")
    place = players.attack().headers["Location"]
    (final,) = players.server.ledger.scores()
    players.server.ledger.annul(final.id, "a raw copy")
    players.work()

    result = players.ask("bob", f"{place}/result")
    assert (result.status_code, result.json["code"]) == (403, "not_allowed")
    assert "a raw copy" in result.json["description"]


def test_a_body_goes_after_its_job(players: Players, state: Path) -> None:
    place = players.submit(**ASYNC).headers["Location"]
    refused = players.submit(body=b"garbage", **ASYNC)
    folders = [folder.name for folder in (state / "jobs").iterdir()]
    assert (refused.status_code, folders) == (400, [place.rsplit("/", 1)[1]])

    bodies, book = players.server.jobs.bodies, players.server.jobs.book
    bodies.sweep(book.unfinished(), linger_s=-1)
    assert players.work()
    bodies.sweep(book.unfinished())
    assert (state / "jobs" / folders[0]).exists()
    bodies.sweep(book.unfinished(), linger_s=-1)
    assert not (state / "jobs" / folders[0]).exists()


# --- audits on request ----------------------------------------------------------------------------


def test_an_organiser_lets_the_house_attack(players: Players) -> None:
    players.submit(split="validation")

    accepted = players.ask("olga", "/audits?anonymizer=alice", b"")
    place = accepted.headers["Location"]
    assert (accepted.status_code, accepted.json["what"]) == (202, "audit")
    players.work()

    result = players.ask("olga", f"{place}/result")
    assert result.status_code == 201
    assert result.json == {"coin": {"coin_advantage": 0.25}, "die": {"die_advantage": 0.5}}
    recorded = [s.label for s in players.server.ledger.scores() if s.origin == "house"]
    assert recorded == ["coin", "die"]
    for other in ("otto", "alice"):
        assert players.ask(other, place).status_code == 404


def test_one_attack_can_be_chosen(players: Players) -> None:
    players.submit(split="validation")
    place = players.ask("olga", "/audits?anonymizer=alice&attack=die", b"").headers["Location"]
    players.work()

    assert list(players.ask("olga", f"{place}/result").json) == ["die"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("anonymizer=eve", 422), ("anonymizer=alice&attack=nothing", 422)],
)
def test_there_must_be_something_to_attack(query: str, status: int, players: Players) -> None:
    players.submit(split="validation")

    assert players.ask("olga", f"/audits?{query}", b"").status_code == status


@pytest.mark.parametrize(("who", "status"), [("alice", 403), ("bob", 403), ("nobody", 401)])
def test_nobody_else_asks_for_audits(who: str, status: int, players: Players) -> None:
    players.submit(split="validation")

    assert players.ask(who, "/audits?anonymizer=alice", b"").status_code == status


def test_under_open_nobody_is_an_organiser(players_of: OpenPlayers) -> None:
    players = players_of(auth="open")
    players.submit(split="validation")

    refused = players.ask("olga", "/audits?anonymizer=alice", b"")
    assert refused.status_code == 403
    assert "--auth tokens" in refused.json["description"]
