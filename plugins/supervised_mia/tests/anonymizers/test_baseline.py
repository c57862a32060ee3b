"""The baseline anonymizers: the order of their leakage, and what private ones never exceed."""

import numpy as np
import pytest
from anomed_supervised_mia.anonymizers import (
    overfitted_anonymizers,
    private_anonymizers,
    underfitted_anonymizers,
)
from anomed_supervised_mia.attacks import LossThreshold, observe
from scipy.stats import binomtest
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score, roc_curve

N_SIDE = 800
PRIVATE_NAMES = ["private-naive-bayes", "private-logistic-regression"]
#: The 95 % point of max(TPR - FPR) where nothing leaks.
NULL_ADVANTAGE = 1.358 * np.sqrt(2 / N_SIDE)


def leak(anonymizer, *, seed, share_of_random_labels=0.0):
    """Return truth and loss scores of members and non-members of one training."""
    rng = np.random.default_rng(seed)
    features, labels = load_digits(return_X_y=True)
    replaced = rng.random(len(labels)) < share_of_random_labels
    labels = np.where(replaced, rng.integers(0, 10, len(labels)), labels)
    order = rng.permutation(len(labels))
    sides = order[:N_SIDE], order[N_SIDE : 2 * N_SIDE]
    model = anonymizer.fit(features[sides[0]], labels[sides[0]], rng=rng)
    scores = [
        LossThreshold().score(observe(model, features[side], labels=labels[side])) for side in sides
    ]
    return np.repeat([1, 0], N_SIDE), np.concatenate(scores)


def epsilon_lower_bound(truth, scores):
    """Bound epsilon from below with 99.9 % confidence, at the median score as fixed threshold."""
    flagged = scores >= np.median(scores)
    intervals = [
        binomtest(int(flagged[truth == side].sum()), N_SIDE).proportion_ci(0.999, "exact")
        for side in (0, 1)
    ]
    fpr, tpr = intervals
    ratios = np.array([tpr.low / fpr.high, (1 - fpr.high) / (1 - tpr.low)])
    return np.log(np.maximum(ratios, 1.0)).max()


@pytest.mark.parametrize("kind", ["tree", "forest", "perceptron", "logistic-regression"])
def test_an_overfitted_model_leaks_more_than_its_underfitted_twin(kind):
    """A third of the labels are random, so that there is something to learn by heart."""
    twins = [
        next(item for item in family if item.name.endswith(kind))
        for family in (overfitted_anonymizers(), underfitted_anonymizers())
    ]
    over, under = (
        roc_auc_score(*leak(anonymizer, seed=0, share_of_random_labels=0.33))
        for anonymizer in twins
    )
    assert over > under + 0.05
    assert over > 0.6


@pytest.mark.parametrize("index", [0, 1], ids=PRIVATE_NAMES)
@pytest.mark.parametrize("epsilon", [0.1, 1.0])
def test_a_private_model_stays_below_the_ceilings_of_its_budget(epsilon, index):
    anonymizer = private_anonymizers((0, 16), epsilon=epsilon)[index]
    growth = np.exp(epsilon)
    for seed in range(3):
        truth, scores = leak(anonymizer, seed=seed)
        fpr, tpr, _ = roc_curve(truth, scores)
        assert epsilon_lower_bound(truth, scores) <= epsilon
        assert (tpr - fpr).max() <= (growth - 1) / (growth + 1) + NULL_ADVANTAGE
        assert roc_auc_score(truth, scores) <= growth / (1 + growth) + 3 * 0.0145


def test_the_bound_would_expose_a_model_that_only_claims_privacy():
    forest = overfitted_anonymizers()[1]
    assert epsilon_lower_bound(*leak(forest, seed=0, share_of_random_labels=0.33)) > 1.0


def test_names_are_unique_and_budgets_are_told():
    private = private_anonymizers((0, 16), epsilon=0.5)
    everyone = [*overfitted_anonymizers(), *underfitted_anonymizers(), *private]
    assert len({anonymizer.name for anonymizer in everyone}) == len(everyone)
    assert {anonymizer.epsilon for anonymizer in private} == {0.5}
    assert {anonymizer.epsilon for anonymizer in everyone} == {0.5, np.inf}


def test_training_follows_the_generator():
    forest = overfitted_anonymizers()[1]
    (_, first), (_, second), (_, other) = (leak(forest, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
