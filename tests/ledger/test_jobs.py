"""A job holds its claim until it ends, is worked at by one, and is taken up again after a kill."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest
import sqlalchemy as sa

from anomed_core.errors import (
    AlreadyScoredError,
    AttemptInProgressError,
    LedgerError,
    QuotaExhaustedError,
)
from anomed_core.ledger import Claim, ClaimRequest, Database, Job, JobBook, Ledger, NewJob, Quota
from anomed_core.ledger.jobs import LEASE_S
from anomed_core.ledger.schema import jobs
from tests.ledger.records import (
    ANONYMIZER,
    PROVENANCE,
    SettableClock,
    final_of,
    house_score,
    job_of,
    outcomes_of,
    tuning_of,
)

KEPT_S = 600.0
FINAL = final_of(by_job=True)
TUNING = tuning_of(by_job=True)
A_WHILE = timedelta(seconds=LEASE_S + 1)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def ledger(database: Database, clock: SettableClock) -> Ledger:
    return Ledger(database, clock=clock)


@pytest.fixture
def book(database: Database, clock: SettableClock) -> JobBook:
    return JobBook(database, kept_s=KEPT_S, clock=clock)


def accept(ledger: Ledger, request: ClaimRequest = FINAL, *, number: int = 1) -> Claim:
    """Claim for a job."""
    return ledger.claim(request, job=job_of(request, number))


def taken(book: JobBook) -> Job:
    job = book.take()
    assert job is not None
    return job


def state_of(book: JobBook, number: int = 1) -> str:
    job = book.get(f"{number:032x}")
    return job.state if job is not None else "forgotten"


def attempts(ledger: Ledger) -> list[str]:
    return [one.state for one in ledger.attempts(challenge="iris", subject=ANONYMIZER)]


# --- what a job holds -----------------------------------------------------------------------------


def test_an_attempt_is_reserved_for_as_long_as_its_job_is_unfinished(
    ledger: Ledger, book: JobBook, clock: SettableClock
) -> None:
    accept(ledger)
    clock.now += timedelta(days=40)

    with pytest.raises(AttemptInProgressError):
        ledger.claim(final_of())
    assert attempts(ledger) == ["claimed"]

    book.fail(taken(book), error="EvaluationFailedError", sentence="It failed.", reason="x")
    assert attempts(ledger) == ["released"]
    ledger.claim(final_of())


def test_a_waiting_job_counts_against_the_quota(ledger: Ledger) -> None:
    quota = Quota(attempts=1)
    claim = accept(ledger, attrs.evolve(TUNING, quota=quota))

    assert claim.remaining == 0
    with pytest.raises(QuotaExhaustedError):
        ledger.claim(tuning_of(quota=quota))


def test_score_claim_and_job_change_together(ledger: Ledger, book: JobBook) -> None:
    claim = accept(ledger)

    score = ledger.record(claim, {"accuracy": 0.5}, PROVENANCE, job=taken(book))

    assert (state_of(book), attempts(ledger)) == ("done", ["scored"])
    job = book.get(f"{1:032x}")
    assert job is not None
    left = [["final/anonymizer", "attempt", "0"]]
    assert (job.score_id, job.told) == (
        score.id,
        {"remaining": 0, "resets_at": None, "left": left},
    )
    with pytest.raises(AlreadyScoredError):
        ledger.claim(final_of())


def test_a_refused_claim_leaves_no_job(ledger: Ledger, book: JobBook) -> None:
    accept(ledger)
    with pytest.raises(AttemptInProgressError):
        accept(ledger, number=2)

    assert state_of(book, 2) == "forgotten"


def test_a_cancelled_job_gives_its_attempt_back_and_records_nothing(
    ledger: Ledger, book: JobBook
) -> None:
    claim = accept(ledger)
    running = taken(book)

    assert book.cancel(running)
    assert not book.cancel(running)
    with pytest.raises(LedgerError):
        ledger.record(claim, {"accuracy": 0.5}, PROVENANCE, job=running)

    assert not book.extend(running)
    assert not book.fail(running, error="E", sentence="", reason="E")
    assert (state_of(book), attempts(ledger), ledger.n_scores()) == ("cancelled", ["released"], 0)


def test_what_is_done_cannot_be_cancelled(ledger: Ledger, book: JobBook) -> None:
    claim = accept(ledger)
    job = taken(book)
    ledger.record(claim, {"accuracy": 0.5}, PROVENANCE, job=job)

    assert not book.cancel(job)
    assert (state_of(book), attempts(ledger)) == ("done", ["scored"])


def test_results_of_an_audit_are_recorded_once(ledger: Ledger, book: JobBook) -> None:
    book.add(
        NewJob(
            id=f"{1:032x}",
            what="audit",
            challenge="iris",
            kind="anonymizer",
            subject=ANONYMIZER,
            holder="olga",
        )
    )
    job = taken(book)

    ledger.record_audit([house_score(), house_score(label="die")], job=job)
    with pytest.raises(LedgerError):
        ledger.record_audit([house_score()], job=job)

    assert ledger.n_scores() == 2
    done = book.get(job.id)
    assert done is not None
    assert done.told == {"coin": {"advantage": 0.0}, "die": {"advantage": 0.0}}


# --- who works at it ------------------------------------------------------------------------------


def test_a_job_is_taken_by_one_until_its_lease_ends(
    ledger: Ledger, book: JobBook, clock: SettableClock
) -> None:
    accept(ledger)
    first = taken(book)
    clock.now += timedelta(seconds=LEASE_S / 2)
    assert book.extend(first)
    clock.now += timedelta(seconds=LEASE_S - 1)
    assert book.take() is None

    clock.now += A_WHILE
    second = taken(book)

    assert (first.tries, second.tries) == (1, 2)
    assert not book.extend(first)
    assert book.extend(second)


def test_who_was_overtaken_records_nothing(
    ledger: Ledger, book: JobBook, clock: SettableClock
) -> None:
    claim = accept(ledger)
    first = taken(book)
    clock.now += A_WHILE
    second = taken(book)

    with pytest.raises(LedgerError):
        ledger.record(claim, {"accuracy": 0.1}, PROVENANCE, job=first)
    ledger.record(claim, {"accuracy": 0.2}, PROVENANCE, job=second)

    assert [score.metrics for score in ledger.scores()] == [{"accuracy": 0.2}]


def test_the_job_of_a_killed_process_is_taken_up_at_once(
    ledger: Ledger, book: JobBook, database: Database
) -> None:
    accept(ledger)
    taken(book)
    gone = subprocess.run(
        [
            sys.executable,
            "-c",
            "from anomed_core.system.process_identity import this_process; print(this_process())",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with database.writing() as connection:
        connection.execute(sa.update(jobs).values(owner=gone))

    assert taken(book).tries == 2
    assert attempts(ledger) == ["claimed"]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
def test_a_clock_that_is_set_back_keeps_no_job_waiting(
    back: timedelta, ledger: Ledger, book: JobBook, clock: SettableClock
) -> None:
    accept(ledger)
    book.put_back(taken(book), delay_s=30)
    assert book.take() is None

    clock.now -= back

    assert taken(book).tries == 2  # not due for an hour
    clock.now -= back
    assert taken(book).tries == 3  # leased for an hour


def test_jobs_are_done_in_the_order_in_which_they_came(
    ledger: Ledger, book: JobBook, clock: SettableClock
) -> None:
    for number in (3, 1, 2):
        accept(ledger, TUNING, number=number)
        clock.now += timedelta(seconds=1)

    assert [int(taken(book).id, 16) for _ in range(3)] == [3, 1, 2]


def test_of_many_takers_one_has_the_job(ledger: Ledger, book: JobBook) -> None:
    accept(ledger)

    outcomes = outcomes_of([book.take] * 16)

    assert outcomes == {"Job": 1, "NoneType": 15}


def test_recording_and_cancelling_at_once_do_one_of_both(
    ledger: Ledger, book: JobBook, clock: SettableClock
) -> None:
    for number in range(1, 9):
        claim = accept(ledger, TUNING, number=number)
        job = taken(book)

        def score(claim: Claim = claim, job: Job = job) -> object:
            return ledger.record(claim, {"accuracy": 0.5}, PROVENANCE, job=job)

        outcomes = outcomes_of([score, lambda job=job: book.cancel(job)])

        assert outcomes in ({"Score": 1, "bool": 1}, {"LedgerError": 1, "bool": 1})
        assert (state_of(book, number), attempts(ledger)[-1]) in {
            ("done", "scored"),
            ("cancelled", "released"),
        }
        assert ("Score" in outcomes) == (state_of(book, number) == "done")


# --- what is told, and for how long ---------------------------------------------------------------


def test_a_job_is_found_again_under_its_idempotency_key_while_it_lasts(
    ledger: Ledger, book: JobBook
) -> None:
    accept(ledger, attrs.evolve(FINAL, replay_key="k"))
    keyed = attrs.evolve(FINAL, replay_key="k")

    assert book.under_key(FINAL) is None
    assert book.under_key(attrs.evolve(FINAL, replay_key="other")) is None
    job = book.under_key(keyed)
    assert job is not None
    book.cancel(job)
    assert book.under_key(keyed) is None


@pytest.mark.parametrize("end", ["done", "failed", "cancelled"])
def test_what_has_ended_is_forgotten_after_a_while(
    end: str, ledger: Ledger, book: JobBook, clock: SettableClock
) -> None:
    ends: dict[str, Callable[[Claim, Job], object]] = {
        "done": lambda claim, job: ledger.record(claim, {"accuracy": 1.0}, PROVENANCE, job=job),
        "failed": lambda _, job: book.fail(job, error="E", sentence="", reason="E"),
        "cancelled": lambda _, job: book.cancel(job),
    }
    claim = accept(ledger)
    ends[end](claim, taken(book))
    accept(ledger, TUNING, number=2)

    clock.now += timedelta(seconds=KEPT_S - 1)
    assert (state_of(book), book.forget()) == (end, 0)
    clock.now += timedelta(seconds=1)
    assert state_of(book) == "forgotten"
    assert (book.forget(), book.forget()) == (1, 0)

    assert state_of(book, 2) == "queued"
    assert book.unfinished() == {f"{2:032x}"}
    assert ledger.verify() == []


def test_unfinished_jobs_are_counted_by_holder(ledger: Ledger, book: JobBook) -> None:
    for number in range(1, 4):
        accept(ledger, TUNING, number=number)
    taken(book)
    book.cancel(taken(book))

    assert book.n_unfinished("iris", "alice") == 2
    assert (book.n_unfinished("iris", "bob"), book.n_unfinished("adult", "alice")) == (0, 0)
