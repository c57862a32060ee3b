"""Intervals of a proportion are those of published tables and of their defining equations."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.statistics import (
    Rate,
    clopper_pearson,
    lower_limit,
    normal_quantile,
    upper_limit,
    wilson_interval,
)

NEWCOMBE = [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
]
"""Newcombe (1998), Two-sided confidence intervals for the single proportion, Statistics in Medicine
17, 857-872, table I: 95 % intervals by methods 3 (Wilson) and 5 (Clopper and Pearson)."""

CONFIDENCES = st.sampled_from([0.5, 0.8, 0.95, 0.999])
TRIALS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("n_hits", "n_trials", "wilson", "exact"), NEWCOMBE)
def test_intervals_are_the_published_ones(n_hits, n_trials, wilson, exact):
    rate = wilson_interval(n_hits, n_trials)
    assert (rate.low, rate.high) == pytest.approx(wilson, abs=5e-5)
    assert clopper_pearson(n_hits, n_trials, confidence=0.95) == pytest.approx(exact, abs=5e-5)


@given(TRIALS, CONFIDENCES)
def test_wilson_limits_are_where_the_score_test_just_accepts(counts, confidence):
    n_hits, n_trials = counts
    rate = wilson_interval(n_hits, n_trials, confidence=confidence)
    # (k/n - p)^2 = z^2 p (1 - p) / n, as a polynomial in p.
    squared = scipy.stats.norm.isf((1 - confidence) / 2) ** 2
    share = n_hits / n_trials
    roots = np.roots([1 + squared / n_trials, -2 * share - squared / n_trials, share**2])
    assert [rate.low, rate.high] == pytest.approx(sorted(roots.real), abs=1e-9)


@given(TRIALS, CONFIDENCES)
def test_wilson_limits_hold_the_rate_within_0_and_1(counts, confidence):
    rate = wilson_interval(*counts, confidence=confidence)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert rate.value == counts[0] / counts[1]
    assert rate.low <= rate.centre <= rate.high
    assert rate.confidence == confidence


@given(st.integers(1, 10**6), CONFIDENCES)
def test_wilson_limits_end_exactly_where_all_trials_agree(n_trials, confidence):
    assert wilson_interval(n_trials, n_trials, confidence=confidence).high == 1.0
    assert wilson_interval(0, n_trials, confidence=confidence).low == 0.0


@given(TRIALS)
def test_misses_mirror_hits(counts):
    n_hits, n_trials = counts
    hits, misses = wilson_interval(n_hits, n_trials), wilson_interval(n_trials - n_hits, n_trials)
    assert (hits.low, hits.high) == pytest.approx((1 - misses.high, 1 - misses.low), abs=1e-12)


def test_expected_credits_are_counted_like_hits():
    assert wilson_interval(12.5, 50).value == 0.25
    assert wilson_interval(50 + 1e-9, 50).value == 1.0


def test_a_known_rate_has_no_width():
    rate = Rate.certain(0.3)
    assert (rate.low, rate.value, rate.high) == (0.3, 0.3, 0.3)


def test_wilson_limits_cover_as_often_as_they_say():
    rng = np.random.default_rng(4)
    truths = rng.random(4000)
    hits = rng.binomial(60, truths)
    rates = [wilson_interval(int(n_hits), 60) for n_hits in hits]
    covered = [rate.low <= truth <= rate.high for rate, truth in zip(rates, truths, strict=True)]
    assert 0.94 < np.mean(covered) < 0.97


@pytest.mark.parametrize("confidence", [0.5, 0.95, 1 - 1e-12])
def test_the_quantile_leaves_so_much_in_the_tails(confidence):
    outside = 2 * scipy.stats.norm.sf(normal_quantile(confidence))
    assert outside == pytest.approx(1 - confidence, rel=1e-12)


@pytest.mark.parametrize("counts", [(0, 0), (-1, 5), (6, 5), (float("nan"), 5)])
def test_a_rate_of_impossible_counts_is_refused(counts):
    with pytest.raises(ValueError, match="0 <= n_hits <= n_trials"):
        wilson_interval(*counts)


@pytest.mark.parametrize("confidence", [0, 1, 95, float("nan")])
def test_a_rate_at_no_confidence_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence must be in"):
        wilson_interval(1, 2, confidence=confidence)


@given(st.data(), st.integers(1, 5000), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_interval_is_scipys(data, n_trials, confidence):
    n_hits = data.draw(st.integers(0, n_trials))
    expected = scipy.stats.binomtest(n_hits, n_trials).proportion_ci(confidence, method="exact")
    assert clopper_pearson(n_hits, n_trials, confidence=confidence) == pytest.approx(
        (expected.low, expected.high), abs=1e-10
    )


@given(st.integers(1, 300), st.floats(1e-6, 0.5))
def test_limits_are_ordered_around_the_proportion(n_trials, error):
    hits = np.arange(n_trials + 1)
    low, high = lower_limit(hits, n_trials, error), upper_limit(hits, n_trials, error)
    assert (low <= hits / n_trials + 1e-12).all()
    assert (high >= hits / n_trials - 1e-12).all()
    assert (np.diff(low) > 0).all()
    assert (np.diff(high) > 0).all()
    assert (low[0], high[-1]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("n_hits", "n_trials", "confidence", "message"),
    [
        (3, 2, 0.95, "3 of 2"),
        (-1, 2, 0.95, "-1 of 2"),
        (0, 0, 0.95, "0 of 0"),
        (1, 2, 1.0, "confidence must be in"),
        (1, 2, 95, "confidence must be in"),
    ],
)
def test_impossible_proportion_is_refused(n_hits, n_trials, confidence, message):
    with pytest.raises(ValueError, match=message):
        clopper_pearson(n_hits, n_trials, confidence=confidence)
