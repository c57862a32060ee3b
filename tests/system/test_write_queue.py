"""The queue of writers: who waits, for how long, and what becomes of it then."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from anomed_core.system.write_queue import WriteQueue

TIMEOUT_S = 0.2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite.turn"


@pytest.fixture
def turns(path: Path) -> Iterator[WriteQueue]:
    turns = WriteQueue(path, timeout_s=TIMEOUT_S)
    yield turns
    turns.close()


@pytest.fixture
def another_process(path: Path) -> Iterator[int]:
    """Return a descriptor of the file that is locked, as by another process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield descriptor
    os.close(descriptor)


def is_taken(path: Path) -> bool:
    """Return whether somebody has the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def seconds_of_waiting(turns: WriteQueue) -> float:
    began = time.monotonic()
    with turns.turn():
        return time.monotonic() - began


def test_whoever_has_a_turn_keeps_others_waiting(turns: WriteQueue, path: Path) -> None:
    with turns.turn():
        assert is_taken(path)
    assert not is_taken(path)


@pytest.mark.timed
def test_nobody_waits_longer_than_promised_for_another_process(
    turns: WriteQueue, another_process: int
) -> None:
    assert TIMEOUT_S <= seconds_of_waiting(turns) < 10 * TIMEOUT_S


@pytest.mark.timed
def test_while_another_process_is_stuck_only_the_first_waits(
    turns: WriteQueue, another_process: int
) -> None:
    seconds_of_waiting(turns)

    assert seconds_of_waiting(turns) < TIMEOUT_S


def test_the_queue_goes_on_when_the_other_process_does(
    turns: WriteQueue, another_process: int, path: Path
) -> None:
    seconds_of_waiting(turns)
    fcntl.flock(another_process, fcntl.LOCK_UN)
    deadline = time.monotonic() + 10
    while turns._left_behind is not None and turns._left_behind.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.01)

    assert not is_taken(path)
    with turns.turn():
        assert is_taken(path)


@pytest.mark.timed
def test_a_turn_begins_when_the_other_process_ends_its_own(
    path: Path, another_process: int
) -> None:
    turns = WriteQueue(path, timeout_s=30)
    release = threading.Timer(TIMEOUT_S, fcntl.flock, (another_process, fcntl.LOCK_UN))
    release.start()

    waited_s = seconds_of_waiting(turns)
    release.join()
    turns.close()

    assert TIMEOUT_S / 2 < waited_s < 10
