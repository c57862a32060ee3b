"""A worker answers many calls, and each way to fail is one sentence and a fresh worker."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anomed_core.environments import Environment, Recipe, Worker
from anomed_core.environments.workers import parsed_answer
from anomed_core.errors import ForeignLibraryError

DRIVER = Path(__file__).with_name("driver_of_tests.py")
HERE = Environment(recipe=Recipe(name="vices", driver=DRIVER), python=Path(sys.executable))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Worker]:
    with Worker(HERE, timeout_s=60.0) as worker:
        yield worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker(HERE, timeout_s=8.0, memory_bytes=600_000_000, answer_bytes=100_000) as worker:
        yield worker


@given(value=JSON)
def test_any_json_value_comes_back(shared: Worker, value: object) -> None:
    assert shared.call("echo", {"value": value}) == value


# the texts of the code are tried, too, and some of them are answers
@given(line=st.binary(max_size=200).filter(lambda line: not line.startswith(b'{"value"')))
@example(line=b'{"other": 1}')
def test_garbage_is_one_sentence(line: bytes) -> None:
    with pytest.raises(Exception, match=r"answered nonsense \(.*\): repair its driver"):
        parsed_answer(line)


def test_the_library_is_imported_once(worker: Worker) -> None:
    for value in range(3):
        worker.call("echo", {"value": value})

    assert worker.call("calls") == 3


def test_tables_go_there_and_back(shared: Worker) -> None:
    table = pd.DataFrame({"age": [30, 41], "weight": [70.5, 81.0]})

    answered = shared.call("doubled", {"factor": 2}, tables={"table": table})

    pd.testing.assert_frame_equal(answered, table * 2)


def test_an_exception_of_the_library_keeps_the_worker(worker: Worker) -> None:
    process = worker.call("process")

    with pytest.raises(ForeignLibraryError, match=r"fail raised ValueError: no such thing"):
        worker.call("fail")

    assert worker.call("process") == process


@pytest.mark.parametrize(
    ("function", "arguments", "sentence"),
    [
        ("die", {"code": 7}, r"ended \(exit code 7\).*its last lines were: .*last words"),
        ("kill", {}, r"ended \(killed by SIGKILL\)"),
        ("hang", {}, r"took longer than its limit of 8 s: allow more or give it less"),
        ("huge", {"n_bytes": 200_000}, r"answered more than 100000 bytes: ask for less"),
    ],
)
def test_a_failure_is_one_sentence_and_the_next_call_works(
    worker: Worker, function: str, arguments: dict[str, int], sentence: str
) -> None:
    process = worker.call("process")

    with pytest.raises(ForeignLibraryError, match=sentence) as caught:
        worker.call(function, arguments)

    assert "\n" not in str(caught.value)
    assert worker.call("process") != process


def test_what_a_library_prints_is_no_answer(worker: Worker) -> None:
    assert worker.call("chatter", {"n_lines": 20_000}) == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mappings on Linux only")
def test_more_memory_than_allowed_is_refused(worker: Worker) -> None:
    with pytest.raises(ForeignLibraryError, match="needs more memory than it may take"):
        worker.call("allocate", {"n_bytes": 2_000_000_000})

    assert worker.call("allocate", {"n_bytes": 1_000}) == 1_000


def test_a_program_that_speaks_nonsense_is_one_sentence(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho nonsense\nsleep 60\n")
    python.chmod(0o755)
    environment = Environment(recipe=HERE.recipe, python=python)

    with (
        Worker(environment, timeout_s=10.0) as worker,
        pytest.raises(ForeignLibraryError, match=r"vices answered nonsense .*nonsense"),
    ):
        worker.call("calls")


def test_a_missing_interpreter_is_one_sentence() -> None:
    environment = Environment(recipe=HERE.recipe, python=Path("/no/such/python"))

    with (
        Worker(environment, timeout_s=10.0) as worker,
        pytest.raises(ForeignLibraryError, match=r"could not start .*make its environment anew"),
    ):
        worker.call("calls")


def test_a_worker_gets_no_secrets(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMED_SECRET", "hush")

    assert "hush" not in worker.call("settings").values()


def test_a_worker_dies_with_its_parent() -> None:
    script = (
        "import os, pathlib, sys\n"
        "from anomed_core.environments import Environment, Recipe, Worker\n"
        f"recipe = Recipe(name='vices', driver=pathlib.Path({str(DRIVER)!r}))\n"
        "here = Environment(recipe=recipe, python=pathlib.Path(sys.executable))\n"
        "print(Worker(here, timeout_s=60).call('process'), flush=True)\n"
        "os._exit(0)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    process, ends_at = int(finished.stdout), time.monotonic() + 10.0

    while Path(f"/proc/{process}").exists() and time.monotonic() < ends_at:
        time.sleep(0.05)

    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
