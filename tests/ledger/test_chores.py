"""Chores: written with their score, leased, never forgotten."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from anomed_core.ledger import Chore, ChoreBook, Database, SqlLedger
from anomed_core.testing.ledger_races import PROVENANCE, Clock, tuning

TASKS = ("deliver", "attack:shadow")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database, clock: Clock) -> SqlLedger:
    return SqlLedger(database, clock=clock)


@pytest.fixture
def book(database: Database, clock: Clock) -> ChoreBook:
    return ChoreBook(database, clock=clock)


def record(ledger: SqlLedger, *tasks: str) -> int:
    return ledger.record(ledger.claim(tuning()), {"x": 1.0}, PROVENANCE, tasks=tasks).id


def taken(book: ChoreBook, tasks: str = "deliver") -> Chore:
    chore = book.take(tasks, lease_s=30)
    assert chore is not None
    return chore


def states(book: ChoreBook) -> list[tuple[int, str, str, int]]:
    return [(fact.score_id, fact.task, fact.state, fact.tries) for fact in book.facts()]


def test_chores_are_written_with_their_score(ledger: SqlLedger, book: ChoreBook) -> None:
    record(ledger, *TASKS)
    record(ledger)

    assert states(book) == [(1, "attack:shadow", "waiting", 0), (1, "deliver", "waiting", 0)]


def test_a_score_that_is_not_recorded_leaves_no_chore(ledger: SqlLedger, book: ChoreBook) -> None:
    claim = ledger.claim(tuning())
    with pytest.raises(ValueError, match="JSON"):
        ledger.record(claim, {"x": float("nan")}, PROVENANCE, tasks=TASKS)

    assert states(book) == []


def test_the_oldest_chore_of_a_sort_is_taken(ledger: SqlLedger, book: ChoreBook) -> None:
    record(ledger, *TASKS)
    record(ledger, *TASKS)

    first, second = taken(book), taken(book)

    assert [(c.score.id, c.task, c.attempt) for c in (first, second)] == [
        (1, "deliver", 1),
        (2, "deliver", 1),
    ]
    assert book.take("deliver", lease_s=30) is None
    assert taken(book, "attack:").task == "attack:shadow"


def test_a_chore_of_a_dead_worker_is_taken_again_after_its_lease(
    ledger: SqlLedger, book: ChoreBook, clock: Clock
) -> None:
    record(ledger, "deliver")
    taken(book)
    clock.advance(29)
    assert book.take("deliver", lease_s=30) is None

    clock.advance(2)
    assert taken(book).attempt == 2


def test_of_many_workers_one_takes_a_chore(ledger: SqlLedger, book: ChoreBook) -> None:
    for _ in range(3):
        record(ledger, "deliver")
    found: list[Chore | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(book.take("deliver", lease_s=30)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(chore.score.id for chore in found if chore is not None) == [1, 2, 3]


def test_what_is_done_is_not_taken_again(ledger: SqlLedger, book: ChoreBook, clock: Clock) -> None:
    record(ledger, "deliver")
    book.done(taken(book))
    clock.advance(10_000)

    assert book.take("deliver", lease_s=30) is None
    assert states(book) == [(1, "deliver", "done", 1)]


def test_what_is_postponed_waits(ledger: SqlLedger, book: ChoreBook, clock: Clock) -> None:
    record(ledger, "deliver")
    book.postpone(taken(book), delay_s=60, error="no answer " * 100)
    clock.advance(59)
    assert book.take("deliver", lease_s=30) is None

    clock.advance(2)
    assert taken(book).attempt == 2
    assert len(book.facts()[0].last_error) == 500


def test_what_is_given_up_is_taken_when_it_is_retried(ledger: SqlLedger, book: ChoreBook) -> None:
    for _ in range(2):
        record(ledger, *TASKS)
        book.give_up(taken(book), error="refused")
    assert book.n_waiting("deliver") == 0

    assert book.retry("deliver", score_id=2) == 1
    assert taken(book).score.id == 2
    assert book.retry("deliver") == 2


def test_what_is_done_is_not_retried(ledger: SqlLedger, book: ChoreBook) -> None:
    record(ledger, "deliver")
    book.done(taken(book))

    assert book.retry("deliver") == 0


def test_waiting_chores_are_counted_by_sort(ledger: SqlLedger, book: ChoreBook) -> None:
    record(ledger, *TASKS)
    record(ledger, "deliver")

    assert (book.n_waiting("deliver"), book.n_waiting("attack:"), book.n_waiting("")) == (2, 1, 3)


def test_a_sort_is_no_pattern(ledger: SqlLedger, book: ChoreBook) -> None:
    record(ledger, "attack:100%")

    assert book.n_waiting("attack:1%") == 0
    assert book.n_waiting("_ttack") == 0
    assert taken(book, "attack:100%").task == "attack:100%"
