"""One participant's history can be narrowed, and who has submitted is told, on both databases."""

from __future__ import annotations

import pytest

from anomed_core.ledger import Choice, Database, Ledger
from anomed_core.model import Role, Split, Subject
from tests.ledger.records import SettableClock, final_of, score_of, tuning_of

EVE = Subject(role=Role.DEANONYMIZER, deanonymizer="eve")


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, clock=SettableClock())


def eve_against(anonymizer: str) -> Subject:
    return Subject(role=Role.DEANONYMIZER, anonymizer=anonymizer, deanonymizer="eve")


def test_all_pairs_of_an_attacker_are_told_at_once(ledger: Ledger) -> None:
    for name in ("alice", "bob"):
        score_of(ledger, tuning_of(subject=eve_against(name)))
    everything = Choice(every_pair=True)

    found = ledger.attempts(challenge="iris", subject=EVE, choice=everything)
    assert [attempt.subject.anonymizer for attempt in found] == ["alice", "bob"]
    assert not ledger.attempts(challenge="iris", subject=EVE)
    (behind,) = ledger.attempts(
        challenge="iris", subject=EVE, choice=Choice(every_pair=True, after=found[0].id)
    )
    assert behind == found[1]


def test_a_history_can_be_narrowed(ledger: Ledger) -> None:
    subject = eve_against("alice")
    for request in (
        tuning_of(subject=subject),
        tuning_of(subject=subject),
        final_of(subject=subject),
    ):
        score_of(ledger, request)

    def number(choice: Choice) -> int:
        return len(ledger.attempts(challenge="iris", subject=subject, choice=choice))

    assert number(Choice()) == 3
    assert number(Choice(split=Split.VALIDATION)) == 1
    assert number(Choice(limit=2)) == 2
    assert number(Choice(kind="another")) == 0


def test_submitters_are_those_who_have_a_score(ledger: Ledger) -> None:
    bob = Subject(role=Role.ANONYMIZER, anonymizer="bob")
    score_of(ledger, tuning_of(subject=bob))
    score_of(ledger, tuning_of(subject=bob))
    score_of(ledger, final_of(subject=bob))
    kind = final_of().kind

    found = ledger.submitters(challenge="iris", kinds=[kind])
    assert found == [("bob", Split.TUNING), ("bob", Split.VALIDATION)]
    assert ledger.submitters(challenge="wine", kinds=[kind]) == []
