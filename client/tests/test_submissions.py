"""A submission counts once, whatever happens on the way."""

from __future__ import annotations

import multiprocessing
import os
import threading

import numpy as np
import pytest
from anomed_client import (
    AlreadyScored,
    AnomedClientError,
    Challenge,
    ConnectionFailed,
    InProgress,
    NotAuthenticated,
    Options,
    QuotaExhausted,
    Rejected,
    Score,
    ServerFailed,
    TimedOut,
    UsageError,
    connect,
)
from hypothesis import given
from hypothesis import strategies as st

from client.tests.fault_server import (
    Fault,
    FaultServer,
    Reply,
    Request,
    afterwards,
    drop,
    drop_afterwards,
    error_reply,
    gateway,
    instead,
    json_reply,
    listening,
)

PATH = "/utility/anonymizer"
PAYLOAD = [0.1, 0.2, 0.3]
IN_PROGRESS = error_reply(
    409, "Evaluation in progress", "It is being evaluated.", Retry_After="150"
)


def keys(server: FaultServer) -> set[str]:
    return {request.headers["idempotency-key"] for request in server.asked(PATH)}


def test_a_score_says_what_it_is(challenge: Challenge) -> None:
    score = challenge.submit(PAYLOAD, split="tuning")

    assert isinstance(score, Score)
    assert dict(score) == {"accuracy": 0.5}
    assert (score.id, score.primary, score.attempts_remaining) == (1, "accuracy", 2)
    assert score.url == f"{challenge.url}/scores/1"
    assert str(score) == "accuracy 0.5 (2 attempts left)"


def test_the_body_has_a_length_and_no_type(challenge: Challenge, server: FaultServer) -> None:
    challenge.submit(PAYLOAD, split="tuning")

    (request,) = server.asked(PATH)
    assert request.headers["content-length"] == str(len(request.body))
    assert "transfer-encoding" not in request.headers
    assert "content-type" not in request.headers


@pytest.mark.parametrize(
    "fault",
    [drop, drop_afterwards, afterwards(gateway(502)), instead(gateway(503))],
    ids=["dropped", "dropped after scoring", "502 after scoring", "503"],
)
def test_what_is_lost_is_sent_again_and_counts_once(
    challenge: Challenge, server: FaultServer, fault: Fault
) -> None:
    server.script = [fault]

    assert challenge.submit(PAYLOAD, split="validation") == {"accuracy": 0.5}
    first, second = server.asked(PATH)
    assert first.body == second.body
    assert len(keys(server)) == 1
    assert server.n_evaluations == 1


def test_an_answer_that_is_lost_is_replayed(challenge: Challenge, server: FaultServer) -> None:
    server.script = [drop_afterwards]

    score = challenge.submit(PAYLOAD, split="validation")
    assert score.replayed
    assert "scored before" in str(score)


def test_the_same_cell_run_again_counts_once(join, server: FaultServer) -> None:
    join().submit(PAYLOAD, split="tuning")

    assert join().submit(np.array(PAYLOAD), split="tuning").replayed
    assert server.n_evaluations == 1


def test_repeat_counts_again(challenge: Challenge, server: FaultServer) -> None:
    challenge.submit(PAYLOAD, split="tuning")

    assert not challenge.submit(PAYLOAD, split="tuning", repeat=True).replayed
    assert server.n_evaluations == 2


def test_an_evaluation_in_progress_is_asked_for_in_our_own_rhythm(
    challenge: Challenge, server: FaultServer, waits: list[float]
) -> None:
    server.script = [instead(IN_PROGRESS)] * 3

    challenge.submit(PAYLOAD, split="tuning")
    assert waits == [0.5, 1.0, 2.0]  # the server's 150 s are its lease


def test_an_endless_evaluation_is_given_up(join, server: FaultServer) -> None:
    server.script = [instead(IN_PROGRESS)] * 10_000

    with pytest.raises(InProgress, match="is being evaluated"):
        join(answer_s=0.05).submit(PAYLOAD, split="tuning")


def test_a_stalled_answer_is_asked_for_again(join, server: FaultServer) -> None:
    def slow(server: FaultServer, request: Request) -> Reply:
        reply = server.properly(request)
        reply.headers["X-Slow"] = "yes"
        server.ended.wait(0.4)
        return reply

    server.script = [slow]

    assert join(answer_s=0.2, stall_s=0.2).submit(PAYLOAD, split="tuning").replayed
    assert server.n_evaluations == 1


