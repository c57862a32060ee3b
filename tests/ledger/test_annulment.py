"""What is annulled with a score, and which attempts return."""

import json

import pytest
import sqlalchemy as sa

from anomed_core.errors import AlreadyScoredError, LedgerError
from anomed_core.ledger import Attempt, Database, FollowUpBook, Ledger, Quota
from anomed_core.ledger.schema import audit
from anomed_core.model import Role, Score, Subject
from tests.ledger.records import (
    ANONYMIZER,
    PROVENANCE,
    final_of,
    house_score,
    score_of,
    tuning_of,
)

EVE, DAN = (
    Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer=name)
    for name in ("eve", "dan")
)
ELSEWHERE = Subject(role=Role.DEANONYMIZER, anonymizer="bob", deanonymizer="eve")


@pytest.fixture
def ledger(database: Database) -> Ledger:
    ledger = Ledger(database)
    ledger.open_challenge("iris", "f" * 64, accept_change=False)
    return ledger


def attack_of(ledger: Ledger, subject: Subject) -> Score:
    return score_of(ledger, final_of(subject, kind="deanonymizer"))


def history(ledger: Ledger, subject: Subject = ANONYMIZER) -> list[Attempt]:
    return list(ledger.attempts(challenge="iris", subject=subject))


def test_with_a_target_go_the_attacks_on_it_and_their_attempts_return(ledger: Ledger) -> None:
    early = attack_of(ledger, DAN)
    final = score_of(ledger, final_of())
    house = ledger.record_house(house_score())
    attack = attack_of(ledger, EVE)
    mended = ledger.supersede(attack, {"accuracy": 0.75}, PROVENANCE, fingerprint="f" * 64)
    tuned = score_of(ledger, tuning_of(EVE, kind="deanonymizer"))
    other = attack_of(ledger, ELSEWHERE)

    versions = ledger.annul(final.id, "two accounts")

    assert [version.supersedes for version in versions] == [final.id, house.id, mended.id]
    why = "the final of alice was annulled: two accounts"
    assert [version.annulled for version in versions] == ["two accounts", why, why]
    assert {early.id, tuned.id, other.id}.isdisjoint(v.supersedes for v in versions)
    states = [(a.split.value, a.state, a.reason) for a in history(ledger, EVE)]
    assert states == [("validation", "returned", why), ("tuning", "scored", "")]
    assert [attempt.state for attempt in history(ledger, DAN)] == ["scored"]
    assert [attempt.state for attempt in history(ledger)] == ["scored"]
    assert ledger.verify() == []


def test_a_returned_attempt_can_be_made_once_more(ledger: Ledger) -> None:
    final = score_of(ledger, final_of(replay_key="key"))
    attack_of(ledger, EVE)
    ledger.annul(final.id, "our mistake", return_attempt=True)

    again, attack = score_of(ledger, final_of(replay_key="key"), 0.9), attack_of(ledger, EVE)

    assert [attempt.state for attempt in history(ledger)] == ["returned", "scored"]
    for request in (final_of(), final_of(EVE, kind="deanonymizer")):
        with pytest.raises(AlreadyScoredError):
            ledger.claim(request)
    found = ledger.final(challenge="iris", kind="anonymizer", subject=ANONYMIZER)
    assert found is not None
    assert (found.id, attack.id) == (again.id, again.id + 1)
    assert [split for _, split in ledger.submitters(challenge="iris", kinds=["anonymizer"])] == [
        "validation"
    ]
    ledger.annul(again.id, "again")
    assert ledger.submitters(challenge="iris", kinds=["anonymizer"]) == []
    assert ledger.verify() == []


def test_without_a_word_the_annulled_final_stays_final(ledger: Ledger) -> None:
    ledger.annul(score_of(ledger, final_of()).id, "a mistake")

    with pytest.raises(AlreadyScoredError):
        ledger.claim(final_of())


def test_a_returned_tuning_attempt_is_not_counted(ledger: Ledger) -> None:
    scores = [score_of(ledger, tuning_of()) for _ in range(2)]
    about = {"challenge": "iris", "kind": "anonymizer", "subject": ANONYMIZER}
    quota = Quota(attempts=3)

    ledger.annul(scores[0].id, "a mistake")
    assert ledger.remaining(**about, quota=quota)[0] == 1
    ledger.annul(scores[1].id, "a mistake", return_attempt=True)
    assert ledger.remaining(**about, quota=quota)[0] == 2


def test_the_house_has_no_attempt_that_could_return(ledger: Ledger) -> None:
    score_of(ledger, final_of())
    house = ledger.record_house(house_score())

    with pytest.raises(LedgerError, match="Score 2 is the house's; there is no attempt"):
        ledger.annul(house.id, "a mistake", return_attempt=True)
    assert len(ledger.scores()) == 2
    assert [version.id for version in ledger.annul(house.id, "a mistake")] == [3]


def test_the_house_attacks_nothing_that_does_not_count(database: Database, ledger: Ledger) -> None:
    claim = ledger.claim(final_of())
    names = ["deliver", "attack:coin"]
    final = ledger.record(claim, {"accuracy": 0.5}, PROVENANCE, follow_ups=names)
    book = FollowUpBook(database)
    taken = book.take("attack:", lease_s=60)

    ledger.annul(final.id, "a mistake")

    assert taken is not None
    with pytest.raises(LedgerError, match="was recorded before"):
        ledger.record_house(house_score(), settles=(final.id, "attack:coin"))
    states = {fact.name: (fact.state, fact.last_error) for fact in book.facts()}
    assert states == {"attack:coin": ("failed", "annulled: a mistake"), "deliver": ("waiting", "")}


def test_the_audit_names_all_that_was_annulled(database: Database, ledger: Ledger) -> None:
    final = score_of(ledger, final_of())
    attack_of(ledger, EVE)
    ledger.annul(final.id, "two accounts", return_attempt=True)

    with database.reading() as connection:
        (detail,) = connection.execute(sa.select(audit.c.detail)).scalars()
    assert json.loads(detail) == {
        "score": "1",
        "version": "3",
        "reason": "two accounts",
        "attempt": "returned",
        "attacks": "2",
    }
