"""The residual risk: one formula, and limits that err no more than they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from anomed_core.statistics import Rate, residual_risk, wilson_interval

TRIALS = st.integers(1, 500)


def risk(hits, others, confidence=0.95):
    return residual_risk(*(wilson_interval(*c, confidence=confidence) for c in (hits, others)))


def test_types_that_ask_the_same_get_one_answer():
    """Two types said 0.684 [0.369, 0.901] and 0.750 [0.441, 0.928]."""
    found = risk((95, 100), (80, 100))

    assert found.value == pytest.approx(0.75)
    assert (found.low, found.high) == pytest.approx((0.345, 0.925), abs=0.001)


@given(TRIALS, TRIALS, st.floats(0, 1), st.floats(0, 1))
def test_it_is_ordered_and_stays_in_range(n_members, n_others, share, other):
    hits, floor = (round(share * n_members), n_members), (round(other * n_others), n_others)
    found = risk(hits, floor)

    assert 0 <= found.low <= found.value <= found.high <= 1
    if floor[0] < floor[1]:
        p, q = hits[0] / hits[1], floor[0] / floor[1]
        assert found.value == pytest.approx(max(0.0, (p - q) / (1 - q)))


@given(TRIALS, st.integers(0, 500), st.integers(0, 500))
def test_more_hits_on_members_never_lower_it(n, one, other):
    fewer, more = sorted((min(one, n), min(other, n)))
    floor = (n // 3, n)

    assert risk((fewer, n), floor).low <= risk((more, n), floor).low + 1e-12
    assert risk((fewer, n), floor).high <= risk((more, n), floor).high + 1e-12


@given(TRIALS, st.floats(0, 1))
def test_members_that_fare_like_others_show_nothing(n_trials, share):
    n_hits = round(share * n_trials)
    found = risk((n_hits, n_trials), (n_hits, n_trials))

    assert found.value == pytest.approx(0, abs=1e-9)
    assert found.low == 0


def test_a_perfect_attack_on_ignorant_others_is_nearly_certain():
    assert risk((1000, 1000), (0, 1000)).low > 0.99


@pytest.mark.parametrize("n_trials", [1, 12, 29, 58])
def test_a_floor_that_always_succeeds_leaves_nothing(n_trials):
    for n_hits in (n_trials // 2, n_trials):
        found = risk((n_hits, n_trials), (n_trials, n_trials))
        assert (found.value, found.low) == (0, 0)


def test_a_certain_floor_costs_no_error():
    measured = risk((80, 100), (50, 100))
    certain = residual_risk(wilson_interval(80, 100), Rate.certain(0.5))

    assert certain.value == measured.value
    assert certain.low > measured.low
    with pytest.raises(ValueError, match="give one that was measured"):
        residual_risk(Rate.certain(0.6), Rate.certain(0.5))


@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize(("p", "q"), [(0.99, 0.01), (0.95, 0.8), (0.5, 0.3), (0.12, 0.1)])
def test_either_limit_errs_with_at_most_half_of_what_the_confidence_leaves(p, q, n):
    """Enumerated, not simulated; benchmarks/residual_risk.py does so for whole grids."""
    truth, hits = (p - q) / (1 - q), np.arange(n + 1)
    weights = np.outer(binom.pmf(hits, n, p), binom.pmf(hits, n, q))
    found = [[risk((int(k), n), (int(m), n)) for m in hits] for k in hits]
    too_high = sum(weights[k, m] for k in hits for m in hits if found[k][m].low > truth + 1e-12)
    too_low = sum(weights[k, m] for k in hits for m in hits if found[k][m].high < truth - 1e-12)

    assert max(too_high, too_low) <= 0.025


def test_the_lower_confidence_of_the_two_rates_is_that_of_the_risk():
    floor = wilson_interval(50, 100, confidence=0.99)

    assert residual_risk(wilson_interval(60, 100, confidence=0.9), floor).confidence == 0.9
    assert residual_risk(wilson_interval(60, 100), Rate.certain(0.5)).confidence == 0.95
