"""ROC curves of scores that come apart, and where the figures of worthless attacks lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as reference_curve

from anomed_core.statistics import (
    auc,
    estimate_auc,
    interpolated_tpr,
    null_band,
    roc_of_scores,
)

SCORES = arrays(
    np.float64, st.integers(2, 40), elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
)


@given(SCORES, SCORES)
def test_the_curve_is_that_of_scikit_learn(members, non_members):
    curve = roc_of_scores(members, non_members)
    labels = np.repeat([1, 0], [len(members), len(non_members)])
    scores = np.concatenate([members, non_members])
    fpr, tpr, _ = reference_curve(labels, scores, drop_intermediate=False)
    assert curve.fpr == pytest.approx(fpr)
    assert curve.tpr == pytest.approx(tpr)
    assert auc(curve) == pytest.approx(roc_auc_score(labels, scores))
    assert estimate_auc(roc_of_scores(members, non_members)).value == pytest.approx(auc(curve))


@given(SCORES, SCORES)
def test_swapping_members_and_non_members_mirrors_the_area(members, non_members):
    forth, back = roc_of_scores(members, non_members), roc_of_scores(non_members, members)
    assert auc(forth) == pytest.approx(1 - auc(back))


@given(SCORES, SCORES, st.floats(0, 1))
def test_tpr_rises_with_fpr_and_only_the_order_of_scores_counts(members, non_members, fpr):
    curve = roc_of_scores(members, non_members)
    assert interpolated_tpr(curve, fpr) <= interpolated_tpr(curve, min(1.0, fpr + 0.1))
    other = roc_of_scores(np.exp(3 * members), np.exp(3 * non_members))
    assert interpolated_tpr(curve, fpr) == interpolated_tpr(other, fpr)
    assert curve.tpr.tolist() == other.tpr.tolist()


@pytest.mark.parametrize("score", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("fpr", [0.0, 0.01, 0.1, 0.5, 1.0])
def test_constant_scores_are_chance_exactly(score, fpr):
    curve = roc_of_scores(np.full(70, score), np.full(130, score))
    assert auc(curve) == 0.5
    assert interpolated_tpr(curve, fpr) == pytest.approx(fpr, abs=1e-15)
    assert (curve.tpr == curve.fpr).all()


def test_an_fpr_of_exactly_ten_percent_is_within_ten_percent():
    # Scorers that ask for FPR < 0.1 give 0.5 here.
    members, non_members = np.array([1.0] * 5 + [0.5] * 5), np.array([0.5] + [0.0] * 9)
    assert interpolated_tpr(roc_of_scores(members, non_members), 0.1) == 1.0
    assert interpolated_tpr(roc_of_scores(members, non_members), 0.0) == 0.5


def test_ties_are_read_linearly():
    # Scorers that drop collinear points give 0.02 here.
    members, non_members = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, 0.0])
    assert interpolated_tpr(roc_of_scores(members, non_members), 0.1) == pytest.approx(0.2)


def test_abstaining_gains_nothing():
    # Scorers that weigh by confidence give 1.0 here: 998 of 1000 abstained, two are right.
    members, non_members = np.full(500, 0.5), np.full(500, 0.5)
    members[0], non_members[0] = 1.0, 0.0
    curve = roc_of_scores(members, non_members)
    assert auc(curve) == pytest.approx(0.502, abs=1e-5)
    assert interpolated_tpr(curve, 0.1) == pytest.approx(0.102, abs=1e-3)


def test_delongs_interval_agrees_with_its_formula_on_a_worked_case():
    # Placements by hand: members 3, 2, 4 against non-members 1, 2: (1 + .75 + 1) / 3.
    estimate = estimate_auc(roc_of_scores(np.array([3.0, 2.0, 4.0]), np.array([1.0, 2.0])))
    assert estimate.value == pytest.approx(2.75 / 3)
    error = np.sqrt(np.var([1, 0.75, 1], ddof=1) / 3 + np.var([1, 2.5 / 3], ddof=1) / 2)
    assert estimate.low <= estimate.value - 1.96 * error


def test_a_perfect_attack_on_few_targets_is_not_taken_for_certain():
    estimate = estimate_auc(roc_of_scores(np.ones(5), np.zeros(5)))
    assert estimate.value == estimate.high == 1
    assert 0.3 < estimate.low < 0.9
    assert estimate_auc(roc_of_scores(np.ones(2000), np.zeros(2000))).low > 0.998
    worst = estimate_auc(roc_of_scores(np.zeros(5), np.ones(5)))
    assert (worst.low, worst.high) == pytest.approx((0, 1 - estimate.low))


@pytest.mark.parametrize(("shift", "n"), [(0.0, 100), (0.0, 1000), (1.0, 100), (2.0, 60)])
def test_the_interval_covers_the_truth_as_often_as_it_says(shift, n):
    rng = np.random.default_rng(5)
    truth = 0.5 if shift == 0 else {1.0: 0.760250, 2.0: 0.921350}[shift]
    covered = []
    for _ in range(300):
        estimate = estimate_auc(roc_of_scores(rng.normal(shift, 1, n), rng.normal(0, 1, n)))
        covered.append(estimate.low <= truth <= estimate.high)
    assert np.mean(covered) > 0.92


def test_null_bands_are_those_of_the_literature():
    # 2,000 + 2,000 and 100 + 100 targets, by simulation with 4,000 repetitions of uniform scores.
    assert null_band(2000, 2000) == pytest.approx((0.482, 0.518), abs=0.001)
    assert null_band(2000, 2000, fpr=0.1) == pytest.approx((0.0825, 0.1195), abs=0.001)
    assert null_band(2000, 2000, fpr=0.01) == pytest.approx((0.005, 0.0175), abs=0.0005)
    assert null_band(100, 100) == pytest.approx((0.42, 0.58), abs=0.001)
    assert null_band(100, 100, fpr=0.01) == pytest.approx((0.0, 0.07))
    assert null_band(10, 10, fpr=1.0) == (1.0, 1.0)


@pytest.mark.parametrize("fpr", [None, 0.01, 0.1])
def test_worthless_attacks_lie_in_the_band(fpr):
    rng = np.random.default_rng(8)
    low, high = null_band(300, 300, fpr=fpr)
    inside = []
    for _ in range(500):
        curve = roc_of_scores(rng.random(300), rng.random(300))
        figure = auc(curve) if fpr is None else interpolated_tpr(curve, fpr)
        inside.append(low <= figure <= high)
    assert 0.92 < np.mean(inside) < 0.995


def test_what_no_curve_can_be_drawn_of_is_refused():
    good = np.array([0.1, 0.2])
    for members, non_members in ((good, np.array([])), (np.array([]), good), (good[None], good)):
        with pytest.raises(ValueError, match="at least one of both"):
            roc_of_scores(members, non_members)
    with pytest.raises(ValueError, match="finite"):
        roc_of_scores(good, np.array([np.nan, 1.0]))
    with pytest.raises(ValueError, match="false-positive rate must be in"):
        interpolated_tpr(roc_of_scores(good, good), 1.1)
    with pytest.raises(ValueError, match="at least one"):
        null_band(0, 3)
