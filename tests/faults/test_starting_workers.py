"""A worker that cannot start now waits, and the server goes on without it."""

import os
import signal
from pathlib import Path

from tests.e2e.processes import RunningServer

from .conftest import ProbeServer
from .participants import ask
from .small_disk import SmallDisk
from .test_kill import wait_for, workers_of

N_ASKED = 40
COMPLAINT = "A worker cannot start"


def answering(server: RunningServer) -> set[str]:
    """Return which workers answer: a request's id begins with its worker's own prefix."""
    answers = [ask(server.port, "GET", "/livez") for _ in range(N_ASKED)]
    assert {answer.status for answer in answers} == {200}
    return {answer.headers["x-request-id"].split("-")[0] for answer in answers}


def kill_one(server: RunningServer) -> None:
    """End one worker, and wait until the server has begun another."""
    before = workers_of(server)
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: before[0] not in workers_of(server) and len(workers_of(server)) == 2)


def test_a_worker_starts_on_a_full_disk(probe_server: ProbeServer, disk: SmallDisk) -> None:
    server = probe_server("--workers", "2", folder=disk.folder / "server")
    wait_for(lambda: len(answering(server)) == 2)
    disk.fill()
    kill_one(server)
    wait_for(lambda: len(answering(server)) == 2, timeout_s=20)


def test_a_worker_waits_for_a_ledger_that_is_away(
    probe_server: ProbeServer, tmp_path: Path
) -> None:
    server = probe_server("--workers", "2", folder=tmp_path)
    state = tmp_path / "state"
    wait_for(lambda: len(answering(server)) == 2)
    for file in state.glob("ledger.sqlite*"):
        file.rename(file.with_name(f"away-{file.name}"))
    (state / "ledger.sqlite").write_text("This is no database.")
    kill_one(server)
    wait_for(lambda: server.log.read_text().count(COMPLAINT) >= 2, timeout_s=20)
    assert len(answering(server)) == 1

    for file in state.glob("away-*"):
        file.rename(file.with_name(file.name.removeprefix("away-")))
    wait_for(lambda: len(answering(server)) == 2, timeout_s=20)