def test_what_never_comes_back_can_be_asked_for_with_its_key(join, server: FaultServer) -> None:
    server.script = [drop] * 9

    with pytest.raises(ConnectionFailed) as caught:
        join().submit(PAYLOAD, split="tuning")
    assert caught.value.maybe_received
    assert keys(server) == {caught.value.idempotency_key}
    assert len(server.asked(PATH)) == 5


def test_a_stall_names_the_limit_and_the_option(join, server: FaultServer) -> None:
    def silent(server: FaultServer, _: Request) -> None:
        server.ended.wait(1)

    server.script = [silent]

    with pytest.raises(TimedOut, match=r"answer_s=0\.1"):
        join(answer_s=0.1, tries=1).submit(PAYLOAD, split="tuning")


REFUSALS = [
    (error_reply(422, "Submission rejected", "It has 2 values; expected 3."), Rejected),
    (error_reply(400, "Malformed request.", "It is no npz file."), ValueError),
    (error_reply(401, "Token required", "The token is not valid here."), NotAuthenticated),
    (error_reply(403, "Not allowed", "The phase is closed."), PermissionError),
    (error_reply(409, "Already scored", "Scored.", Location="/scores/7"), AlreadyScored),
    (
        error_reply(429, "Quota exhausted", "None.", Retry_After="77959", X_Attempts_Remaining="0"),
        QuotaExhausted,
    ),
    (error_reply(504, "Evaluation timed out", "It took longer than 60 s."), TimeoutError),
    (error_reply(507, "Insufficient storage", "No room."), ServerFailed),
]


@pytest.mark.parametrize(("reply", "kind"), REFUSALS)
def test_what_is_refused_is_not_sent_again(
    challenge: Challenge,
    server: FaultServer,
    waits: list[float],
    reply: Reply,
    kind: type[Exception],
) -> None:
    server.script = [instead(reply)] * 2

    with pytest.raises(kind) as caught:
        challenge.submit(PAYLOAD, split="tuning")
    assert len(server.asked(PATH)) == 1
    assert waits == []
    assert f"[{reply.status} POST {server.url}{PATH}, request 3f2a-17]" in str(caught.value)


def test_exceptions_carry_what_follows(challenge: Challenge, server: FaultServer) -> None:
    server.script = [instead(REFUSALS[4][0]), instead(REFUSALS[5][0])]

    with pytest.raises(AlreadyScored) as scored:
        challenge.submit(PAYLOAD, split="validation")
    with pytest.raises(QuotaExhausted) as exhausted:
        challenge.submit(PAYLOAD, split="tuning")
    assert scored.value.score_url == "/scores/7"
    assert exhausted.value.retry_after_s == 77959
    assert exhausted.value.resets_at is not None
    assert exhausted.value.remaining == 0


@pytest.mark.parametrize("title", ["Internal error", "Evaluation failed"])
def test_failures_of_the_server_are_tried_once_more(
    challenge: Challenge, server: FaultServer, title: str
) -> None:
    status = 500 if title == "Internal error" else 503
    server.script = [instead(error_reply(status, title, "Something failed."))] * 5

    with pytest.raises(ServerFailed, match="Something failed"):
        challenge.submit(PAYLOAD, split="tuning")
    assert len(server.asked(PATH)) == 2


def test_a_cap_on_requests_is_waited_for(
    challenge: Challenge, server: FaultServer, waits: list[float]
) -> None:
    server.script = [
        instead(
            error_reply(429, "Quota exhausted", "Slow.", Retry_After="7", X_Requests_Remaining="0")
        )
    ]

    challenge.submit(PAYLOAD, split="tuning")
    assert waits == [7.0]


def test_a_wait_beyond_patience_is_not_begun(join, server: FaultServer, waits: list[float]) -> None:
    server.script = [
        instead(error_reply(503, "Ledger unavailable", "Later.", Retry_After="100000"))
    ]

    with pytest.raises(ServerFailed, match="Later"):
        join().submit(PAYLOAD, split="tuning")
    assert waits == []


