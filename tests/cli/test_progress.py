"""What takes long says so on standard error."""

import subprocess
import sys
import time

import pytest

from anomed_core.cli import progress
from anomed_core.cli.progress import Progress, at_work
from tests.cli.conftest import Anomed


def test_what_is_counted_says_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    tell = Progress()
    for n_done in range(6):
        tell("files", n_done, 5_000)
        now += 0.9
    tell("rows", 12_345, 0)
    tell("checking the ledger", 0, 0)
    now += 2.0
    tell("checking the ledger", 0, 0)

    assert capsys.readouterr().err.splitlines() == [
        "files: 3 of 5,000",
        "rows: 12,345",
        "checking the ledger",
    ]


def test_what_is_not_counted_says_that_it_is_at_work_ever_less_often(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_LOGGED_AFTER_S", 0.05)
    with at_work("anomed compare"):
        time.sleep(0.6)

    lines = capfd.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 4  # after 0.05, 0.15, 0.35, not before 0.75
    assert set(lines) <= {"anomed compare: at work for 0 s", "anomed compare: at work for 1 s"}


def test_who_counts_need_not_say_that_time_goes_by(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_LOGGED_AFTER_S", 0.05)
    monkeypatch.setattr(progress, "_EVERY_S", 0.01)
    with at_work("anomed backup"):
        tell, end = Progress(), time.monotonic() + 0.3
        while time.monotonic() < end:
            tell("files", 1, 2)
            time.sleep(0.005)

    assert set(capfd.readouterr().err.splitlines()) == {"files: 1 of 2"}


def test_a_command_that_takes_long_says_so(anomed: Anomed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LOGGED_AFTER_S", 0.001)

    assert "anomed plugins: at work for" in anomed("plugins", "list").err


def test_a_command_that_takes_none_says_nothing() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "anomed_core", "ledger", "--help"], capture_output=True, check=True
    )

    assert answer.stderr == b""
