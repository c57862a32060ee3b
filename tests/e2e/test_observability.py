"""What an organiser sees of a running server: counts, health and log lines that belong together."""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from .processes import RunningServer, process_group, serving

pytestmark = pytest.mark.e2e

N_REQUESTS = 120


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("observed")
    command = [sys.executable, "-m", "anomed_core", "serve", "--plugin", "supervised-mia"]
    command += ["--workers", "2", "--port", "{port}", "--state", str(folder / "state")]
    with serving(command, name="server", folder=folder) as server:
        yield server


def get(server: RunningServer, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{server.url}{path}", headers=headers, trust_env=False, timeout=30)


def counted(server: RunningServer, route: str, status: int) -> float:
    page = get(server, "/metrics").text
    pattern = rf'anomed_requests_total{{method="GET",route="{re.escape(route)}",status="{status}"}}'
    return sum(float(n) for n in re.findall(rf"^{pattern} (\S+)$", page, flags=re.MULTILINE))


def ask_often(server: RunningServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: get(server, "/challenge.json"), range(N_REQUESTS)))
    assert {answer.status_code for answer in answers} == {200}


def workers_of(server: RunningServer) -> set[int]:
    """Return the processes that answer: the prefix of a request's id is their own."""
    return {m.pid for m in process_group(server.group) if m.parent == server.group}


def test_counts_are_those_of_all_workers_and_outlive_a_killed_one(server: RunningServer) -> None:
    ask_often(server)
    prefixes = {get(server, "/livez").headers["X-Request-Id"].split("-")[0] for _ in range(60)}
    assert len(prefixes) == 2, "one worker answered everything, so nothing is shown"
    assert [counted(server, "/challenge.json", 200) for _ in range(8)] == [N_REQUESTS] * 8

    victim = min(workers_of(server))
    os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while victim in workers_of(server) or len(workers_of(server)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)

    ask_often(server)
    assert counted(server, "/challenge.json", 200) == 2 * N_REQUESTS


def test_a_request_is_found_in_the_log_by_the_id_of_its_answer(server: RunningServer) -> None:
    given = get(server, "/scores/4711", **{"X-Request-Id": "from-the-participant"})
    made = get(server, "/scores/4712")

    assert given.headers["X-Request-Id"] == "from-the-participant"
    for answer in (given, made):
        lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
        found = [
            line
            for line in map(json.loads, lines)
            if line.get("request_id") == answer.headers["X-Request-Id"]
        ]
        assert [line["event"] for line in found] == ["refused", "request"]
        assert {line["status"] for line in found} == {404}


def test_a_server_whose_ledger_is_gone_says_that_it_is_not_ready(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "anomed_core", "serve", "--plugin", "supervised-mia"]
    command += ["--workers", "1", "--port", "{port}", "--state", str(tmp_path / "state")]
    with serving(command, name="server", folder=tmp_path) as server:
        assert get(server, "/readyz").json() == {"status": "ready"}
        for file in (tmp_path / "state").glob("ledger.sqlite*"):
            file.write_bytes(b"no database" * 1000)
        broken = get(server, "/readyz")

        assert broken.status_code == 503
        assert broken.json()["problems"][0].startswith("ledger: ")
        assert get(server, "/livez").json() == {"status": "alive"}
