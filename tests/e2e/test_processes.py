"""A server's processes are those of the group that its leader opened with `os.setsid`."""

import os
import sys
import time
from pathlib import Path

import httpx
import pytest

from .processes import ProcessState, RunningServer, ServerFailedError, process_group, serving

pytestmark = pytest.mark.e2e

ALIVE = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"alive"]
"""
GUNICORN = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers"]


def wait_for_processes(server: RunningServer, *, n_processes: int) -> list[ProcessState]:
    """Wait until a group is complete: it answers as soon as its first worker is up."""
    deadline = time.monotonic() + 10
    while len(members := process_group(server.group)) < n_processes:
        assert time.monotonic() < deadline, members
        time.sleep(0.05)
    return members


def test_group_is_gunicorn_and_its_two_workers(tmp_path: Path) -> None:
    (tmp_path / "alive.py").write_text(ALIVE)
    with serving([*GUNICORN, "2", "alive:application"], name="alive", folder=tmp_path) as server:
        leader, *workers = wait_for_processes(server, n_processes=3)

        assert leader.pid == server.group == os.getsid(leader.pid)
        assert leader.parent == os.getpid()
        assert [worker.parent for worker in workers] == [leader.pid, leader.pid]


def test_nothing_of_the_group_is_left_after_the_block(tmp_path: Path) -> None:
    (tmp_path / "alive.py").write_text(ALIVE)
    with serving([*GUNICORN, "2", "alive:application"], name="alive", folder=tmp_path) as server:
        pass

    assert process_group(server.group) == []


def test_cpu_time_of_a_group_grows_with_its_work(tmp_path: Path) -> None:
    busy = ALIVE.replace("return", "sum(range(3_000_000))\n    return")
    (tmp_path / "busy.py").write_text(busy)
    with serving([*GUNICORN, "1", "busy:application"], name="busy", folder=tmp_path) as server:
        before = sum(state.cpu_s for state in process_group(server.group))
        for _ in range(5):
            httpx.get(server.url, trust_env=False)
        after = sum(state.cpu_s for state in process_group(server.group))

        assert after - before > 0.1


def test_server_that_ends_at_start_fails_with_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerFailedError, match="No module named 'missing'"),
        serving([*GUNICORN, "1", "missing:application"], name="missing", folder=tmp_path),
    ):
        pass
