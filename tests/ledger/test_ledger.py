"""What the ledger promises, on SQLite and on PostgreSQL.

`open_ledger` opens the same, at first empty, database once more, as another process would.
"""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anomed_core.errors import (
    AlreadyScoredError,
    AttemptInProgressError,
    LedgerError,
    LedgerMismatchError,
    QuotaExhaustedError,
)
from anomed_core.ledger import Claim, Database, Ledger, Quota
from anomed_core.model import Role, Score, Split, Subject
from tests.ledger.records import (
    ANONYMIZER,
    LEASE_S,
    NOON,
    PROVENANCE,
    SettableClock,
    final_of,
    house_score,
    outcomes_of,
    score_of,
    tuning_of,
)

OpenLedger = Callable[[Callable[[], int]], Ledger]


@pytest.fixture
def clock() -> SettableClock:
    """Tell the time to all ledgers of a test."""
    return SettableClock()


@pytest.fixture
def open_ledger(open_database: Callable[[], Database]) -> OpenLedger:
    return lambda clock: Ledger(open_database(), clock=clock)


@pytest.fixture
def ledger(open_ledger: OpenLedger, clock: SettableClock) -> Ledger:
    """Open the database."""
    return open_ledger(clock)


def test_a_recorded_score_is_seen_by_another_process(
    ledger: Ledger, open_ledger: OpenLedger, clock: SettableClock
) -> None:
    """What `record` returned, `score` and `scores` return elsewhere."""
    score = score_of(ledger, final_of())
    other = open_ledger(clock)
    assert other.score(score.id) == score
    assert list(other.scores()) == [score]
    assert other.final(challenge="iris", kind="anonymizer", subject=ANONYMIZER) == score


@pytest.mark.parametrize("value", [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.5, 1 / 3, 0.0])
def test_metrics_keep_every_bit_and_their_order(ledger: Ledger, value: float) -> None:
    """Floats are stored exactly."""
    metrics = {"z": value, "a": math.pi}
    score = ledger.record(ledger.claim(final_of()), metrics, PROVENANCE)
    stored = ledger.score(score.id)
    assert stored is not None
    assert list(stored.metrics.items()) == list(metrics.items())


def test_scores_are_numbered_without_gaps(ledger: Ledger) -> None:
    """Released attempts leave no hole."""
    ledger.release(ledger.claim(tuning_of()), "failed")
    assert [score_of(ledger, tuning_of()).id for _ in range(3)] == [1, 2, 3]
    assert ledger.n_scores() == 3


def test_scores_can_be_chosen(ledger: Ledger) -> None:
    """Each argument narrows the choice."""
    bob = Subject(role=Role.ANONYMIZER, anonymizer="bob")
    first = score_of(ledger, final_of())
    second = score_of(ledger, tuning_of(bob))
    third = score_of(ledger, final_of(challenge="digits", kind="other"))
    assert list(ledger.scores(anonymizer="alice")) == [first, third]
    assert list(ledger.scores(split=Split.TUNING)) == [second]
    assert list(ledger.scores(challenge="digits", kind="other")) == [third]
    assert list(ledger.scores(anonymizer="nobody")) == []


def test_an_unknown_score_is_none(ledger: Ledger) -> None:
    """Absence is not an error."""
    assert [ledger.score(number) for number in (-1, 0, 7, 2**63, 2**80)] == [None] * 5
    assert ledger.final(challenge="iris", kind="anonymizer", subject=ANONYMIZER) is None


def test_a_final_is_scored_once(ledger: Ledger) -> None:
    """The second claim learns where the score is, whatever its body."""
    score = score_of(ledger, final_of())
    with pytest.raises(AlreadyScoredError) as refusal:
        ledger.claim(final_of(payload_digest="e" * 64))
    assert refusal.value.score_id == score.id


def test_a_final_in_progress_is_not_claimed_again(ledger: Ledger) -> None:
    """The second claim learns how long to wait at most."""
    ledger.claim(final_of())
    with pytest.raises(AttemptInProgressError) as refusal:
        ledger.claim(final_of())
    assert 0 < refusal.value.retry_after_s <= LEASE_S


