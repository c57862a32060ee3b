"""Criteria stand beside the scores that they were taken from, and change with them."""

import math
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from anomed_core.errors import LedgerError
from anomed_core.ledger import Database, Ledger, RankedMetric
from anomed_core.ledger.schema import criteria
from anomed_core.model import Role, Subject
from tests.ledger.records import (
    PROVENANCE,
    final_of,
    house_score,
    score_of,
    tuning_of,
)

RANKED = [
    RankedMetric(kind="anonymizer", metric="accuracy"),
    RankedMetric(kind="anonymizer", label="coin", metric="risk_low", estimate="risk"),
    RankedMetric(kind="deanonymizer", metric="accuracy"),
]
PAIR = Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer="eve")


@pytest.fixture
def ledger(database: Database) -> Ledger:
    ledger = Ledger(database)
    ledger.open_challenge("iris", "f" * 64, accept_change=False, ranked=RANKED)
    return ledger


def stored(database: Database) -> list[tuple[object, ...]]:
    """Return number, first number, label, metric, value and estimate of all criteria."""
    columns = ("score_id", "first_id", "label", "metric", "value", "estimate")
    query = sa.select(*(criteria.c[name] for name in columns))
    with database.reading() as connection:
        return sorted(map(tuple, connection.execute(query)))


def test_a_final_is_kept_with_what_it_is_about(database: Database, ledger: Ledger) -> None:
    score = score_of(ledger, final_of(PAIR, kind="deanonymizer"), 0.25)
    with database.reading() as connection:
        (row,) = connection.execute(sa.select(criteria)).mappings()
    assert dict(row) == {
        "score_id": score.id,
        "first_id": score.id,
        "challenge": "iris",
        "kind": "deanonymizer",
        "split": "validation",
        "origin": "participant",
        "label": "",
        "role": "deanonymizer",
        "anonymizer": "alice",
        "deanonymizer": "eve",
        "metric": "accuracy",
        "value": 0.25,
        "estimate": None,
    }


def test_tuning_leaves_no_criteria(database: Database, ledger: Ledger) -> None:
    score_of(ledger, tuning_of())
    assert stored(database) == []


def test_a_score_without_a_ranked_metric_is_kept_without_a_value(
    database: Database, ledger: Ledger
) -> None:
    ledger.record(ledger.claim(final_of()), {"other": 1.0}, PROVENANCE)
    assert stored(database) == [(1, 1, "", "accuracy", None, None)]


def test_a_new_version_takes_the_place_of_the_old_one_and_keeps_its_first_number(
    database: Database, ledger: Ledger
) -> None:
    score = score_of(ledger, final_of(), 0.5)
    for value in (0.6, 0.7):
        score = ledger.supersede(score, {"accuracy": value}, PROVENANCE, fingerprint="f" * 64)
    assert stored(database) == [(3, 1, "", "accuracy", 0.7, None)]


def test_an_annulled_score_has_no_criteria(database: Database, ledger: Ledger) -> None:
    score = score_of(ledger, final_of())
    (annulled,) = ledger.annul(score.id, "two accounts of one team")
    assert stored(database) == []
    assert (annulled.annulled, annulled.supersedes) == ("two accounts of one team", score.id)
    assert annulled.metrics == score.metrics
    assert ledger.verify() == []


def test_a_score_is_annulled_once_and_evaluated_no_more(ledger: Ledger) -> None:
    score = score_of(ledger, final_of())
    (annulled,) = ledger.annul(score.id, "a mistake")
    with pytest.raises(LedgerError, match="superseded already"):
        ledger.annul(score.id, "again")
    with pytest.raises(LedgerError, match="Score 2 was annulled"):
        ledger.annul(annulled.id, "again")
    with pytest.raises(LedgerError, match="Score 2 was annulled"):
        ledger.supersede(annulled, {"accuracy": 1.0}, PROVENANCE, fingerprint="f" * 64)


def test_an_annulment_is_audited(database: Database, ledger: Ledger) -> None:
    ledger.annul(score_of(ledger, final_of()).id, "a mistake")
    with database.reading() as connection:
        actions = connection.exec_driver_sql("SELECT action, detail FROM audit").all()
    assert actions == [
        ("score annulled", '{"reason":"a mistake","score":"1","version":"2"}'),
    ]


def test_the_houses_newest_result_counts(database: Database, ledger: Ledger) -> None:
    for risk in (0.5, 0.25):
        ledger.record_house(house_score(metrics={"risk": risk, "risk_low": risk / 2}))
    assert stored(database) == [(2, 2, "coin", "risk_low", 0.125, 0.25)]


