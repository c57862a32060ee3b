"""Attempts that are granted count as the quota does, in the period in which they are granted."""

import itertools
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomed_core.errors import QuotaExhaustedError
from anomed_core.ledger import Database, Ledger, Quota, Use
from anomed_core.ledger.schema import audit
from anomed_core.model import Role, Subject
from tests.ledger.records import (
    ANONYMIZER,
    NOON,
    PROVENANCE,
    SettableClock,
    final_of,
    score_of,
    tuning_of,
)

QUOTA = Quota(attempts=2, period_s=3600)
ABOUT = {"challenge": "iris", "kind": "anonymizer"}
PAIR = Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer="eve")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def ledger(database: Database, clock: SettableClock) -> Ledger:
    return Ledger(database, clock=clock)


def grant(ledger: Ledger, *subjects: Subject, number: int = 1) -> None:
    ledger.grant_attempts(**ABOUT, subjects=subjects, number=number, reason="a crash")


def test_a_granted_attempt_is_one_more(ledger: Ledger) -> None:
    for _ in range(2):
        score_of(ledger, tuning_of(quota=QUOTA))
    with pytest.raises(QuotaExhaustedError, match="All 2 tuning attempts"):
        ledger.claim(tuning_of(quota=QUOTA))

    grant(ledger, ANONYMIZER, number=2)

    assert [ledger.claim(tuning_of(quota=QUOTA)).remaining for _ in range(2)] == [1, 0]
    with pytest.raises(QuotaExhaustedError, match="All 4 tuning attempts"):
        ledger.claim(tuning_of(quota=QUOTA))
    assert ledger.verify() == []


@pytest.mark.parametrize(
    "other",
    [
        {"challenge": "wine"},
        {"kind": "claims"},
        {"subject": Subject(role=Role.ANONYMIZER, anonymizer="bob")},
        {"subject": PAIR},
    ],
)
def test_it_is_for_nobody_and_nothing_else(ledger: Ledger, other: dict[str, object]) -> None:
    grant(ledger, ANONYMIZER, number=5)

    left, _ = ledger.remaining(**{**ABOUT, "subject": ANONYMIZER, **other}, quota=QUOTA)  # type: ignore[arg-type]
    assert left == 2


NUMBERS = itertools.count()
events = st.lists(
    st.one_of(
        st.tuples(st.just("tune"), st.just(0)),
        st.tuples(st.just("grant"), st.integers(1, 3)),
        st.tuples(st.just("wait"), st.sampled_from([1, 1800, 3600, 7200])),
        st.tuples(st.just("set back"), st.sampled_from([1800, 7200])),
    ),
    max_size=14,
)


@given(happened=events)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)
def test_what_is_left_is_the_quota_and_what_was_granted_less_what_was_used_in_the_period(
    ledger: Ledger, clock: SettableClock, happened: list[tuple[str, int]]
) -> None:
    who = Subject(role=Role.ANONYMIZER, anonymizer=f"a{next(NUMBERS)}")
    clock.now = latest = max(NOON, ledger.now())
    ledger.reach(latest)
    used: dict[int, int] = {}
    granted: dict[int, int] = {}
    for event, number in happened:
        if event == "wait":
            clock.now += timedelta(seconds=number)
        elif event == "set back":
            clock.now -= timedelta(seconds=number)
        now = max(latest, clock.now)
        period = int(now.timestamp()) // QUOTA.period_s
        left = QUOTA.attempts + granted.get(period, 0) - used.get(period, 0)
        if event == "grant":
            grant(ledger, who, number=number)
            granted[period] = granted.get(period, 0) + number
            latest = now
        elif event == "tune" and left:
            claim = ledger.claim(tuning_of(who, quota=QUOTA))
            ledger.record(claim, {"accuracy": 0.5}, PROVENANCE)
            assert claim.remaining == left - 1
            used[period] = used.get(period, 0) + 1
            latest = now
        elif event == "tune":
            with pytest.raises(QuotaExhaustedError):
                ledger.claim(tuning_of(who, quota=QUOTA))


def test_the_uses_of_all_are_told(ledger: Ledger, clock: SettableClock) -> None:
    score_of(ledger, tuning_of(quota=QUOTA))
    clock.now += timedelta(hours=1)
    score_of(ledger, tuning_of(quota=QUOTA))
    score_of(ledger, final_of())
    ledger.release(ledger.claim(tuning_of()), "EvaluationFailedError")
    ledger.claim(final_of(PAIR, kind="deanonymizer"))
    grant(ledger, ANONYMIZER, number=3)
    grant(ledger, Subject(role=Role.ANONYMIZER, anonymizer="bob"), number=4)

    told = ledger.uses(QUOTA)

    alice = Use(**ABOUT, subject=ANONYMIZER, n_tuning=2, n_used=1, n_granted=3, final="scored")
    bob = Use(**ABOUT, subject=Subject(role=Role.ANONYMIZER, anonymizer="bob"), n_granted=4)
    pair = Use(challenge="iris", kind="deanonymizer", subject=PAIR, final="claimed")
    assert told == [alice, bob, pair]
    assert [(use.n_used, use.n_granted) for use in ledger.uses(None)] == [(0, 0), (0, 0)]


def test_a_grant_is_audited_with_its_reason(database: Database, ledger: Ledger) -> None:
    grant(ledger, ANONYMIZER, PAIR, number=7)

    with database.reading() as connection:
        rows = connection.execute(sa.select(audit.c.action, audit.c.detail)).all()
    assert [(row.action, json.loads(row.detail)["deanonymizer"]) for row in rows] == [
        ("attempts granted", ""),
        ("attempts granted", "eve"),
    ]
    assert json.loads(rows[0].detail) == {
        **ABOUT,
        "role": "anonymizer",
        "anonymizer": "alice",
        "deanonymizer": "",
        "number": "7",
        "reason": "a crash",
    }
