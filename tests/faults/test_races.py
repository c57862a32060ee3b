"""Of simultaneous finals exactly one is scored, over processes and threads on both sides."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.e2e.environments import REPOSITORY

from .conftest import ProbeServer
from .participants import ask, prediction

N_PROCESSES, N_THREADS = 4, 16
ALL_AT_ONCE = {"requests_under_way": 64}


def stampede(port: int, target: str, body: Path) -> list[tuple[int, str]]:
    """Post a body 64 times at once; return statuses and locations."""
    command = [sys.executable, "-m", "tests.faults.stampede", "--port", str(port)]
    command += ["--target", target, "--body", str(body), "--threads", str(N_THREADS)]
    moment = str(time.time() + 4)
    posting = [
        subprocess.Popen([*command, "--moment", moment], cwd=REPOSITORY, stdout=subprocess.PIPE)
        for _ in range(N_PROCESSES)
    ]
    answers = [json.loads(process.communicate(timeout=100)[0]) for process in posting]
    return [(status, location) for some in answers for status, location in some]


def test_one_of_64_simultaneous_finals_is_scored(
    probe_server: ProbeServer, ledger_options: list[str], tmp_path: Path
) -> None:
    server = probe_server("--workers", "4", *ledger_options, server={"limits": ALL_AT_ONCE})
    body = tmp_path / "body.npz"
    body.write_bytes(prediction(0, 1))
    target = "/utility/anonymizer?anonymizer=many&data_split=validation"
    answers = stampede(server.port, target, body)

    assert Counter(status for status, _ in answers) == {201: 1, 409: 63}
    scored = {location for status, location in answers if status == 201}
    assert {location for _, location in answers if location} == scored
    after = ask(server.port, "POST", target, body=body.read_bytes())
    assert (after.status, {after.headers["location"]}) == (409, scored)


def test_a_quota_of_ten_takes_ten_of_64_simultaneous_attempts(
    probe_server: ProbeServer, ledger_options: list[str], tmp_path: Path
) -> None:
    quota = {"tuning_attempts": 10}
    settings = {"quota": quota, "limits": ALL_AT_ONCE}
    server = probe_server("--workers", "4", *ledger_options, server=settings)
    body = tmp_path / "body.npz"
    body.write_bytes(prediction(0, 1))
    target = "/utility/anonymizer?anonymizer=many&data_split=tuning"
    answers = stampede(server.port, target, body)

    assert Counter(status for status, _ in answers) == {201: 10, 429: 54}
