"""What was asked and answered is archived with its claim, chained, and kept as long as said."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.errors import LedgerError
from anomed_core.ledger import ArchivedBody, ArchiveEntry, Claim, Database, Entry, JobBook, Ledger
from anomed_core.ledger.schema import archive
from anomed_core.model import Line, Role, Subject
from tests.ledger.records import (
    ANONYMIZER,
    PRIVACY,
    SettableClock,
    answer_call,
    call_of,
    entry_of,
    job_of,
)

EPSILON = Line(PRIVACY, "epsilon", "0.1")
QUERY = Line(PRIVACY, "queries", 1)
CALL = call_of(EPSILON, QUERY, parameters={"of": "ages"})
BOB = Subject(role=Role.ANONYMIZER, anonymizer="bob")
EVE_ON_BOB = Subject(role=Role.DEANONYMIZER, anonymizer="bob", deanonymizer="eve")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def ledger(database: Database, clock: SettableClock) -> Ledger:
    return Ledger(database, clock=clock)


def only(ledger: Ledger) -> Entry:
    (entry,) = ledger.entries("iris")
    return entry


def change(database: Database, **values: object) -> None:
    with database.writing() as connection:
        connection.execute(sa.update(archive).values(**values))


# --- what is kept ---------------------------------------------------------------------------------


def test_an_entry_says_what_was_asked_answered_and_spent(ledger: Ledger) -> None:
    number = answer_call(ledger, CALL, '{"count":7}')

    entry = ledger.entry("iris", number)
    assert entry == only(ledger)
    assert entry is not None
    assert (entry.operation, entry.subject, entry.parameters) == (
        "count",
        ANONYMIZER,
        {"of": "ages"},
    )
    assert (entry.request.text, entry.answer.text) == ('{"of":"ages"}', '{"count":7}')
    assert entry.lines == (Line("privacy", "epsilon", "0.1"), Line("privacy", "queries", 1))
    assert entry.outcome == "answered"


def test_it_tells_what_was_spent_not_what_was_reserved(ledger: Ledger) -> None:
    less = [Line(PRIVACY, "epsilon", "0.04"), Line(PRIVACY, "queries", 0)]
    ledger.commit(ledger.claim(CALL), spent=less, entry=entry_of(CALL))

    assert only(ledger).lines == (Line("privacy", "epsilon", "0.04"),)


def test_entry_claim_and_balance_change_together(ledger: Ledger) -> None:
    claim = ledger.claim(CALL)
    ledger.release(claim, "failed")
    with pytest.raises(LedgerError):
        ledger.commit(claim, entry=entry_of(CALL))

    assert ledger.entries("iris") == []
    assert ledger.verify() == []


def test_what_is_large_or_no_json_is_a_file(ledger: Ledger) -> None:
    large = ArchivedBody(content=b'"' + b"x" * 2**16 + b'"')
    arrays = ArchivedBody(content=b"PK", media_type="application/octet-stream")
    entry = ArchiveEntry(
        challenge="iris", operation="count", subject=BOB, request=large, answer=arrays
    )
    ledger.commit(ledger.claim(CALL), entry=entry)

    assert entry.filed == (large, arrays)
    kept = only(ledger)
    assert (kept.request.place, kept.request.text, kept.request.size_bytes) == (
        "store",
        None,
        2**16 + 2,
    )
    assert (kept.answer.place, kept.answer.digest) == ("store", arrays.digest)
    assert ledger.verify() == []


def test_a_call_that_is_lost_after_it_began_is_archived_without_an_answer(ledger: Ledger) -> None:
    known = ledger.claim(CALL, started=True)
    ledger.release(known, "too slow", entry=entry_of(CALL, None))
    ledger.release(ledger.claim(CALL, started=True), "its process died")
    ledger.release(ledger.claim(CALL), "it had not begun")

    lost = ledger.entries("iris")
    assert [(one.outcome, one.answer.place, one.request.text) for one in lost] == [
        ("lost", "", '{"of":"ages"}'),
        ("lost", "", None),
    ]
    assert [one.lines for one in lost] == [(Line("privacy", "epsilon", "0.1"),)] * 2
    assert ledger.verify() == []


def test_a_job_ends_with_its_entry(
    ledger: Ledger, database: Database, clock: SettableClock
) -> None:
    book = JobBook(database, kept_s=60, clock=clock)
    request = call_of(QUERY, by_job=True)
    claim: Claim = ledger.claim(request, job=job_of(request))
    job = book.take()
    assert job is not None

    number = ledger.commit(claim, entry=entry_of(request), job=job)

    done = book.get(job.id)
    assert done is not None
    assert (done.state, done.entry_id) == ("done", number)
    with pytest.raises(LedgerError):
        ledger.commit(claim, entry=entry_of(request), job=job)


# --- whose it is ----------------------------------------------------------------------------------


def test_everybody_finds_their_own(ledger: Ledger) -> None:
    for subject in (ANONYMIZER, BOB, EVE_ON_BOB, None):
        answer_call(ledger, call_of(subject=subject))

    def numbers(role: Role | None, holder: str = "") -> list[int]:
        return [one.id for one in ledger.entries("iris", role=role, holder=holder)]

    assert numbers(Role.ANONYMIZER, "alice") == [1]
    assert numbers(Role.ANONYMIZER, "bob") == [2]
    assert numbers(Role.DEANONYMIZER, "eve") == [3]
    assert numbers(None) == [1, 2, 3, 4]
    assert ledger.entries("adult") == []
    assert ledger.entry("adult", 1) is None


def test_it_is_read_in_pages_and_up_to_a_time(ledger: Ledger, clock: SettableClock) -> None:
    for _ in range(3):
        answer_call(ledger, call_of())
        clock.now += timedelta(minutes=1)

    assert [one.id for one in ledger.entries("iris", after=1, limit=1)] == [2]
    until = clock.now - timedelta(minutes=2)
    assert [one.id for one in ledger.entries("iris", until=until)] == [1]


# --- how long -------------------------------------------------------------------------------------


def test_bodies_are_retired_and_the_chain_stays(
    ledger: Ledger, clock: SettableClock, database: Database
) -> None:
    answer_call(ledger, call_of())
    clock.now += timedelta(hours=1)
    answer_call(ledger, call_of())

    assert ledger.retire_archive(clock.now) == [1]
    assert ledger.retire_archive(clock.now) == []

    first, second = ledger.entries("iris")
    assert (first.request.text, first.answer.text) == (None, None)
    assert first.answer.digest == second.answer.digest
    assert second.answer.text is not None
    assert ledger.verify() == []
    (row,) = [row for row in ledger.audit_trail() if row.action == "archive retired"]
    assert row.detail["entries"] == "1"


# --- what is noticed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"answer_text": '{"count":4}'}, "its answer was changed"),
        ({"request_text": None}, "its request is missing"),
        ({"answer_text": None}, "its answer is missing"),
        ({"answer_digest": "0" * 64}, "its content was changed"),
        ({"operation": "sum"}, "its content was changed"),
        ({"lines": "[]"}, "its content was changed"),
        ({"outcome": "lost"}, "its content was changed"),
        ({"anonymizer": "bob"}, "its content was changed"),
    ],
    ids=str,
)
def test_a_change_is_found(
    values: dict[str, object], problem: str, ledger: Ledger, database: Database
) -> None:
    answer_call(ledger, CALL)
    change(database, **values)

    assert problem in {fault.problem for fault in ledger.verify() if fault.table == "archive"}


def test_an_answer_in_the_place_of_none_is_found(ledger: Ledger, database: Database) -> None:
    ledger.release(ledger.claim(CALL, started=True), "it died")
    change(database, answer_text="3")

    assert "its answer was changed" in {fault.problem for fault in ledger.verify()}


@given(content=st.binary(max_size=2**17), is_json=st.booleans())
def test_whatever_is_archived_has_one_place(content: bytes, is_json: bool) -> None:
    kind = "application/json" if is_json else "application/x-npz"
    body = ArchivedBody(content=content, media_type=kind)

    assert (body.place == "row") == (is_json and len(content) <= 2**16)
