"""What the server answers later is waited for, found again, and ended."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from anomed_client import (
    Challenge,
    Job,
    JobCancelled,
    NotFound,
    NotSupported,
    Score,
    ServerFailed,
    TimedOut,
    Transfer,
)

from client.tests.conftest import Join
from client.tests.fault_server import (
    FaultServer,
    Reply,
    Request,
    drop,
    drop_afterwards,
    error_reply,
    json_reply,
    listening,
)

PATH = "/utility/anonymizer"
PAYLOAD = [0.5, 0.25, 1.0]
ID = "a" * 32
FAILED = error_reply(504, "Evaluation timed out", "It took longer than 60 s.")


class JobServer(FaultServer):
    """Answers with a job whoever prefers one, and everybody where it is long."""

    def __init__(self) -> None:
        super().__init__()
        self.description = {
            **self.description,
            "features": ["attempts", "scores", "whoami", "jobs"],
        }
        self.states = ["queued", "running", "running"]
        self.end = "done"
        self.result = json_reply({"accuracy": 0.5}, status=201, headers={"Location": "/scores/7"})
        self.is_long = False

    def properly(self, request: Request) -> Reply:
        """Do as the real one."""
        path = request.path.partition("?")[0]
        if path == f"/jobs/{ID}/result":
            return self.result
        if path == f"/jobs/{ID}":
            if request.method == "DELETE":
                self.states, self.end = [], "cancelled"
            return self._told(200, {"Retry-After": "3"} if self.states else {})
        wants_job = request.headers.get("prefer") == "respond-async"
        if path == PATH and (self.is_long or wants_job):
            super().properly(request)  # an idempotency key finds the same job
            return self._told(202, {"Location": f"/jobs/{ID}"})
        return super().properly(request)

    def _told(self, status: int, headers: dict[str, str]) -> Reply:
        told = {"id": ID, "what": "submission", "kind": "anonymizer", "data_split": "tuning"}
        state = self.end
        if status == 200 and self.states:
            state = self.states.pop(0)
        return json_reply({**told, "state": state}, status=status, headers=headers)


@pytest.fixture
def server() -> Iterator[JobServer]:
    with listening(JobServer()) as server:
        yield server


@pytest.fixture
def job(challenge: Challenge) -> Job[Score]:
    return challenge.submit(PAYLOAD, split="tuning", wait=False)


def test_who_does_not_wait_gets_a_job(job: Job[Score], server: JobServer) -> None:
    assert (job.id, job.url) == (ID, f"{server.url}/jobs/{ID}")
    assert job.state == "queued"


def test_waiting_ends_with_the_score(job: Job[Score], waits: list[float]) -> None:
    score = job.wait()

    assert isinstance(score, Score)
    assert (dict(score), score.id, score.split) == ({"accuracy": 0.5}, 7, "tuning")
    assert job.state == "done"
    assert sum(waits) == 9, "three times as long as the server says"


def test_what_is_long_is_waited_for_by_whoever_waits(
    challenge: Challenge, server: JobServer
) -> None:
    server.is_long = True

    assert challenge.submit(PAYLOAD, split="tuning") == {"accuracy": 0.5}
    (posted,) = server.asked(PATH)
    assert "prefer" not in posted.headers


def test_what_is_answered_at_once_is_a_job_that_is_done(join: Join, server: JobServer) -> None:
    server.is_long = False
    server.script = [FaultServer.properly]

    job = join().submit(PAYLOAD, split="tuning", wait=False)

    assert (job.state, job.cancel(), job.wait()) == ("done", "done", {"accuracy": 0.5})
    assert server.asked(f"/jobs/{ID}") == []


def test_the_time_is_told_while_somebody_waits(challenge: Challenge) -> None:
    told: list[Transfer] = []
    job = challenge.submit(PAYLOAD, split="tuning", wait=False)
    told.clear()
    challenge._access.calls.sleep = lambda _: time.sleep(0.11)  # less is told too often

    job.wait(progress=told.append)

    assert (told[0].state, told[-1].state) == ("started", "done")
    assert {event.what for event in told} == {"wait"}
    assert "anonymizer: queued for 1 s" in [event.sentence for event in told]


def test_patience_has_an_end_and_the_job_goes_on(job: Job[Score], server: JobServer) -> None:
    with pytest.raises(TimedOut, match="goes on"):
        job.wait(2)

    assert job.wait() == {"accuracy": 0.5}


def test_a_failure_is_raised_as_if_one_had_waited(job: Job[Score], server: JobServer) -> None:
    server.end, server.result = "failed", FAILED

    with pytest.raises(ServerFailed, match="longer than 60 s"):
        job.wait()


def test_a_cancelled_job_has_no_score(job: Job[Score]) -> None:
    assert job.cancel() == "cancelled"
    with pytest.raises(JobCancelled, match="was cancelled"):
        job.wait()


def test_a_job_is_found_again_by_another_program(join: Join, server: JobServer) -> None:
    job = join().submit(PAYLOAD, split="tuning", wait=False)

    for known in (job.id, job.url):
        assert join().job(known).wait() == {"accuracy": 0.5}


def test_a_job_of_nobody_is_not_found(challenge: Challenge) -> None:
    with pytest.raises(NotFound):
        challenge.job("b" * 32)


@pytest.mark.parametrize("fault", [drop, drop_afterwards])
def test_lost_answers_cost_nothing(challenge: Challenge, server: JobServer, fault) -> None:  # type: ignore[no-untyped-def]
    server.script = [fault]
    job = challenge.submit(PAYLOAD, split="tuning", wait=False)
    server.script = [fault, fault]

    assert job.wait() == {"accuracy": 0.5}
    assert len({request.headers["idempotency-key"] for request in server.asked(PATH)}) == 1
    assert server.n_evaluations == 1


def test_an_attacker_need_not_wait_either(challenge: Challenge, server: JobServer) -> None:
    job = challenge.attack("alice").submit(PAYLOAD, split="tuning", kind="anonymizer", wait=False)

    assert job.wait() == {"accuracy": 0.5}


def test_an_older_server_is_not_asked_for_jobs(join: Join, server: JobServer) -> None:
    server.description = {**server.description, "features": ["attempts"]}

    with pytest.raises(NotSupported):
        join().submit(PAYLOAD, split="tuning", wait=False)
    assert server.asked(PATH) == []