def test_a_redirect_of_a_submission_is_told_and_not_followed(
    challenge: Challenge, server: FaultServer
) -> None:
    server.script = [instead(Reply(status=308, headers={"Location": "https://elsewhere.example/"}))]

    with pytest.raises(AnomedClientError, match=r"https://elsewhere\.example/"):
        challenge.submit(PAYLOAD, split="tuning")


def test_a_huge_error_is_read_up_to_a_point(challenge: Challenge, server: FaultServer) -> None:
    body = b'{"title": "Submission rejected", "description": "' + b"x" * 10_000_000 + b'"}'
    server.script = [instead(Reply(status=422, body=body))]

    with pytest.raises(AnomedClientError) as caught:
        challenge.submit(PAYLOAD, split="tuning")
    assert len(str(caught.value)) < 1000


def test_half_a_json_is_no_score(challenge: Challenge, server: FaultServer) -> None:
    server.script = [instead(Reply(status=201, body=b'{"accuracy": 0.'))]

    with pytest.raises(AnomedClientError, match="not what a challenge server answers"):
        challenge.submit(PAYLOAD, split="tuning")


def test_a_sealed_final_is_a_receipt(challenge: Challenge, server: FaultServer) -> None:
    told = {"sealed": True, "opens_at": "2027-01-01T00:00:00+00:00"}
    server.script = [instead(json_reply(told, status=201, headers={"Location": "/scores/9"}))]

    receipt = challenge.submit(PAYLOAD, split="validation")
    assert str(receipt) == "recorded as score 9, sealed until 2027-01-01 00:00 UTC"


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ([0.1, 0.2], r"shape \(2,\); expected \(3,\)"),
        ([0.1, np.nan, 0.3], "nan at position 1"),
        (np.array([0.1, 0.2, None]), "dtype object"),
        ({"guess": PAYLOAD}, "no array 'guess'; allowed are 'prediction'"),
        ({}, "'prediction' is missing"),
        (np.zeros(100_000), "shape"),
    ],
)
def test_what_cannot_be_right_is_not_sent(
    challenge: Challenge, server: FaultServer, payload: object, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        challenge.submit(payload, split="tuning")
    assert not server.asked(PATH)


def test_a_split_has_to_be_said(challenge: Challenge) -> None:
    with pytest.raises(TypeError, match="split"):
        challenge.submit(PAYLOAD)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="tuning or validation"):
        challenge.submit(PAYLOAD, split="final")  # type: ignore[arg-type]


def test_threads_share_a_challenge(challenge: Challenge, server: FaultServer) -> None:
    scores = []
    threads = [
        threading.Thread(target=lambda: scores.append(challenge.submit(PAYLOAD, split="tuning")))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(scores) == 16
    assert server.n_evaluations == 1


def test_a_challenge_can_be_used_after_a_fork(challenge: Challenge, server: FaultServer) -> None:
    challenge.download("thing")

    def in_child() -> None:
        os._exit(0 if challenge.submit(PAYLOAD, split="tuning") else 1)

    child = multiprocessing.get_context("fork").Process(target=in_child)
    child.start()
    child.join(20)
    assert child.exitcode == 0
    assert challenge.submit(PAYLOAD, split="tuning").replayed


FAULTS = st.lists(
    st.sampled_from(
        [
            drop,
            drop_afterwards,
            afterwards(gateway(502)),
            instead(gateway(503)),
            instead(IN_PROGRESS),
            instead(error_reply(500, "Internal error", "Something failed.")),
            instead(error_reply(503, "Ledger unavailable", "Later.", Retry_After="1")),
            afterwards(Reply(status=201, body=b'{"accu')),
        ]
    ),
    max_size=8,
)


@given(script=FAULTS)
def test_once_at_most_and_exactly_once_with_a_score(script: list[Fault]) -> None:
    with listening(FaultServer()) as server:
        options = Options(progress=False, stall_s=0.5, answer_s=0.2)
        with connect(server.url, name="alice", token="sesame", options=options) as challenge:
            challenge._access.calls.sleep = lambda _: None
            server.script = list(script)
            try:
                challenge.submit(PAYLOAD, split="validation")
            except AnomedClientError as error:
                told = f"{error} {error!r} {vars(error)}"
            else:
                told = ""
                assert server.n_evaluations == 1
    assert server.n_evaluations <= 1
    assert "sesame" not in told
    assert len(keys(server)) == 1
