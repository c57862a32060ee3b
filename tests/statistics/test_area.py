import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import binom
from sklearn.datasets import load_digits, load_wine
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from anomed_core.statistics import (
    confusion,
    delong_variance,
    estimate_auc,
    estimate_balanced_accuracy,
    roc_curve,
)


def scores_of(area_shift, n, rng):
    return np.append(rng.normal(size=n) + area_shift, rng.normal(size=n))


def test_interval_is_about_the_textbooks_in_the_middle():
    rng = np.random.default_rng(1)
    roc = roc_curve(np.repeat([True, False], 4000), scores_of(0.5, 4000, rng))
    estimate = estimate_auc(roc)
    half = 1.96 * np.sqrt(delong_variance(roc))
    assert estimate.low == pytest.approx(estimate.value - half, abs=0.05 * half)
    assert estimate.high == pytest.approx(estimate.value + half, abs=0.05 * half)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 30), st.integers(1, 40))
def test_interval_holds_the_area_and_mirrors_with_the_score(seed, n_members, n_others, n_levels):
    rng = np.random.default_rng(seed)
    is_member = np.repeat([True, False], [n_members, n_others])
    scores = rng.integers(0, n_levels, n_members + n_others)
    there = estimate_auc(roc_curve(is_member, scores))
    back = estimate_auc(roc_curve(is_member, -scores))
    assert 0 <= there.low <= there.value <= there.high <= 1
    assert (there.low, there.high) == pytest.approx((1 - back.high, 1 - back.low), abs=1e-9)


def test_perfect_separation_still_has_a_width():
    estimate = estimate_auc(roc_curve(np.repeat([True, False], 30), np.arange(60, 0, -1)))
    assert estimate.value == estimate.high == 1.0
    # All of 30 disjoint pairs are in order, so an area below 0.025 ** (1 / 30) is ruled out.
    assert 0.8 < estimate.low < 0.025 ** (1 / 30)


def test_two_levels_are_a_decision():
    is_member = np.repeat([True, False], [40, 60])
    decisions = np.arange(100) % 3 == 0
    area = estimate_auc(roc_curve(is_member, decisions))
    balanced = estimate_balanced_accuracy(confusion(is_member, decisions))
    assert (area.value, area.low, area.high) == pytest.approx(
        (balanced.value, balanced.low, balanced.high)
    )


def test_constant_score_is_chance_and_leaves_the_truth_open():
    estimate = estimate_auc(roc_curve(np.repeat([True, False], 50), np.zeros(100)))
    assert estimate.value == 0.5
    assert estimate.low < 0.5 < estimate.high


@pytest.mark.parametrize(("n_records", "resolved"), [(9, False), (10, True)])
def test_tiny_samples_are_unresolved(n_records, resolved):
    roc = roc_curve(np.repeat([True, False], n_records), np.arange(2.0 * n_records))
    assert estimate_auc(roc).resolved is resolved


@pytest.mark.parametrize(
    "model",
    [DecisionTreeClassifier(random_state=0), KNeighborsClassifier(1)],
    ids=["unpruned tree", "1-NN"],
)
@pytest.mark.parametrize("load", [load_digits, load_wine])
@pytest.mark.parametrize("labels", ["true", "random"])
def test_confidences_of_0_and_1_leak_half_of_the_generalisation_gap(model, load, labels):
    # Exact for any such model: AUC = 1/2 + (train accuracy - test accuracy) / 2.
    rng = np.random.default_rng(0)
    features, targets = load(return_X_y=True)
    targets = rng.permutation(targets) if labels == "random" else targets
    is_member = rng.permutation(targets.size) < targets.size // 2
    model.fit(features[is_member], targets[is_member])
    confidence = model.predict_proba(features)[np.arange(targets.size), targets]
    right = model.predict(features) == targets
    gap = right[is_member].mean() - right[~is_member].mean()
    area = estimate_auc(roc_curve(is_member, confidence)).value
    assert area == pytest.approx(0.5 + gap / 2, abs=1e-12)
    assert gap > 0.01


def test_interval_covers_a_known_area():
    # Normal scores, AUC 0.9; the textbook interval misses 9 % at this size.
    rng = np.random.default_rng(3)
    is_member = np.repeat([True, False], 30)
    shift, missed = 1.8124, 0
    for _ in range(1000):
        estimate = estimate_auc(roc_curve(is_member, scores_of(shift, 30, rng)))
        missed += not estimate.low <= 0.9 <= estimate.high
    assert missed / 1000 <= 0.05


@pytest.mark.parametrize("confidence", [0.95, 0.999])
@pytest.mark.parametrize("area", [0.6, 0.7, 0.8, 0.9])
@pytest.mark.parametrize("n_fewer", [1, 2, 3])
@pytest.mark.parametrize("fewer_are_members", [True, False])
def test_interval_covers_where_a_side_has_few_records(n_fewer, area, confidence, fewer_are_members):
    rng = np.random.default_rng(n_fewer)
    shift, n_draws, n_missed = math.sqrt(2) * ndtri(area), 200, 0
    sizes = (n_fewer, 300) if fewer_are_members else (300, n_fewer)
    is_member = np.repeat([True, False], sizes)
    for _ in range(n_draws):
        curve = roc_curve(is_member, rng.normal(size=is_member.size) + shift * is_member)
        estimate = estimate_auc(curve, confidence=confidence)
        n_missed += not estimate.low <= area <= estimate.high
    assert binom.sf(n_missed - 1, n_draws, 1 - confidence) > 0.001


SCORES = st.lists(st.floats(-5, 5, width=16), min_size=3, max_size=30, unique=True)


@given(scores=SCORES, is_member=st.booleans())
def test_one_record_on_a_side_says_next_to_nothing(scores, is_member):
    score, *others = scores
    labels = [is_member, *[not is_member] * len(others)]
    estimate = estimate_auc(roc_curve(labels, [score, *others]))
    assert estimate.low <= 0.05
    assert estimate.high >= 0.95
    assert not estimate.resolved
