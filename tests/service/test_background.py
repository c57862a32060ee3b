"""A follow-up that fails stands in nobody's way, and its thread outlives it."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from anomed_core.ledger import Database, FollowUp, FollowUpBook, Ledger
from anomed_core.service.background import Background, FollowingUp
from tests.ledger.records import PROVENANCE, SettableClock, tuning_of

ATTACKS = "attack:"


class Clumsy:
    """Fails at some follow-ups, in ways that nobody foresaw."""

    prefix = ATTACKS
    lease_s = 30.0
    finals_first = True
    challenges = None
    names = None

    def __init__(self, book: FollowUpBook, *, fails: Callable[[FollowUp], bool]) -> None:
        self._book = book
        self._fails = fails

    def do(self, follow_up: FollowUp) -> None:
        if self._fails(follow_up):
            raise StopIteration("patient 17 is ill")
        self._book.done(follow_up)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield database
    database.close()


@pytest.fixture
def book(database: Database, clock: SettableClock) -> FollowUpBook:
    ledger = Ledger(database, clock=clock)
    for name in ("attack:a", "attack:b"):
        ledger.record(ledger.claim(tuning_of()), {"accuracy": 0.5}, PROVENANCE, follow_ups=[name])
    return FollowUpBook(database, clock=clock)


def until_settled(
    book: FollowUpBook, clock: SettableClock, *, fails: Callable[[FollowUp], bool]
) -> dict[str, str]:
    """Let a thread work while hours go by; return what became of each follow-up."""
    thread = Background(FollowingUp(book, Clumsy(book, fails=fails)))
    thread.start()
    deadline = time.monotonic() + 20
    while any(fact.state == "waiting" for fact in book.facts(ATTACKS)):
        assert time.monotonic() < deadline, "a follow-up is left undone"
        clock.now += timedelta(minutes=20)
        thread.wake()
        time.sleep(0.02)
    thread.stop()
    return {fact.name: fact.state for fact in book.facts(ATTACKS)}


def test_a_failure_that_passes_is_tried_again(book: FollowUpBook, clock: SettableClock) -> None:
    states = until_settled(book, clock, fails=lambda follow_up: follow_up.attempt < 3)
    assert set(states.values()) == {"done"}


def test_a_follow_up_that_always_fails_is_given_up_and_the_others_are_done(
    book: FollowUpBook, clock: SettableClock
) -> None:
    states = until_settled(book, clock, fails=lambda follow_up: follow_up.name == "attack:a")
    assert states["attack:b"] == "done"
    assert states["attack:a"] != "done"
    (refused,) = [fact for fact in book.facts(ATTACKS) if fact.name == "attack:a"]
    assert refused.last_error == "StopIteration", "a message may hold data"
