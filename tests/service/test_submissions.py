"""One submission's way through the server, and what it costs when something fails on the way."""

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import attrs
import numpy as np
import pytest
from structlog.testing import capture_logs

from anomed_core import Role, Score, Split, Subject, Submission, SubmissionRejected, hookimpl
from anomed_core.config import QuotaSettings
from anomed_core.engine import Engine
from anomed_core.errors import (
    AlreadyScoredError,
    AttemptInProgressError,
    EvaluationFailedError,
    EvaluationTimeoutError,
    LedgerError,
    LedgerFullError,
    MalformedPayloadError,
    QuotaExhaustedError,
    RequestError,
)
from anomed_core.service import Receipt, Submissions
from anomed_core.service.server import Server
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Doubling, Guessing, Watching

ANONYMIZER = Subject(role=Role.ANONYMIZER, anonymizer="a")
TUNING = {"anonymizer": "a", "data_split": "tuning"}
FINAL = {"anonymizer": "a", "data_split": "validation"}
GUESS = encode_npz({"prediction": np.zeros(10)})
OTHER_GUESS = encode_npz({"prediction": np.ones(10)})
GARBAGE = b"garbage"
ONE_ATTEMPT = QuotaSettings(tuning_attempts=1)


def submit(
    server: Server,
    query: dict[str, str] = TUNING,
    body: bytes = GUESS,
    *,
    kind: str = "anonymizer",
    submissions: Submissions | None = None,
    replay_key: str | None = None,
) -> Receipt:
    hosted = server.challenges["guessing"]
    return (submissions or server.submissions).submit(
        hosted,
        hosted.kind(kind),
        query=query,
        body=body,
        request_id="r1",
        replay_key=replay_key,
    )


def states(server: Server, subject: Subject = ANONYMIZER) -> list[str]:
    return [
        attempt.state for attempt in server.ledger.attempts(challenge="guessing", subject=subject)
    ]


# --- what is scored -------------------------------------------------------------------------------


def test_a_submission_is_scored_and_recorded(server: Server) -> None:
    receipt = submit(server)

    assert receipt.score.metrics == {"hits": 0.1, "mae": 4.5}
    assert list(receipt.score.metrics) == ["hits", "mae"]
    assert server.ledger.score(receipt.score.id) == receipt.score
    assert (receipt.remaining, receipt.replayed) == (None, False)
    assert states(server) == ["scored"]


def test_an_extension_wraps_the_evaluation_and_adds_a_metric(server_of: OpenServer) -> None:
    server = server_of(Guessing(), Doubling())

    assert submit(server).score.metrics == {"hits": 0.1, "mae": 4.5, "doubled": 9.0}


def test_metrics_that_are_numpy_scalars_are_recorded_as_floats(
    server_of: OpenServer,
) -> None:
    game = Guessing(outcome=lambda _: {"mae": np.float32(0.5), "hits": np.int64(1)})

    metrics = submit(server_of(game)).score.metrics

    assert metrics == {"hits": 1.0, "mae": 0.5}
    assert all(type(value) is float for value in metrics.values())


def test_the_attacked_anonymizer_comes_with_its_final_scores(
    server: Server, game: Guessing
) -> None:
    attack = encode_npz({"prediction": np.zeros(10, dtype=bool)})
    submit(server, {**FINAL, "anonymizer": "other"})
    submit(server, TUNING)
    final = submit(server, FINAL).score

    for split in (TUNING, FINAL):
        submit(server, {**split, "deanonymizer": "d"}, attack, kind="deanonymizer")

    assert [target.anonymizer for target in game.targets] == ["a", "a"]
    assert [target.scores for target in game.targets] == [(final,), (final,)]


def test_what_is_not_cheap_runs_in_the_engine(server_of: OpenServer) -> None:
    class Listing(Engine):
        jobs: ClassVar[list[str]] = []

        def run(self, job: Any) -> Any:
            self.jobs.append(str(job).split()[0])
            return server.submissions.inline.run(job)

        def close(self) -> None: ...

    server = server_of(Guessing(cheap=False))

    submit(server, submissions=attrs.evolve(server.submissions, engine=Listing()))

    assert Listing.jobs == ["validation", "evaluation"]


