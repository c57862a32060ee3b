"""Rates and risks agree with published implementations, and stay in their range."""

import numpy as np
import pytest
from anomed_dataset_anonymization.threat import Rate, residual_risk, success_rate
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_the_interval_is_scipys_wilson_interval(trial):
    n_successes, n_trials = trial
    expected = binomtest(n_successes, n_trials).proportion_ci(method="wilson")
    rate = success_rate(n_successes, n_trials)
    assert (rate.low, rate.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert rate.value == n_successes / n_trials


ANONYMETER = [
    # n, n_success, n_control, risk low, risk high
    (1000, 950, 800, 0.6682430713919282, 0.8174884871066265),
    (2000, 1656, 1618, 0.0, 0.2173319895005382),
    (500, 300, 250, 0.08793152299671002, 0.3090187408186692),
    (200, 200, 20, 0.9788722745777974, 1.0),
]
"""`EvaluationResults(n_attacks=n, ..., confidence_level=0.95).risk().ci` of anonymeter 1.1.0."""


@pytest.mark.parametrize(("n", "n_success", "n_control", "low", "high"), ANONYMETER)
def test_the_interval_of_a_risk_is_anonymeters(n, n_success, n_control, low, high):
    risk = residual_risk(success_rate(n_success, n), success_rate(n_control, n))
    assert (risk.low, risk.high) == pytest.approx((low, high), abs=1e-12)
    raw = (n_success - n_control) / (n - n_control)
    assert risk.value == pytest.approx(raw)


@given(counts, counts)
def test_a_risk_lies_in_its_interval_within_0_and_1(attack, floor):
    risk = residual_risk(success_rate(*attack), success_rate(*floor))
    assert 0 <= risk.low <= risk.value <= risk.high <= 1


@given(counts)
def test_an_attack_no_better_than_its_floor_has_no_risk(trial):
    rate = success_rate(*trial)
    assert residual_risk(rate, rate).value == 0
    assert residual_risk(rate, rate).low == 0


def test_a_floor_of_one_leaves_nothing_to_gain():
    risk = residual_risk(success_rate(10, 10), Rate.certain(1.0))
    assert (risk.value, risk.low) == (0, 0)


def test_the_lower_end_is_rarely_above_the_truth():
    rng = np.random.default_rng(11)
    too_high = 0
    for _ in range(2000):
        members, controls = rng.binomial(300, [0.7, 0.6])
        too_high += (
            residual_risk(success_rate(members, 300), success_rate(controls, 300)).low > 0.25
        )
    assert too_high / 2000 < 0.035


@pytest.mark.parametrize(("n_successes", "n_trials"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(n_successes, n_trials):
    with pytest.raises(ValueError, match="0 <= n_hits <= n_trials"):
        success_rate(n_successes, n_trials)


def test_an_impossible_level_is_refused():
    with pytest.raises(ValueError, match="confidence must be in"):
        success_rate(1, 2, level=1.0)


def test_a_risk_says_how_sure_it_is():
    floor = success_rate(50, 100, level=0.99)
    assert residual_risk(success_rate(60, 100, level=0.9), floor).confidence == 0.9
    assert residual_risk(success_rate(60, 100), Rate.certain(0.5)).confidence == 0.95
    with pytest.raises(ValueError, match="confidence must be in"):
        residual_risk(Rate.certain(0.6), Rate.certain(0.5))
