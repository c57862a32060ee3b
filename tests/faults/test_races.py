"""Of simultaneous finals exactly one is scored, over processes and threads on both sides."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.environments import REPOSITORY

from .conftest import ProbeServer, options_of_ledger
from .participants import ask, prediction

N_PROCESSES, N_THREADS = 4, 16
ALL_AT_ONCE = {"requests_under_way": 64}


def stampede(port: int, target: str, body: Path) -> list[tuple[int, str]]:
    """Post a body 64 times at once; return statuses and locations."""
    command = [sys.executable, "-m", "tests.faults.stampede", "--port", str(port)]
    command += ["--target", target, "--body", str(body), "--threads", str(N_THREADS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    posting = [subprocess.Popen(command, cwd=REPOSITORY, **pipes) for _ in range(N_PROCESSES)]
    for process in posting:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    moment = f"{time.time() + 0.1}\n".encode()
    for process in posting:
        assert process.stdin is not None
        process.stdin.write(moment)
        process.stdin.flush()
    answers = [json.loads(process.communicate(timeout=100)[0]) for process in posting]
    return [(status, location) for some in answers for status, location in some]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def port(request: pytest.FixtureRequest, shared_probe_server: ProbeServer) -> int:
    settings = {"quota": {"tuning_attempts": 10}, "limits": ALL_AT_ONCE}
    options = options_of_ledger(request)
    return shared_probe_server("--workers", "4", *options, server=settings).port


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body.npz"
    path.write_bytes(prediction(0, 1))
    return path


def test_one_of_64_simultaneous_finals_is_scored(port: int, body: Path) -> None:
    target = "/utility/anonymizer?anonymizer=many&data_split=validation"
    answers = stampede(port, target, body)

    assert Counter(status for status, _ in answers) == {201: 1, 409: 63}
    scored = {location for status, location in answers if status == 201}
    assert {location for _, location in answers if location} == scored
    after = ask(port, "POST", target, body=body.read_bytes())
    assert (after.status, {after.headers["location"]}) == (409, scored)


def test_a_quota_of_ten_takes_ten_of_64_simultaneous_attempts(port: int, body: Path) -> None:
    target = "/utility/anonymizer?anonymizer=others&data_split=tuning"
    answers = stampede(port, target, body)

    assert Counter(status for status, _ in answers) == {201: 10, 429: 54}
