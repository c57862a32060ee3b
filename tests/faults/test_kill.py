"""kill -9 of a worker or of the whole server costs no score, no final and no link of the chain."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Self

import attrs
import pytest

from tests.e2e.processes import RunningServer, free_port, process_group

from .books import books_of, verify_by_command
from .conftest import NoteFigures, ProbeServer, options_of_ledger
from .participants import CUT, Answer, ask, outcome, prediction, submit
from .probe import STEPS

N_SHORT, N_LONG = 6, int(os.environ.get("ANOMED_FAULT_KILLS", "200"))
N_PARTICIPANTS = 6
JOB = {"Prefer": "respond-async"}


def workers_of(server: RunningServer) -> list[int]:
    return [one.pid for one in process_group(server.group) if one.parent == server.group]


def worker_above(server: RunningServer, pid: int) -> int:
    """Return the worker that a process is, or descends from."""
    parents = {one.pid: one.parent for one in process_group(server.group)}
    while parents[pid] != server.group:
        pid = parents[pid]
    return pid


def wait_for(condition: Callable[[], object], *, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


@attrs.define(kw_only=True)
class Victim:
    """A server that waits at steps, and that is started again whenever it was killed."""

    start: Callable[[], RunningServer]
    stops: Path
    folder: Path
    ledger_options: list[str]
    server: RunningServer

    def stop_at(self, step: str) -> None:
        """Let whatever comes to a step wait there."""
        for told in self.stops.iterdir():
            told.unlink(missing_ok=True)
        (self.stops / step).touch()

    def wait_at(self, step: str) -> int:
        """Wait until a process of the server is at a step; return the process's number."""
        wait_for(lambda: list(self.stops.glob(f"{step}-*")))
        (told,) = self.stops.glob(f"{step}-*")
        return int(told.name.rsplit("-", 1)[1])

    def kill(self, what: str, pid: int) -> None:
        """Kill the worker that a process belongs to, or everything."""
        if what == "worker":
            os.kill(worker_above(self.server, pid), signal.SIGKILL)
        else:
            os.killpg(self.server.group, signal.SIGKILL)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
)
def victim(
    request: pytest.FixtureRequest,
    shared_probe_server: ProbeServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Victim:
    folder, port = tmp_path_factory.mktemp("victim"), free_port()
    stops = folder / "stops"
    stops.mkdir()
    options = options_of_ledger(request)
    start = partial(
        shared_probe_server,
        *("--workers", "2", *options),
        folder=folder / "server",
        port=port,
        challenge={"stops": str(stops), "cheap": False},
    )
    return Victim(
        start=start,
        stops=stops,
        folder=folder / "server",
        ledger_options=options,
        server=start(),
    )


@pytest.mark.parametrize("what", ["worker", "server"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_between_claim_and_answer(victim: Victim, step: str, what: str) -> None:
    name, body = f"alice-{step}-{what}", prediction(0, 0.25)
    victim.stop_at(step)
    with ThreadPoolExecutor(1) as pool:
        posted = pool.submit(submit, victim.server.port, name, body)
        victim.kill(what, victim.wait_at(step))
        assert posted.result() == CUT
    (victim.stops / step).unlink()
    if what == "server":
        victim.server = victim.start()

    answer = submit(victim.server.port, name, body)

    if step == "recorded":
        assert answer.status == 409
        score = ask(victim.server.port, "GET", answer.headers["location"])
        assert score.body["metrics"] == {"mean": pytest.approx(0.025)}
    else:
        assert answer.status == 201, answer
    with books_of(victim.folder, victim.ledger_options) as books:
        assert list(books.finals()).count(name) == 1
        books.prove({name: (answer.score_id, pytest.approx(0.025))})
    assert verify_by_command(victim.folder, victim.ledger_options).endswith("chain unbroken.")


@pytest.mark.parametrize("what", ["worker", "server"])
@pytest.mark.parametrize("step", ["evaluate", "recording", "recorded"])
def test_a_job_is_done_once_whoever_is_killed_over_it(victim: Victim, step: str, what: str) -> None:
    name, body = f"job-{step}-{what}", prediction(0, 0.5)
    victim.stop_at(step)
    accepted = submit(victim.server.port, name, body, headers=JOB)
    assert accepted.status == 202
    job = accepted.headers["location"]
    victim.kill(what, victim.wait_at(step))
    (victim.stops / step).unlink()
    if what == "server":
        victim.server = victim.start()

    result = outcome(victim.server.port, job)

    assert (result.status, result.body) == (201, {"mean": pytest.approx(0.05)})
    with books_of(victim.folder, victim.ledger_options) as books:
        assert list(books.finals()).count(name) == 1
        books.prove({name: (result.score_id, pytest.approx(0.05))})


class Participants:
    """Threads that hand in finals, one name after the other, and insist until each is settled.

    Half of them ask for jobs.
    """

    def __init__(self, port: int) -> None:
        self.acknowledged: dict[str, tuple[int, float]] = {}
        self.settled: dict[str, Answer] = {}
        self.answers: list[int] = []
        self._port = port
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._play, args=(number,)) for number in range(N_PARTICIPANTS)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _play(self, number: int) -> None:
        turn = 0
        while not self._ended.is_set():
            turn += 1
            headers = JOB if number % 2 else {}
            self._insist(f"p{number}-{turn}", value=number + turn / 1000, headers=headers)

    def _insist(self, name: str, *, value: float, headers: dict[str, str]) -> None:
        """Hand in until there is a score; whoever was cut off before asks once more."""
        body = prediction(0, value)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            answer = submit(self._port, name, body, headers=headers, timeout_s=30)
            self.answers.append(answer.status)
            if answer.status == 202:
                answer = outcome(self._port, answer.headers["location"])
            if answer.status == 201:
                self.acknowledged[name] = (answer.score_id, answer.body["mean"])
            if answer.status == 201 or "location" in answer.headers:
                self.settled[name] = answer
                return
            time.sleep(0.05)
        self.settled[name] = answer


@pytest.mark.parametrize(
    "n_kills", [N_SHORT, pytest.param(N_LONG, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_killed_at_random_moments_under_load(
    probe_server: ProbeServer,
    ledger_options: list[str],
    tmp_path: Path,
    n_kills: int,
    note_figures: NoteFigures,
) -> None:
    rng = random.Random(n_kills)
    folder, port = tmp_path / "server", free_port()
    options = ["--workers", "2", *ledger_options]
    challenge = {"cheap": False}
    server = probe_server(*options, folder=folder, port=port, challenge=challenge)
    with Participants(port) as participants:
        for number in range(n_kills):
            n_settled = len(participants.settled)
            wait_for(lambda: len(participants.settled) > n_settled)  # noqa: B023 - called at once
            time.sleep(rng.uniform(0.0, 0.5))
            if number % 5 == 4:
                os.killpg(server.group, signal.SIGKILL)
                server = probe_server(*options, folder=folder, port=port, challenge=challenge)
            else:
                wait_for(lambda: workers_of(server))  # noqa: B023 - called at once
                os.kill(rng.choice(workers_of(server)), signal.SIGKILL)
        n_at_last_kill = len(participants.settled)
        wait_for(lambda: len(participants.settled) >= n_at_last_kill + 2 * N_PARTICIPANTS)

    assert set(participants.answers) <= {0, 201, 202, 409, 503}
    unsettled = {
        name: answer
        for name, answer in participants.settled.items()
        if answer.status != 201 and "location" not in answer.headers
    }
    assert unsettled == {}
    with books_of(folder, ledger_options) as books:
        books.prove(participants.acknowledged)
        assert books.finals().keys() == participants.settled.keys()
    verdict = verify_by_command(folder, ledger_options)
    assert verdict.endswith("chain unbroken.")
    assert len(participants.acknowledged) >= n_kills
    counted = Counter(participants.answers)
    note_figures(
        f"{n_kills} kills; answers {dict(sorted(counted.items()))} (0: cut off), "
        f"{len(participants.acknowledged)} scores acknowledged, "
        f"{len(participants.settled)} finals settled; {verdict}"
    )