def test_bodies_of_finals_are_kept_and_others_are_not(server: Server) -> None:
    submit(server, TUNING, OTHER_GUESS)
    final = submit(server, FINAL, GUESS).score

    assert server.submissions.kept.payloads.read(final.payload_digest) == GUESS
    assert len([path for path in server.state.payloads.rglob("*") if path.is_file()]) == 1


# --- a refused submission costs nothing -----------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({}, GUESS),
        ({**TUNING, "data_split": "garbage"}, GUESS),
        (TUNING, b""),
        (TUNING, GARBAGE),
        (TUNING, encode_npz({"prediction": np.zeros(9)})),
        (TUNING, encode_npz({"prediction": np.full(10, np.nan)})),
        (TUNING, encode_npz({"prediction": np.full(10, 1e7)})),
    ],
)
def test_a_refused_submission_costs_nothing(
    query: dict[str, str], body: bytes, server_of: OpenServer
) -> None:
    server = server_of(Guessing(), quota=ONE_ATTEMPT)

    with pytest.raises(RequestError):
        submit(server, query, body)

    assert states(server) == []
    assert submit(server).remaining == 0


def test_a_plugin_refuses_before_the_claim(server_of: OpenServer) -> None:
    def refuse(submission: Submission) -> None:
        raise SubmissionRejected("All zero.")

    game = Guessing(verdict=refuse)
    server = server_of(game)

    with pytest.raises(SubmissionRejected, match=r"^All zero\.$"):
        submit(server, FINAL)

    assert states(server) == []
    assert game.evaluated == []


def test_an_extension_refuses_as_well_as_the_owner(server_of: OpenServer) -> None:
    class Strict(Watching):
        @hookimpl
        def anomed_validate_submission(self, submission: Submission) -> None:
            raise SubmissionRejected("Not today.")

    with pytest.raises(SubmissionRejected, match="Not today"):
        submit(server_of(Guessing(), Strict()))


@pytest.mark.parametrize("fault", [ZeroDivisionError("secret 42"), SystemExit(1)])
def test_a_validation_that_raises_is_our_fault(fault: BaseException, server_of: OpenServer) -> None:
    def fail(submission: Submission) -> None:
        raise fault

    server = server_of(Guessing(verdict=fail))

    with capture_logs() as logs, pytest.raises(EvaluationFailedError) as failure:
        submit(server, FINAL)

    assert "42" not in str(failure.value)
    assert [line["event"] for line in logs] == ["evaluation failed"]
    assert states(server) == []


def test_a_body_that_cannot_be_stored_is_not_scored(server: Server, game: Guessing) -> None:
    server.state.payloads.rmdir()
    server.state.payloads.write_text("a file where the folder was")

    with pytest.raises(LedgerFullError, match="could not be stored; nothing was scored"):
        submit(server, FINAL)

    assert states(server) == ["released"]
    assert game.evaluated == []


# --- a failure of ours gives the attempt back -----------------------------------------------------


def raising(error: BaseException) -> Callable[[Submission], Any]:
    def fail(submission: Submission) -> Any:
        raise error

    return fail