def test_a_released_final_is_free_and_keeps_its_reason(ledger: Ledger) -> None:
    """A failure of ours costs nothing and is on record."""
    ledger.release(ledger.claim(final_of()), "EvaluationFailedError")
    score_of(ledger, final_of())
    history = ledger.attempts(challenge="iris", subject=ANONYMIZER)
    assert [(attempt.state, attempt.reason) for attempt in history] == [
        ("released", "EvaluationFailedError"),
        ("scored", ""),
    ]


def test_release_after_record_does_nothing(ledger: Ledger) -> None:
    """A score cannot be given back."""
    claim = ledger.claim(final_of())
    score = ledger.record(claim, {"accuracy": 1.0}, PROVENANCE)
    ledger.release(claim, "too late")
    assert ledger.final(challenge="iris", kind="anonymizer", subject=ANONYMIZER) == score


@pytest.mark.parametrize(
    "other",
    [
        {"challenge": "digits"},
        {"kind": "other"},
        {"subject": Subject(role=Role.ANONYMIZER, anonymizer="bob")},
        {"subject": Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer="d")},
    ],
    ids=["challenge", "kind", "anonymizer", "role"],
)
def test_finals_of_others_are_others(ledger: Ledger, other: dict[str, Any]) -> None:
    """The once-only rule is about challenge, kind and subject together."""
    score_of(ledger, final_of())
    score_of(ledger, final_of(**other))


def test_pairs_whose_names_join_to_the_same_text_differ(ledger: Ledger) -> None:
    """a+bc is not ab+c."""
    for pair in (("a", "bc"), ("ab", "c")):
        subject = Subject(role=Role.DEANONYMIZER, anonymizer=pair[0], deanonymizer=pair[1])
        score_of(ledger, final_of(subject))


def test_of_simultaneous_finals_one_is_granted(
    ledger: Ledger, open_ledger: OpenLedger, clock: SettableClock
) -> None:
    """Whichever process and thread they come from."""
    ledgers = [ledger, open_ledger(clock)]
    outcomes = outcomes_of(
        [lambda n=n: ledgers[n % 2].claim(final_of()) for n in range(16)]  # type: ignore[misc]
    )
    assert outcomes == {"Claim": 1, "AttemptInProgressError": 15}


def test_a_claim_ends_with_its_lease(ledger: Ledger, clock: SettableClock) -> None:
    """A claimant that died loses its subject nothing."""
    ledger.claim(final_of())
    clock.now += timedelta(seconds=LEASE_S)
    score_of(ledger, final_of())


def test_a_claim_that_somebody_else_took_over_is_not_recorded(
    ledger: Ledger, clock: SettableClock
) -> None:
    """The final counts once, however late the first claimant wakes up."""
    late = ledger.claim(final_of())
    clock.now += timedelta(seconds=LEASE_S)
    score = score_of(ledger, final_of(), 0.7)
    with pytest.raises(LedgerError):
        ledger.record(late, {"accuracy": 0.9}, PROVENANCE)
    assert list(ledger.scores()) == [score]


def test_a_quota_is_kept_and_told(ledger: Ledger) -> None:
    """Remaining attempts count down; the refusal says when the next period begins."""
    quota = Quota(attempts=2, period_s=86_400)
    remaining = []
    for _ in range(2):
        claim = ledger.claim(tuning_of(quota=quota))
        ledger.record(claim, {"accuracy": 0.5}, PROVENANCE)
        remaining.append(claim.remaining)
    with pytest.raises(QuotaExhaustedError) as refusal:
        ledger.claim(tuning_of(quota=quota))
    assert remaining == [1, 0]
    assert refusal.value.retry_after_s == 12 * 3600
    left, resets_at = ledger.remaining(
        challenge="iris", kind="anonymizer", subject=ANONYMIZER, quota=quota
    )
    assert (left, resets_at) == (0, NOON + timedelta(hours=12))


def test_a_quota_begins_anew_with_its_period(ledger: Ledger, clock: SettableClock) -> None:
    """A day of 86,400 s begins at midnight UTC."""
    quota = Quota(attempts=1, period_s=86_400)
    score_of(ledger, tuning_of(quota=quota))
    clock.now = NOON + timedelta(hours=12)
    score_of(ledger, tuning_of(quota=quota))


