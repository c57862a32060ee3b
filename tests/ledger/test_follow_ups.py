"""Follow-ups are written with their score, taken by one at a time, and never forgotten."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from anomed_core.ledger import DELIVER, Database, FollowUpBook, Ledger
from tests.ledger.records import (
    NOON,
    PROVENANCE,
    SettableClock,
    outcomes_of,
    tuning_of,
)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def ledger(database: Database, clock: SettableClock) -> Ledger:
    return Ledger(database, clock=clock)


@pytest.fixture
def book(database: Database, clock: SettableClock) -> FollowUpBook:
    return FollowUpBook(database, clock=clock)


def record(ledger: Ledger, *names: str) -> int:
    claim = ledger.claim(tuning_of())
    return ledger.record(claim, {"accuracy": 0.5}, PROVENANCE, follow_ups=names or (DELIVER,)).id


def test_a_follow_up_is_taken_by_one_until_its_lease_ends(
    ledger: Ledger, book: FollowUpBook, clock: SettableClock
) -> None:
    score_id = record(ledger)
    first = book.take(DELIVER, lease_s=30)
    assert first is not None
    assert (first.score.id, first.attempt) == (score_id, 1)
    assert book.take(DELIVER, lease_s=30) is None
    clock.now += timedelta(seconds=30)
    again = book.take(DELIVER, lease_s=30)
    assert again is not None
    assert (again.score.id, again.attempt) == (score_id, 2)


def test_follow_ups_are_taken_in_the_order_in_which_they_are_due(
    ledger: Ledger, book: FollowUpBook, clock: SettableClock
) -> None:
    first = record(ledger)
    clock.now += timedelta(seconds=1)
    second = record(ledger)
    taken = [book.take(DELIVER, lease_s=30) for _ in range(2)]
    assert [follow_up.score.id for follow_up in taken if follow_up] == [first, second]


def test_only_follow_ups_of_the_wanted_name_are_taken(ledger: Ledger, book: FollowUpBook) -> None:
    record(ledger, "attack:coin", DELIVER)
    follow_up = book.take("attack:", lease_s=30)
    assert follow_up is not None
    assert follow_up.name == "attack:coin"
    assert book.take("attack:", lease_s=30) is None


def test_of_simultaneous_takers_each_gets_another_follow_up(
    ledger: Ledger, open_database: Callable[[], Database], clock: SettableClock
) -> None:
    for _ in range(6):
        record(ledger)
    books = [FollowUpBook(open_database(), clock=clock) for _ in range(2)]
    outcomes = outcomes_of(
        [lambda n=n: books[n % 2].take(DELIVER, lease_s=30) for n in range(10)]  # type: ignore[misc]
    )
    facts = books[0].facts()
    # A taker that lost a race may come back with nothing; it never comes back with another's.
    assert outcomes["FollowUp"] == sum(fact.tries for fact in facts) >= 1
    assert all(fact.tries <= 1 for fact in facts)


def test_what_is_done_stays_done(ledger: Ledger, book: FollowUpBook, clock: SettableClock) -> None:
    record(ledger)
    follow_up = book.take(DELIVER, lease_s=30)
    assert follow_up is not None
    book.done(follow_up)
    clock.now += timedelta(days=1)
    assert book.take(DELIVER, lease_s=30) is None
    assert book.retry(DELIVER) == 0
    assert book.n_waiting(DELIVER) == 0


def test_a_postponed_follow_up_waits_and_says_why(
    ledger: Ledger, book: FollowUpBook, clock: SettableClock
) -> None:
    record(ledger)
    follow_up = book.take(DELIVER, lease_s=30)
    assert follow_up is not None
    book.postpone(follow_up, delay_s=600, error="the platform answered 500" + "x" * 1000)
    (fact,) = book.facts()
    assert (fact.state, fact.tries, len(fact.last_error)) == ("waiting", 1, 500)
    assert fact.next_try_at == NOON + timedelta(seconds=600)
    clock.now += timedelta(seconds=599)
    assert book.take(DELIVER, lease_s=30) is None
    clock.now += timedelta(seconds=1)
    assert book.take(DELIVER, lease_s=30) is not None


def test_a_clock_that_was_set_back_holds_nothing_up(
    ledger: Ledger, book: FollowUpBook, clock: SettableClock
) -> None:
    put_off = record(ledger)
    follow_up = book.take(DELIVER, lease_s=30)
    assert follow_up is not None
    book.postpone(follow_up, delay_s=600, error="the platform answered 500")
    clock.now = NOON - timedelta(days=3)
    fresh = record(ledger)
    taken = [book.take(DELIVER, lease_s=30) for _ in range(3)]
    assert [follow_up.score.id if follow_up else None for follow_up in taken] == [
        fresh,
        put_off,
        None,
    ]


def test_a_long_lease_is_kept(ledger: Ledger, book: FollowUpBook, clock: SettableClock) -> None:
    record(ledger)
    assert book.take(DELIVER, lease_s=10_000) is not None
    assert book.take(DELIVER, lease_s=10_000) is None
    clock.now += timedelta(seconds=10_000)
    assert book.take(DELIVER, lease_s=10_000) is not None


def test_what_was_given_up_can_be_retried(ledger: Ledger, book: FollowUpBook) -> None:
    first, second = record(ledger), record(ledger)
    for _ in range(2):
        follow_up = book.take(DELIVER, lease_s=30)
        assert follow_up is not None
        book.give_up(follow_up, error="refused")
    assert book.n_waiting(DELIVER) == 0
    assert book.retry(DELIVER, score_id=second) == 1
    follow_up = book.take(DELIVER, lease_s=30)
    assert follow_up is not None
    assert follow_up.score.id == second
    assert book.retry(DELIVER) == 2
    assert first != second


def test_a_score_that_is_not_recorded_leaves_no_follow_up(
    ledger: Ledger, book: FollowUpBook
) -> None:
    claim = ledger.claim(tuning_of())
    ledger.release(claim, "failed")
    with pytest.raises(Exception, match="ran out"):
        ledger.record(claim, {"accuracy": 0.5}, PROVENANCE, follow_ups=[DELIVER])
    assert book.facts() == []
