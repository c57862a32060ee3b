"""Rates and their intervals."""

import numpy as np
import pytest
from anomed_dataset_synthesis.threat.estimates import excess_success, success_rate
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

TRIALS = st.integers(1, 500)


@given(TRIALS, st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.999]))
def test_the_wilson_interval_is_that_of_scipy(n_trials, share, confidence):
    n_hits = round(share * n_trials)
    rate = success_rate(n_hits, n_trials, confidence=confidence)
    reference = binomtest(n_hits, n_trials).proportion_ci(confidence, method="wilson")
    assert (rate.low, rate.high) == pytest.approx((reference.low, reference.high), abs=1e-9)
    assert rate.low <= rate.value <= rate.high


@given(TRIALS, TRIALS, st.floats(0, 1), st.floats(0, 1))
def test_excess_is_ordered_and_stays_in_range(n_members, n_controls, share, other):
    hits, controls = (round(share * n_members), n_members), (round(other * n_controls), n_controls)
    excess = excess_success(hits, controls)
    assert 0 <= excess.low <= excess.value <= excess.high <= 1
    rates = success_rate(*hits).value, success_rate(*controls).value
    assert excess.value == pytest.approx(max(0.0, (rates[0] - rates[1]) / (1 - rates[1])))


@given(TRIALS, st.floats(0, 1))
def test_members_that_fare_like_controls_show_nothing(n_trials, share):
    n_hits = round(share * n_trials)
    excess = excess_success((n_hits, n_trials), (n_hits, n_trials))
    assert excess.value == pytest.approx(0, abs=1e-9)
    assert excess.low == 0


def test_a_perfect_attack_on_ignorant_controls_is_nearly_certain():
    assert excess_success((1000, 1000), (0, 1000)).low > 0.99


@pytest.mark.parametrize("n_trials", [1, 12, 29, 40, 50, 58])
def test_controls_that_always_succeed_leave_nothing_to_learn(n_trials):
    for n_hits in (n_trials // 2, n_trials):
        excess = excess_success((n_hits, n_trials), (n_trials, n_trials))
        assert (excess.low, excess.high) == (0, 1)


@pytest.mark.parametrize(("p", "q", "n"), [(0.3, 0.1, 200), (0.12, 0.1, 2000), (0.9, 0.2, 100)])
def test_the_interval_covers_the_truth_as_often_as_it_says(p, q, n):
    rng = np.random.default_rng(11)
    truth = (p - q) / (1 - q)
    covered = []
    for _ in range(600):
        excess = excess_success((int(rng.binomial(n, p)), n), (int(rng.binomial(n, q)), n))
        covered.append(excess.low <= truth <= excess.high)
    assert np.mean(covered) > 0.93


@pytest.mark.parametrize(("hits", "trials"), [(-1, 3), (4, 3), (0, 0)])
def test_impossible_counts_are_refused(hits, trials):
    with pytest.raises(ValueError, match="0 <= n_hits <= n_trials"):
        success_rate(hits, trials)


@pytest.mark.parametrize("confidence", [0, 1, float("nan")])
def test_impossible_confidences_are_refused(confidence):
    with pytest.raises(ValueError, match="confidence must be in"):
        success_rate(1, 2, confidence=confidence)