def test_released_attempts_and_finals_do_not_count(ledger: Ledger) -> None:
    """Only tuning attempts that were scored, or are under way, use up a quota."""
    quota = Quota(attempts=1)
    ledger.release(ledger.claim(tuning_of(quota=quota)), "failed")
    score_of(ledger, final_of(quota=quota))
    score_of(ledger, tuning_of(quota=quota))


def test_an_attempt_under_way_counts_until_its_lease_ends(
    ledger: Ledger, clock: SettableClock
) -> None:
    """Else a quota could be outrun."""
    quota = Quota(attempts=1)
    ledger.claim(tuning_of(quota=quota))
    with pytest.raises(QuotaExhaustedError):
        ledger.claim(tuning_of(quota=quota))
    clock.now += timedelta(seconds=LEASE_S)
    ledger.claim(tuning_of(quota=quota))


def test_a_quota_is_not_outrun_by_simultaneous_attempts(
    ledger: Ledger, open_ledger: OpenLedger, clock: SettableClock
) -> None:
    """Exactly as many are granted as there are left."""
    ledgers = [ledger, open_ledger(clock)]
    request = tuning_of(quota=Quota(attempts=5))
    outcomes = outcomes_of(
        [lambda n=n: ledgers[n % 2].claim(request) for n in range(16)]  # type: ignore[misc]
    )
    assert outcomes == {"Claim": 5, "QuotaExhaustedError": 11}


def test_a_replay_key_finds_its_score(ledger: Ledger) -> None:
    """For the same challenge, kind, subject and split only."""
    score = score_of(ledger, tuning_of(replay_key="k\u00e9y 1"))
    about: dict[str, Any] = {"challenge": "iris", "kind": "anonymizer", "subject": ANONYMIZER}
    assert ledger.replay(**about, split=Split.TUNING, replay_key="k\u00e9y 1") == score
    assert ledger.replay(**about, split=Split.TUNING, replay_key="k\u00e9y 2") is None
    assert ledger.replay(**about, split=Split.VALIDATION, replay_key="k\u00e9y 1") is None


def test_a_replay_key_is_claimed_once(ledger: Ledger) -> None:
    """A twin of a request under way waits instead of using up another attempt."""
    ledger.claim(tuning_of(replay_key="key"))
    with pytest.raises(AttemptInProgressError):
        ledger.claim(tuning_of(replay_key="key"))


def test_nothing_reopens_when_the_clock_is_set_back(ledger: Ledger, clock: SettableClock) -> None:
    """Neither quotas nor the present as phases see it."""
    quota = Quota(attempts=1, period_s=86_400)
    score_of(ledger, tuning_of(quota=quota))
    clock.now = NOON - timedelta(days=2)
    with pytest.raises(QuotaExhaustedError):
        ledger.claim(tuning_of(quota=quota))
    assert ledger.now() == NOON


def test_what_was_reached_stays_reached(
    ledger: Ledger, open_ledger: OpenLedger, clock: SettableClock
) -> None:
    """For all processes, and also where nobody claimed anything."""
    ledger.reach(NOON + timedelta(hours=1))
    assert open_ledger(clock).now() == NOON + timedelta(hours=1)
    ledger.reach(NOON)
    assert ledger.now() == NOON + timedelta(hours=1)


def test_opening_a_challenge_reaches_the_present(ledger: Ledger, clock: SettableClock) -> None:
    """A restart with a wrong clock reopens nothing either."""
    ledger.open_challenge("iris", "f" * 64, accept_change=False)
    clock.now = NOON - timedelta(hours=3)
    assert ledger.now() == NOON


def test_other_data_are_refused_once_there_are_scores(ledger: Ledger) -> None:
    """Before the first score they may change."""
    ledger.open_challenge("iris", "a" * 64, accept_change=False)
    ledger.open_challenge("iris", "b" * 64, accept_change=False)
    score_of(ledger, final_of())
    with pytest.raises(LedgerMismatchError, match="1 scores"):
        ledger.open_challenge("iris", "c" * 64, accept_change=False)
    ledger.open_challenge("iris", "c" * 64, accept_change=True)
    ledger.open_challenge("iris", "c" * 64, accept_change=False)
    ledger.open_challenge("digits", "a" * 64, accept_change=False)
    assert list(ledger.challenges()) == ["digits", "iris"]


