import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, norm

from anomed_core.statistics import estimate_tpr_at_fpr, roc_curve, tpr_at_fpr
from anomed_core.statistics._region import radius


def limits_by_all_steps(roc, level, confidence):
    """The definition, step by step: every point of the curve that both counts allow."""
    z = radius((1 - confidence) / 2)
    steps = list(zip(roc.n_false_positives, roc.n_true_positives, strict=True))
    n0, n1 = roc.n_non_members, roc.n_members
    lows, highs = [], []
    for i, (fp, tp) in enumerate(steps):
        too_few = max(-norm.ppf(binom.cdf(fp, n0, level)), 0)
        if too_few <= z:
            before = steps[i - 1][1] if i else 0
            error = norm.cdf(-np.sqrt(z**2 - too_few**2))
            lows.append(beta.ppf(error, before, n1 - before + 1) if before else 0.0)
        too_many = max(-norm.ppf(binom.sf(fp - 1, n0, level)), 0)
        if too_many <= z:
            error = norm.cdf(-np.sqrt(z**2 - too_many**2))
            highs.append(beta.isf(error, tp + 1, n1 - tp) if tp < n1 else 1.0)
    return min(lows), max(highs)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.integers(1, 60),
    st.sampled_from([2, 5, 10**6]),
    st.sampled_from([0.0, 0.01, 0.1, 0.5, 0.97, 1.0]),
)
def test_limits_are_those_of_the_definition(seed, n_members, n_others, n_levels, level):
    rng = np.random.default_rng(seed)
    is_member = np.repeat([True, False], [n_members, n_others])
    scores = rng.integers(0, n_levels, n_members + n_others) + is_member * (n_levels // 4)
    roc = roc_curve(is_member, scores)
    low, high = limits_by_all_steps(roc, level, 0.95)
    result = estimate_tpr_at_fpr(roc, level)
    value = tpr_at_fpr(roc, level).tpr
    assert result.estimate.value == value
    assert result.estimate.low == pytest.approx(min(low, value), abs=1e-9)
    assert result.estimate.high == pytest.approx(max(high, value), abs=1e-9)


@pytest.mark.parametrize("level", [0.01, 0.1])
@pytest.mark.parametrize(
    ("member_levels", "other_levels"), [(None, None), ([0.1, 0.2, 0.7], [0.9, 0.095, 0.005])]
)
def test_interval_covers_where_clopper_pearson_at_the_threshold_does_not(
    level, member_levels, other_levels
):
    rng = np.random.default_rng(11)
    is_member = np.repeat([True, False], 150)
    missed = 0
    for _ in range(400):
        if member_levels is None:
            members, others = rng.normal(size=150) + 1.5, rng.normal(size=150)
            truth = norm.sf(norm.isf(level) - 1.5)
        else:
            members = rng.choice(3, 150, p=member_levels)
            others = rng.choice(3, 150, p=other_levels)
            truth = {0.01: 0.7, 0.1: 0.9}[level]
        roc = roc_curve(is_member, np.append(members, others))
        estimate = estimate_tpr_at_fpr(roc, level).estimate
        missed += not estimate.low <= truth <= estimate.high
    assert missed / 400 <= 0.05


@pytest.mark.parametrize(
    ("n_non_members", "level", "resolved"),
    [
        (998, 0.001, False),
        (999, 0.001, True),
        (98, 0.01, False),
        (99, 0.01, True),
        (10**6, 0.0, False),
    ],
)
def test_level_is_resolved_from_one_over_the_level_minus_one(n_non_members, level, resolved):
    is_member = np.append(np.zeros(n_non_members, bool), [True])
    roc = roc_curve(is_member, np.arange(n_non_members + 1.0))
    assert estimate_tpr_at_fpr(roc, level).estimate.resolved is resolved


@given(st.integers(1, 3000), st.sampled_from([0.001, 0.01, 0.07, 0.1, 0.29, 1.0]))
def test_calibrated_threshold_admits_one_fewer_of_one_more(n_non_members, level):
    is_member = np.append(np.zeros(n_non_members, bool), [True])
    roc = roc_curve(is_member, np.append(np.arange(n_non_members), -1.0))
    result = estimate_tpr_at_fpr(roc, level, calibrated=True)
    allowed = [n for n in range(n_non_members + 1) if (n + 1) / (n_non_members + 1) <= level]
    assert result.point.n_false_positives == (max(allowed) if allowed else 0)
    assert result.estimate.resolved is bool(allowed)


def test_calibrated_rate_is_unbiased_where_the_plain_one_is_optimistic():
    # True TPR at 0.1 % FPR is 0.0048 for normal scores half a deviation apart.
    rng = np.random.default_rng(2)
    is_member = np.repeat([True, False], 1000)
    plain, calibrated = [], []
    for _ in range(600):
        roc = roc_curve(is_member, np.append(rng.normal(size=1000) + 0.5, rng.normal(size=1000)))
        plain.append(estimate_tpr_at_fpr(roc, 0.001).estimate.value)
        calibrated.append(estimate_tpr_at_fpr(roc, 0.001, calibrated=True).estimate.value)
    assert np.mean(plain) > 0.0075
    assert np.mean(calibrated) == pytest.approx(0.0048, abs=0.0008)


def test_nothing_is_known_from_below_at_no_false_positives():
    roc = roc_curve(np.repeat([True, False], 100), np.arange(200.0, 0, -1))
    estimate = estimate_tpr_at_fpr(roc, 0.0).estimate
    assert (estimate.value, estimate.low, estimate.high) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("level", [-0.01, 1.01, float("nan")])
def test_level_that_is_no_rate_is_refused(level, calibrated):
    roc = roc_curve([True, False], [1.0, 0.0])
    with pytest.raises(ValueError, match="false-positive rate must be in"):
        estimate_tpr_at_fpr(roc, level, calibrated=calibrated)