def test_nothing_is_kept_that_nobody_declared(database: Database, ledger: Ledger) -> None:
    ledger.record_house(house_score(label="undeclared", metrics={"risk_low": 0.1}))
    score_of(ledger, final_of(kind="other"))
    assert stored(database) == []


def filled(ledger: Ledger) -> None:
    final = score_of(ledger, final_of(), 0.5)
    score_of(ledger, tuning_of(), 0.1)
    attack = score_of(ledger, final_of(PAIR, kind="deanonymizer"), 1.0)
    newer = ledger.supersede(final, {"accuracy": 0.6}, PROVENANCE, fingerprint="f" * 64)
    ledger.supersede(newer, {"accuracy": 0.7}, PROVENANCE, fingerprint="f" * 64)
    for risk in (0.5, 0.25):
        ledger.record_house(house_score(metrics={"risk": risk, "risk_low": risk / 2}))
    ledger.annul(attack.id, "a mistake")


def test_declaring_criteria_afterwards_makes_what_recording_with_them_makes(
    database: Database,
) -> None:
    ledger = Ledger(database)
    ledger.open_challenge("iris", "f" * 64, accept_change=False)
    filled(ledger)
    assert stored(database) == []

    ledger.open_challenge("iris", "f" * 64, accept_change=False, ranked=RANKED)
    assert stored(database) == [
        (5, 1, "", "accuracy", 0.7, None),
        (7, 7, "coin", "risk_low", 0.125, 0.25),
    ]


def test_recording_with_criteria_makes_what_declaring_them_afterwards_makes(
    database: Database, ledger: Ledger
) -> None:
    filled(ledger)
    recorded = stored(database)
    ledger.open_challenge("iris", "f" * 64, accept_change=False)
    assert stored(database) == []
    ledger.open_challenge("iris", "f" * 64, accept_change=False, ranked=RANKED[::-1])
    assert stored(database) == recorded


def test_an_older_result_of_the_house_does_not_count_again(
    database: Database, ledger: Ledger
) -> None:
    older = ledger.record_house(house_score(metrics={"risk": 0.5, "risk_low": 0.25}))
    newer = ledger.record_house(house_score(metrics={"risk": 0.1, "risk_low": 0.05}))
    ledger.supersede(older, {"risk": 0.9, "risk_low": 0.8}, PROVENANCE, fingerprint="f" * 64)
    assert stored(database) == [(2, 2, "coin", "risk_low", 0.05, 0.1)]
    ledger.annul(newer.id, "a mistake")
    assert stored(database) == []
    ledger.open_challenge("iris", "f" * 64, accept_change=False)
    ledger.open_challenge("iris", "f" * 64, accept_change=False, ranked=RANKED)
    assert stored(database) == []


FORGERIES = {
    "UPDATE criteria SET value = 0.9 WHERE score_id = 5": (5, "are not what the score says"),
    "UPDATE criteria SET anonymizer = 'mallory' WHERE score_id = 7": (7, "are not what"),
    "UPDATE criteria SET estimate = NULL WHERE score_id = 7": (7, "are not what"),
    "UPDATE criteria SET first_id = 4 WHERE score_id = 5": (5, "are not what"),
    "DELETE FROM criteria WHERE score_id = 5": (5, "its criteria are missing"),
    "DELETE FROM criteria WHERE score_id = 7": (7, "its criteria are missing"),
    "UPDATE criteria SET score_id = 8 WHERE score_id = 7": (8, "rankings don't count it"),
    "UPDATE criteria SET challenge = 'digits' WHERE score_id = 7": (7, "that was never opened"),
}


@pytest.mark.parametrize("statement", FORGERIES)
def test_forged_criteria_are_found(database: Database, ledger: Ledger, statement: str) -> None:
    filled(ledger)
    assert ledger.verify() == []
    with database.writing() as connection:
        connection.exec_driver_sql(statement)
    number, problem = FORGERIES[statement]
    assert (number, "criteria") in {(fault.row, fault.table) for fault in ledger.verify()}
    assert any(problem in fault.problem for fault in ledger.verify())


def test_values_keep_every_bit(database: Database, ledger: Ledger) -> None:
    value = math.nextafter(0.1, 1)
    score_of(ledger, final_of(), value)
    ((*_, kept, _),) = stored(database)
    assert kept == value


def test_what_another_process_declared_is_kept_by_all(
    database: Database, open_database: Callable[[], Database]
) -> None:
    early = Ledger(database)
    early.open_challenge("iris", "f" * 64, accept_change=False)
    Ledger(open_database()).open_challenge("iris", "f" * 64, accept_change=False, ranked=RANKED)
    score_of(early, final_of(), 0.5)
    assert stored(database) == [(1, 1, "", "accuracy", 0.5, None)]