def test_workers_open_a_new_challenge_at_once(
    ledger: Ledger, open_ledger: OpenLedger, clock: SettableClock
) -> None:
    """Nobody fails, and it is opened once."""
    ledgers = [ledger, open_ledger(clock)]
    outcomes = outcomes_of(
        [
            lambda n=n: ledgers[n % 2].open_challenge(  # type: ignore[misc]
                "iris", "a" * 64, accept_change=False
            )
            for n in range(8)
        ]
    )
    assert outcomes == {"NoneType": 8}


def test_simultaneous_records_make_one_unbroken_chain(
    ledger: Ledger, open_ledger: OpenLedger, clock: SettableClock
) -> None:
    """Ids have no gaps, and verifying meanwhile finds no fault."""
    ledgers = [ledger, open_ledger(clock)]
    claims: list[Claim] = [ledger.claim(tuning_of()) for _ in range(24)]
    verdicts: list[object] = []

    def verify() -> None:
        verdicts.extend(fault for _ in range(6) for fault in ledger.verify())

    def record(n: int) -> Score:
        return ledgers[n % 2].record(claims[n], {"accuracy": n / 24}, PROVENANCE)

    outcomes = outcomes_of([verify, *(lambda n=n: record(n) for n in range(24))])
    assert outcomes == {"Score": 24, "NoneType": 1}
    assert [score.id for score in ledger.scores()] == list(range(1, 25))
    assert verdicts == []
    assert ledger.verify() == []


def test_audit_rows_are_part_of_what_is_verified(ledger: Ledger) -> None:
    """An unharmed ledger has no faults."""
    ledger.audit("token created", role="anonymizer", holder="alice")
    ledger.audit("token revoked", token="12345678")
    assert ledger.verify() == []


def test_a_house_score_is_no_final(ledger: Ledger) -> None:
    """It is marked as the house's and stands in nobody's way."""
    house = ledger.record_house(house_score())
    assert (house.origin, house.label) == ("house", "coin")
    score_of(ledger, final_of())
    assert ledger.verify() == []


def test_a_house_score_is_recorded_once_for_its_follow_up(ledger: Ledger) -> None:
    """A worker that died after recording is not repeated by the next one."""
    claim = ledger.claim(final_of())
    score = ledger.record(claim, {"accuracy": 0.5}, PROVENANCE, follow_ups=["attack:coin"])
    ledger.record_house(house_score(), settles=(score.id, "attack:coin"))
    with pytest.raises(LedgerError, match="before"):
        ledger.record_house(house_score(), settles=(score.id, "attack:coin"))
    assert [score.origin for score in ledger.scores()] == ["participant", "house"]


def test_a_new_version_supersedes_and_the_old_row_stays(ledger: Ledger) -> None:
    """The new row is about the same submission, and the chain holds both."""
    old = score_of(ledger, final_of())
    new = ledger.supersede(old, {"accuracy": 0.25}, PROVENANCE, fingerprint="e" * 64)
    assert (new.supersedes, new.metrics, new.fingerprint) == (
        old.id,
        {"accuracy": 0.25},
        "e" * 64,
    )
    assert (new.subject, new.split, new.payload_digest, new.origin) == (
        old.subject,
        old.split,
        old.payload_digest,
        old.origin,
    )
    assert list(ledger.scores()) == [old, new]
    assert ledger.verify() == []


def test_a_version_is_superseded_once(ledger: Ledger) -> None:
    """The next one supersedes the newest."""
    first = score_of(ledger, final_of())
    second = ledger.supersede(first, {"accuracy": 0.25}, PROVENANCE, fingerprint="e" * 64)
    with pytest.raises(LedgerError, match="superseded already"):
        ledger.supersede(first, {"accuracy": 0.5}, PROVENANCE, fingerprint="e" * 64)
    third = ledger.supersede(second, {"accuracy": 0.5}, PROVENANCE, fingerprint="e" * 64)
    assert third.supersedes == second.id


def test_ping_is_quiet_on_a_ledger_that_works(ledger: Ledger) -> None:
    """And leaves the chain alone."""
    ledger.ping()
    assert ledger.verify() == []
