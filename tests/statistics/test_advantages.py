import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from anomed_core.statistics import (
    confusion,
    difference_limits,
    estimate_advantage,
    estimate_balanced_accuracy,
    estimate_max_advantage,
    null_advantage,
    roc_curve,
)


def outcome(n_true_positives, n_members, n_false_positives, n_non_members):
    is_member = np.repeat([True, False], [n_members, n_non_members])
    member_decisions = np.arange(n_members) < n_true_positives
    return confusion(
        is_member, np.append(member_decisions, np.arange(n_non_members) < n_false_positives)
    )


@pytest.mark.parametrize("sizes", [(10, 10), (4, 25)])
def test_interval_of_the_advantage_covers(sizes):
    n_members, n_non_members = sizes
    limits = np.array(
        [
            [
                difference_limits(
                    tp, fp, n_members=n_members, n_non_members=n_non_members, confidence=0.9
                )
                for fp in range(n_non_members + 1)
            ]
            for tp in range(n_members + 1)
        ]
    )
    worst = 0.0
    for tpr in np.linspace(0, 1, 13):
        for fpr in np.linspace(0, 1, 13):
            missed = (limits[..., 0] > tpr - fpr + 1e-12) | (limits[..., 1] < tpr - fpr - 1e-12)
            chance = np.outer(
                binom.pmf(np.arange(n_members + 1), n_members, tpr),
                binom.pmf(np.arange(n_non_members + 1), n_non_members, fpr),
            )
            worst = max(worst, chance[missed].sum())
    assert 0.005 < worst <= 0.1


@given(st.data(), st.integers(1, 60), st.integers(1, 60))
def test_swapping_the_classes_turns_the_sign(data, n_members, n_non_members):
    tp, fp = data.draw(st.integers(0, n_members)), data.draw(st.integers(0, n_non_members))
    there = estimate_advantage(outcome(tp, n_members, fp, n_non_members))
    back = estimate_advantage(outcome(fp, n_non_members, tp, n_members))
    assert (there.value, there.low, there.high) == pytest.approx(
        (-back.value, -back.high, -back.low), abs=1e-9
    )


def test_balanced_accuracy_is_half_of_the_advantage_above_a_half():
    result = outcome(30, 40, 10, 40)
    advantage, balanced = estimate_advantage(result), estimate_balanced_accuracy(result)
    assert balanced.value == 0.75
    assert balanced.low == (1 + advantage.low) / 2
    assert balanced.high == (1 + advantage.high) / 2


@given(st.integers(0, 2**32 - 1), st.integers(2, 80), st.integers(2, 80))
def test_max_advantage_is_scipys_kolmogorov_smirnov_distance(seed, n_members, n_non_members):
    rng = np.random.default_rng(seed)
    members, others = rng.integers(0, 30, n_members), rng.integers(0, 30, n_non_members)
    is_member = np.repeat([True, False], [n_members, n_non_members])
    result = estimate_max_advantage(roc_curve(is_member, np.append(members, others)))
    expected = scipy.stats.ks_2samp(members, others, method="asymp").statistic
    assert result.estimate.value == pytest.approx(expected, abs=1e-12)
    above = np.mean(members >= result.threshold) - np.mean(others >= result.threshold)
    assert abs(above) == pytest.approx(result.estimate.value, abs=1e-12)


@pytest.mark.parametrize(
    # 1.358 sqrt(2 / n); measured 95 % points of null runs: 0.113 and 0.064.
    ("n_records", "limit"),
    [(284, 0.1139), (898, 0.0641)],
)
def test_null_limit_is_the_known_one(n_records, limit):
    assert null_advantage(n_records, n_records) == pytest.approx(limit, abs=1e-4)


def test_null_limit_is_the_95_percent_point_of_chance():
    rng = np.random.default_rng(5)
    is_member = np.repeat([True, False], [300, 150])
    n_above = 0
    for _ in range(2000):
        result = estimate_max_advantage(roc_curve(is_member, rng.random(450)))
        n_above += result.estimate.value > result.null_limit
        assert (result.estimate.low > 0) == (result.estimate.value > result.null_limit)
    assert 0.03 < n_above / 2000 < 0.055


def test_constant_score_has_no_advantage():
    result = estimate_max_advantage(roc_curve([True, False], [0.5, 0.5]))
    assert (result.estimate.value, result.threshold) == (0.0, 0.5)


@pytest.mark.parametrize(("sizes", "confidence"), [((0, 1), 0.95), ((1, 0), 0.95), ((1, 1), 1.0)])
def test_impossible_null_limit_is_refused(sizes, confidence):
    with pytest.raises(ValueError, match=r"at least one member|confidence"):
        null_advantage(*sizes, confidence=confidence)