FAULTS = {
    "raises": raising(ZeroDivisionError("the truth is 42")),
    "exits": raising(SystemExit(3)),
    "refuses too late": raising(SubmissionRejected("the truth is 42")),
    "returns nothing": lambda _: None,
    "returns a number": lambda _: 0.5,
    "returns NaN": lambda _: {"mae": float("nan"), "hits": 0.0},
    "returns infinity": lambda _: {"mae": float("inf"), "hits": 0.0},
    "leaves out a metric": lambda _: {"mae": 0.5},
    "adds a metric": lambda _: {"mae": 0.5, "hits": 0.0, "more": 1.0},
    "leaves the bounds": lambda _: {"mae": 0.5, "hits": 42.0},
    "returns text": lambda _: {"mae": "0.5", "hits": 0.0},
    "changes its argument": lambda submission: submission.payload["prediction"].fill(42),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("query", [TUNING, FINAL], ids=["tuning", "final"])
def test_a_failed_evaluation_gives_the_attempt_back(
    fault: Callable[[Submission], Any], query: dict[str, str], server_of: OpenServer
) -> None:
    game = Guessing(outcome=fault)
    server = server_of(game, quota=ONE_ATTEMPT)

    with capture_logs() as logs, pytest.raises(EvaluationFailedError) as failure:
        submit(server, query)

    assert "42" not in str(failure.value)
    assert [line["event"] for line in logs] == ["evaluation failed"]
    assert logs[0]["job"].startswith("evaluation of guessing/anonymizer ")
    assert states(server) == ["released"]
    game.outcome = None
    assert submit(server, query).score.metrics["mae"] == 4.5


def test_a_timeout_gives_the_attempt_back(server_of: OpenServer) -> None:
    class Slow(Engine):
        def run(self, job: Any) -> Any:
            if str(job).startswith("validation"):
                return None
            raise EvaluationTimeoutError("It took longer than 60 s.")

        def close(self) -> None: ...

    server = server_of(Guessing(cheap=False))

    with pytest.raises(EvaluationTimeoutError):
        submit(server, FINAL, submissions=attrs.evolve(server.submissions, engine=Slow()))

    assert states(server) == ["released"]


def test_an_interrupted_worker_gives_the_attempt_back(server_of: OpenServer) -> None:
    server = server_of(Guessing(outcome=raising(KeyboardInterrupt())))

    with pytest.raises(KeyboardInterrupt):
        submit(server, FINAL)

    assert states(server) == ["released"]


def test_a_score_that_cannot_be_recorded_gives_the_attempt_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Score:
        raise LedgerError("no")

    with monkeypatch.context() as patch:
        patch.setattr(type(server.ledger), "record", fail)
        with pytest.raises(LedgerError):
            submit(server, FINAL)

    assert states(server) == ["released"]
    assert submit(server, FINAL).score.id == 1


# --- finals, quotas, replays ----------------------------------------------------------------------


@pytest.mark.parametrize("body", [GUESS, OTHER_GUESS, GARBAGE, b""])
def test_a_second_final_is_refused_whatever_its_body(
    body: bytes, server: Server, game: Guessing
) -> None:
    first = submit(server, FINAL)

    with pytest.raises(AlreadyScoredError) as refusal:
        submit(server, FINAL, body)

    assert refusal.value.score_id == first.score.id
    assert len(game.evaluated) == 1


def test_finals_of_other_subjects_and_kinds_are_their_own(server: Server) -> None:
    submit(server, FINAL)
    submit(server, {**FINAL, "anonymizer": "b"})
    attack = encode_npz({"prediction": np.zeros(10, dtype=bool)})
    for deanonymizer in ("d", "e"):
        submit(server, {**FINAL, "deanonymizer": deanonymizer}, attack, kind="deanonymizer")

    assert len(server.ledger.scores(split=Split.VALIDATION)) == 4


def test_tuning_without_quota_is_unlimited(server: Server) -> None:
    assert [submit(server).remaining for _ in range(5)] == [None] * 5


def test_a_quota_counts_down_to_a_refusal(server_of: OpenServer) -> None:
    server = server_of(Guessing(), quota=QuotaSettings(tuning_attempts=3))

    assert [submit(server).remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(QuotaExhaustedError, match="All 3 tuning attempts") as refusal:
        submit(server)
    assert 0 < refusal.value.retry_after_s <= 86_400
    assert submit(server, FINAL).remaining == 0


@pytest.mark.parametrize("query", [TUNING, FINAL], ids=["tuning", "final"])
def test_a_repeated_request_gets_the_recorded_answer(
    query: dict[str, str], server: Server, game: Guessing
) -> None:
    first = submit(server, query, replay_key="k")
    second = submit(server, query, replay_key="k")

    assert second.score == first.score
    assert (first.replayed, second.replayed) == (False, True)
    assert len(game.evaluated) == 1


def test_another_body_under_a_used_key_is_refused(server: Server) -> None:
    submit(server, TUNING, GUESS, replay_key="k")

    with pytest.raises(SubmissionRejected, match="used with another body before; use a new key"):
        submit(server, TUNING, OTHER_GUESS, replay_key="k")


def test_a_key_counts_for_its_subject_and_split_only(server: Server) -> None:
    receipts = [
        submit(server, query, replay_key="k")
        for query in (TUNING, FINAL, {**TUNING, "anonymizer": "b"})
    ]

    assert not any(receipt.replayed for receipt in receipts)


def test_a_key_of_a_failed_attempt_is_free_again(server_of: OpenServer) -> None:
    game = Guessing(outcome=lambda _: None)
    server = server_of(game)
    with capture_logs(), pytest.raises(EvaluationFailedError):
        submit(server, replay_key="k")
    game.outcome = None

    assert submit(server, replay_key="k").replayed is False


def test_a_repeated_request_that_was_overtaken_gets_the_recorded_answer(
    server_of: OpenServer,
) -> None:
    """Its twin is recorded while it is validated."""
    overtaking: list[Receipt] = []
    game = Guessing()
    server = server_of(game)

    def overtake(submission: Submission) -> None:
        game.verdict = None
        overtaking.append(submit(server, replay_key="k"))

    game.verdict = overtake
    receipt = submit(server, replay_key="k")

    assert receipt.replayed
    assert receipt.score == overtaking[0].score


# --- races ----------------------------------------------------------------------------------------


def outcomes_of_a_race(server: Server, *, replay_key: str | None = None, n: int = 6) -> list[str]:
    """Send one final from several threads at once; return what each of them got."""
    start = threading.Barrier(n)
    outcomes = []

    def send(number: int) -> None:
        start.wait()
        try:
            receipt = submit(
                server,
                FINAL,
                GUESS if replay_key else encode_npz({"prediction": np.full(10, number)}),
                replay_key=replay_key,
            )
            outcomes.append("replayed" if receipt.replayed else "scored")
        except RequestError as error:
            outcomes.append(type(error).__name__)

    racers = [threading.Thread(target=send, args=(number,)) for number in range(n)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
    return sorted(outcomes)


def test_of_simultaneous_finals_one_is_evaluated(server: Server, game: Guessing) -> None:
    outcomes = outcomes_of_a_race(server)

    assert len(outcomes) == 6
    assert outcomes.count("scored") == 1
    assert set(outcomes) <= {"scored", "AlreadyScoredError", "AttemptInProgressError"}
    assert len(game.evaluated) == 1


def test_simultaneous_twins_with_a_key_never_hear_that_they_were_refused(
    server: Server, game: Guessing
) -> None:
    outcomes = outcomes_of_a_race(server, replay_key="k")

    assert len(outcomes) == 6
    assert outcomes.count("scored") == 1
    assert set(outcomes) <= {"scored", "replayed", "AttemptInProgressError"}
    assert len(game.evaluated) == 1


def test_a_final_that_is_being_evaluated_is_in_progress(server_of: OpenServer) -> None:
    refusals: list[AttemptInProgressError] = []
    game = Guessing()
    server = server_of(game, evaluation_timeout_s=10.0)

    def meanwhile(submission: Submission) -> dict[str, float]:
        with pytest.raises(AttemptInProgressError) as refusal:
            submit(server, FINAL, OTHER_GUESS)
        refusals.append(refusal.value)
        return {"mae": 0.0, "hits": 1.0}

    game.outcome = meanwhile
    submit(server, FINAL)

    assert 40 < refusals[0].retry_after_s <= 50


# --- observers ------------------------------------------------------------------------------------


def test_observers_see_durable_scores(server_of: OpenServer) -> None:
    watching = Watching()
    server = server_of(Guessing(), watching)

    receipt = submit(server)

    assert watching.seen == [receipt.score]


def test_an_observer_that_raises_harms_nobody(server_of: OpenServer) -> None:
    class Failing(Watching):
        @hookimpl
        def anomed_score_recorded(self, score: Score) -> None:  # type: ignore[override]
            raise SystemExit(1) if score.id == 2 else ZeroDivisionError

    watching = Watching()
    server = server_of(Guessing(), Failing(), watching, Failing())

    with capture_logs() as logs:
        scored = [submit(server).score, submit(server).score]

    assert watching.seen == scored
    assert [line["event"] for line in logs] == ["observer failed"] * 4


def test_a_replayed_score_is_not_observed_again(server_of: OpenServer) -> None:
    watching = Watching()
    server = server_of(Guessing(), watching)

    submit(server, replay_key="k")
    submit(server, replay_key="k")

    assert len(watching.seen) == 1


def test_malformed_bodies_are_not_evaluated(server: Server, game: Guessing) -> None:
    with pytest.raises(MalformedPayloadError):
        submit(server, TUNING, GARBAGE)

    assert game.evaluated == []


def test_a_failed_evaluation_leaves_no_body(server: Server, game: Guessing) -> None:
    game.outcome = lambda _: None

    with pytest.raises(EvaluationFailedError):
        submit(server, FINAL)

    assert [path for path in server.state.payloads.rglob("*") if path.is_file()] == []
