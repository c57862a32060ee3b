"""The contract of a ledger as tests: subclass, and say how to open one.

Example::

    class TestMyLedger(LedgerContract):
        @pytest.fixture
        def open_ledger(self, tmp_path):
            return lambda clock: MyLedger(tmp_path / "ledger", clock=clock)

Each call must open the same ledger anew, also in a forked process; the clock returns microseconds
since 1970-01-01 UTC.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from anomed_core.errors import (
    AlreadyScoredError,
    AttemptInProgressError,
    LedgerError,
    LedgerMismatchError,
    QuotaExhaustedError,
)
from anomed_core.ledger import Claim, Ledger, Quota
from anomed_core.model import Role, Split, Subject
from anomed_core.testing.ledger_races import (
    DAY,
    LEASE_S,
    OTHER_SUBJECT,
    PAIR,
    PROVENANCE,
    SECOND,
    SUBJECT,
    Clock,
    OpenLedger,
    outcome,
    race_of_processes,
    race_of_threads,
    request_of,
    scored,
    tuning,
)


class LedgerContract:
    """What every ledger must do."""

    @pytest.fixture
    def clock(self) -> Clock:
        """Return a clock at noon."""
        return Clock()

    @pytest.fixture
    def ledger(self, open_ledger: OpenLedger, clock: Clock) -> Iterator[Ledger]:
        """Return an empty ledger."""
        ledger = open_ledger(clock)
        yield ledger
        ledger.close()

    # --- claims and scores ------------------------------------------------------------------------

    def test_a_claim_becomes_a_score(self, ledger: Ledger, clock: Clock) -> None:
        claim = ledger.claim(request_of(subject=PAIR, kind="deanonymizer"))
        clock.advance(1)

        score = ledger.record(claim, {"tpr": 0.1 + 0.2, "acc": 1e-300}, PROVENANCE)

        assert (score.id, score.challenge, score.kind) == (1, "iris", "deanonymizer")
        assert (score.subject, score.split, score.origin) == (PAIR, Split.VALIDATION, "participant")
        assert list(score.metrics.items()) == [("tpr", 0.1 + 0.2), ("acc", 1e-300)]
        assert (score.payload_digest, score.fingerprint) == ("d" * 64, "f" * 64)
        assert score.recorded_at.timestamp() * SECOND == clock.now
        assert ledger.score(1) == score

    def test_a_score_is_there_for_every_other_process(
        self, ledger: Ledger, open_ledger: OpenLedger, clock: Clock
    ) -> None:
        score = scored(ledger, request_of())
        other = open_ledger(clock)

        assert other.score(score.id) == score
        other.close()

    def test_there_is_no_score_that_was_not_recorded(self, ledger: Ledger) -> None:
        ledger.claim(request_of())

        assert ledger.score(1) is None
        assert ledger.scores() == []
        assert ledger.final(challenge="iris", kind="anonymizer", subject=SUBJECT) is None

    def test_scores_recorded_at_once_are_numbered_without_gaps(self, ledger: Ledger) -> None:
        claims = [ledger.claim(tuning()) for _ in range(24)]

        def record(mine: list[Claim]) -> None:
            for claim in mine:
                ledger.record(claim, {"accuracy": 1.0}, PROVENANCE)

        threads = [threading.Thread(target=record, args=(claims[start::4],)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [score.id for score in ledger.scores()] == list(range(1, 25))
        assert ledger.verify() == []

    def test_a_metric_that_is_not_finite_is_never_recorded(self, ledger: Ledger) -> None:
        claim = ledger.claim(request_of())

        with pytest.raises(ValueError, match="JSON"):
            ledger.record(claim, {"accuracy": float("nan")}, PROVENANCE)

        assert ledger.scores() == []
        assert ledger.record(claim, {"accuracy": 0.5}, PROVENANCE).id == 1

    def test_a_claim_is_recorded_once(self, ledger: Ledger) -> None:
        claim = ledger.claim(request_of())
        ledger.record(claim, {"accuracy": 0.5}, PROVENANCE)

        with pytest.raises(LedgerError):
            ledger.record(claim, {"accuracy": 1.0}, PROVENANCE)

        assert [score.metrics for score in ledger.scores()] == [{"accuracy": 0.5}]

    def test_choices_narrow_the_scores(self, ledger: Ledger) -> None:
        scored(ledger, request_of())
        scored(ledger, tuning())
        scored(ledger, request_of(subject=PAIR, kind="deanonymizer"))
        scored(ledger, request_of(subject=OTHER_SUBJECT, challenge="wine"))

        def ids(**choice: Any) -> list[int]:
            return [score.id for score in ledger.scores(**choice)]

        assert ids() == [1, 2, 3, 4]
        assert ids(challenge="iris") == [1, 2, 3]
        assert ids(kind="anonymizer") == [1, 2, 4]
        assert ids(split=Split.TUNING) == [2]
        assert ids(anonymizer="a", split=Split.VALIDATION) == [1, 3]

    # --- finals -----------------------------------------------------------------------------------

    def test_of_finals_claimed_by_threads_one_is_granted(self, ledger: Ledger) -> None:
        assert race_of_threads(ledger, request_of()) == ["AttemptInProgressError"] * 7 + ["granted"]

    def test_of_finals_claimed_by_processes_one_is_granted(
        self, open_ledger: OpenLedger, clock: Clock
    ) -> None:
        outcomes = race_of_processes(open_ledger, clock, lambda led: outcome(led, request_of()))

        assert outcomes == ["AttemptInProgressError"] * 3 + ["granted"]

    def test_a_scored_final_is_refused_for_ever(self, ledger: Ledger, clock: Clock) -> None:
        score = scored(ledger, request_of())
        clock.advance(10 * 365 * 86_400)

        with pytest.raises(AlreadyScoredError) as refusal:
            ledger.claim(request_of(payload_digest="e" * 64))

        assert refusal.value.score_id == score.id
        assert ledger.final(challenge="iris", kind="anonymizer", subject=SUBJECT) == score

    def test_a_claimed_final_is_in_progress_until_its_lease_ends(
        self, ledger: Ledger, clock: Clock
    ) -> None:
        ledger.claim(request_of())
        clock.advance(40)

        with pytest.raises(AttemptInProgressError) as refusal:
            ledger.claim(request_of())

        assert refusal.value.retry_after_s == pytest.approx(LEASE_S - 40)

    @pytest.mark.parametrize(
        "changes",
        [
            {"challenge": "wine"},
            {"kind": "other"},
            {"subject": OTHER_SUBJECT},
            {"split": Split.TUNING},
        ],
    )
    def test_a_final_stands_in_the_way_of_itself_only(
        self, ledger: Ledger, changes: dict[str, Any]
    ) -> None:
        ledger.claim(request_of())

        assert outcome(ledger, request_of(**changes)) == "granted"

    def test_pairs_of_equal_concatenation_have_finals_of_their_own(self, ledger: Ledger) -> None:
        ledger.claim(request_of(subject=PAIR))
        other = Subject(role=Role.DEANONYMIZER, anonymizer="ab", deanonymizer="c")

        assert outcome(ledger, request_of(subject=other)) == "granted"

    # --- failures of ours -------------------------------------------------------------------------

    def test_a_released_final_is_free_again(self, ledger: Ledger) -> None:
        ledger.release(ledger.claim(request_of()), "ZeroDivisionError")

        assert scored(ledger, request_of()).id == 1
        (first, second) = ledger.attempts(challenge="iris", subject=SUBJECT)
        assert (first.state, first.reason, first.score_id) == (
            "released",
            "ZeroDivisionError",
            None,
        )
        assert (second.state, second.score_id) == ("scored", 1)

    def test_what_is_settled_is_not_released(self, ledger: Ledger) -> None:
        claim = ledger.claim(request_of())
        ledger.record(claim, {"accuracy": 0.5}, PROVENANCE)

        ledger.release(claim, "too late")

        assert outcome(ledger, request_of()) == "AlreadyScoredError"

    def test_a_claimant_that_was_killed_costs_nothing(
        self, ledger: Ledger, open_ledger: OpenLedger, clock: Clock
    ) -> None:
        def claim_and_die() -> None:
            open_ledger(clock).claim(request_of())
            os.kill(os.getpid(), signal.SIGKILL)

        process = multiprocessing.get_context("fork").Process(target=claim_and_die)
        process.start()
        process.join()

        assert outcome(ledger, request_of()) == "AttemptInProgressError"
        clock.advance(LEASE_S + 1)
        assert outcome(ledger, request_of()) == "granted"

    def test_of_claims_after_a_lease_one_is_granted(self, ledger: Ledger, clock: Clock) -> None:
        ledger.claim(request_of())
        clock.advance(LEASE_S + 1)

        assert race_of_threads(ledger, request_of()).count("granted") == 1

    def test_a_late_claimant_records_nothing_once_another_has_claimed(
        self, ledger: Ledger, clock: Clock
    ) -> None:
        late = ledger.claim(request_of())
        clock.advance(LEASE_S + 1)
        ledger.claim(request_of())

        with pytest.raises(LedgerError, match="try again"):
            ledger.record(late, {"accuracy": 1.0}, PROVENANCE)
        ledger.release(late, "too late")

        assert ledger.scores() == []
        assert outcome(ledger, request_of()) == "AttemptInProgressError"

    def test_a_late_claimant_records_as_long_as_nobody_else_has_claimed(
        self, ledger: Ledger, clock: Clock
    ) -> None:
        late = ledger.claim(request_of())
        clock.advance(LEASE_S + 1)

        assert ledger.record(late, {"accuracy": 1.0}, PROVENANCE).id == 1

    # --- quotas -----------------------------------------------------------------------------------

    def test_a_quota_counts_down(self, ledger: Ledger) -> None:
        assert [ledger.claim(tuning(3)).remaining for _ in range(3)] == [2, 1, 0]

        with pytest.raises(QuotaExhaustedError, match="All 3 tuning attempts") as refusal:
            ledger.claim(tuning(3))
        assert refusal.value.retry_after_s == 43_200

    def test_a_quota_is_not_exceeded_by_threads(self, ledger: Ledger) -> None:
        outcomes = race_of_threads(ledger, tuning(3))

        assert outcomes == ["QuotaExhaustedError"] * 5 + ["granted"] * 3

    def test_a_quota_is_not_exceeded_by_processes(
        self, open_ledger: OpenLedger, clock: Clock
    ) -> None:
        outcomes = race_of_processes(open_ledger, clock, lambda led: outcome(led, tuning(2)))

        assert outcomes == ["QuotaExhaustedError"] * 2 + ["granted"] * 2

    def test_a_new_period_begins_at_midnight(self, ledger: Ledger, clock: Clock) -> None:
        scored(ledger, tuning(1))
        clock.now = (clock.now // DAY + 1) * DAY - 1
        assert outcome(ledger, tuning(1)) == "QuotaExhaustedError"

        clock.now += 1
        assert outcome(ledger, tuning(1)) == "granted"

    def test_attempts_of_others_and_finals_are_not_counted(self, ledger: Ledger) -> None:
        for request in (
            request_of(),
            tuning(1, subject=OTHER_SUBJECT),
            tuning(1, kind="other"),
            tuning(1, challenge="wine"),
        ):
            ledger.claim(request)

        assert outcome(ledger, tuning(1)) == "granted"

    def test_released_and_dead_attempts_are_not_counted(self, ledger: Ledger, clock: Clock) -> None:
        ledger.release(ledger.claim(tuning(1)), "")
        ledger.claim(tuning(1))
        clock.advance(LEASE_S + 1)

        assert outcome(ledger, tuning(1)) == "granted"

    def test_what_remains_can_be_asked(self, ledger: Ledger, clock: Clock) -> None:
        scored(ledger, tuning(5))
        ledger.claim(tuning(5))
        quota = Quota(attempts=5)

        remaining, ends_at = ledger.remaining(
            challenge="iris", kind="anonymizer", subject=SUBJECT, quota=quota
        )

        assert remaining == 3
        assert ends_at.timestamp() * SECOND == (clock.now // DAY + 1) * DAY

    def test_nothing_less_than_nothing_remains(self, ledger: Ledger) -> None:
        for _ in range(3):
            ledger.claim(tuning(3))

        remaining, _ = ledger.remaining(
            challenge="iris", kind="anonymizer", subject=SUBJECT, quota=Quota(attempts=2)
        )

        assert remaining == 0

    def test_a_clock_that_is_set_back_reopens_nothing(self, ledger: Ledger, clock: Clock) -> None:
        ledger.claim(tuning(1))
        newest = ledger.now()
        clock.advance(-2 * 86_400)

        assert outcome(ledger, tuning(1)) == "QuotaExhaustedError"
        assert ledger.now() == newest

    # --- replays ----------------------------------------------------------------------------------

    def test_a_score_is_found_by_its_key(self, ledger: Ledger) -> None:
        score = scored(ledger, tuning(replay_key="k"))

        about: dict[str, Any] = {
            "challenge": "iris",
            "kind": "anonymizer",
            "subject": SUBJECT,
            "split": Split.TUNING,
        }
        assert ledger.replay(**about, replay_key="k") == score
        assert ledger.replay(**about, replay_key="other") is None
        for name, value in {
            "challenge": "wine",
            "kind": "other",
            "subject": OTHER_SUBJECT,
            "split": Split.VALIDATION,
        }.items():
            assert ledger.replay(**{**about, name: value}, replay_key="k") is None

    def test_of_claims_with_one_key_one_is_granted(self, ledger: Ledger) -> None:
        outcomes = race_of_threads(ledger, tuning(replay_key="k"))

        assert outcomes == ["AttemptInProgressError"] * 7 + ["granted"]

    def test_a_key_that_was_scored_is_not_claimed_again(self, ledger: Ledger) -> None:
        scored(ledger, tuning(replay_key="k"))

        assert outcome(ledger, tuning(replay_key="k")) == "AlreadyScoredError"

    def test_a_key_of_a_released_attempt_is_free_again(self, ledger: Ledger) -> None:
        ledger.release(ledger.claim(tuning(replay_key="k")), "")

        assert outcome(ledger, tuning(replay_key="k")) == "granted"

    # --- the house --------------------------------------------------------------------------------

    def test_results_of_the_house_are_scores_that_claim_nothing(self, ledger: Ledger) -> None:
        score = ledger.record_house(
            challenge="iris",
            kind="anonymizer",
            subject=SUBJECT,
            split=Split.VALIDATION,
            label="shadow",
            metrics={"advantage": 0.25},
            payload_digest="d" * 64,
            fingerprint="f" * 64,
            provenance=PROVENANCE,
        )

        assert (score.origin, score.label, score.metrics) == (
            "house",
            "shadow",
            {"advantage": 0.25},
        )
        assert ledger.scores() == [score]
        assert ledger.final(challenge="iris", kind="anonymizer", subject=SUBJECT) is None
        assert outcome(ledger, request_of()) == "granted"

    # --- history ----------------------------------------------------------------------------------

    def test_the_history_of_a_subject_is_in_order(self, ledger: Ledger, clock: Clock) -> None:
        ledger.claim(tuning())
        clock.advance(5)
        scored(ledger, request_of())
        ledger.claim(tuning(subject=OTHER_SUBJECT))
        ledger.claim(tuning(challenge="wine"))

        first, second = ledger.attempts(challenge="iris", subject=SUBJECT)

        assert (first.split, first.state, first.settled_at) == (Split.TUNING, "claimed", None)
        assert (second.split, second.state) == (Split.VALIDATION, "scored")
        assert (second.claimed_at - first.claimed_at).total_seconds() == 5
        assert second.settled_at == second.claimed_at

    # --- fingerprints and the chain ---------------------------------------------------------------

    def test_a_challenge_keeps_its_fingerprint(self, ledger: Ledger) -> None:
        ledger.open_challenge("iris", "f" * 64, accept_change=False)
        scored(ledger, request_of())

        ledger.open_challenge("iris", "f" * 64, accept_change=False)
        with pytest.raises(LedgerMismatchError, match="'iris' has 1 scores"):
            ledger.open_challenge("iris", "e" * 64, accept_change=False)
        ledger.open_challenge("wine", "e" * 64, accept_change=False)

    def test_without_scores_the_fingerprint_may_change(self, ledger: Ledger) -> None:
        ledger.open_challenge("iris", "f" * 64, accept_change=False)
        ledger.open_challenge("iris", "e" * 64, accept_change=False)
        scored(ledger, request_of(fingerprint="e" * 64))

        with pytest.raises(LedgerMismatchError):
            ledger.open_challenge("iris", "f" * 64, accept_change=False)

    def test_an_accepted_change_holds_from_then_on(self, ledger: Ledger) -> None:
        ledger.open_challenge("iris", "f" * 64, accept_change=False)
        scored(ledger, request_of())

        ledger.open_challenge("iris", "e" * 64, accept_change=True)

        ledger.open_challenge("iris", "e" * 64, accept_change=False)
        assert ledger.verify() == []

    def test_processes_that_open_a_challenge_at_once_all_succeed(
        self, open_ledger: OpenLedger, clock: Clock
    ) -> None:
        def open_it(ledger: Ledger) -> str:
            ledger.open_challenge("iris", "f" * 64, accept_change=False)
            return "opened"

        assert race_of_processes(open_ledger, clock, open_it) == ["opened"] * 4

    def test_the_chain_of_what_was_recorded_is_unbroken(self, ledger: Ledger) -> None:
        assert ledger.verify() == []
        for _ in range(3):
            scored(ledger, tuning(), accuracy=0.1 + 0.2)
        ledger.audit("token created", role="anonymizer", holder="ä")
        ledger.audit("token revoked")

        assert ledger.verify() == []

    def test_a_ledger_that_can_be_written_answers(self, ledger: Ledger) -> None:
        ledger.ping()

        assert ledger.verify() == []
