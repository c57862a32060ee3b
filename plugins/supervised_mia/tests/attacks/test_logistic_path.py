"""The Newton solver against scikit-learn's, and its borders."""

import numpy as np
import pytest
from anomed_supervised_mia.attacks._logistic_path import choose_strength, fit_path
from sklearn.linear_model import LogisticRegression

STRENGTHS = np.logspace(-4, 2, 5)


def problem(n_records, n_features, *, seed=0, separable=False):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_features, n_records))
    noise = 0 if separable else rng.logistic(size=n_records)
    targets = (features[0] - 0.5 * features[1] + noise > 0.3).astype(float)
    return np.vstack([np.ones(n_records), features]), targets


@pytest.mark.parametrize("separable", [False, True])
def test_each_point_of_the_path_is_the_optimum(separable):
    design, targets = problem(500, 4, separable=separable)
    path = fit_path(design, targets, strengths=STRENGTHS)
    for strength, weights in zip(STRENGTHS, path, strict=True):
        model = LogisticRegression(C=strength, tol=1e-12, max_iter=10_000)
        model.fit(design[1:].T, targets)
        expected = [*model.intercept_, *model.coef_[0]]
        np.testing.assert_allclose(weights, expected, rtol=1e-4, atol=1e-5)


def test_duplicate_and_constant_columns_do_not_hinder():
    design, targets = problem(200, 2)
    doubled = np.vstack([design, design[1], np.zeros(200)])
    weights = fit_path(doubled, targets, strengths=np.array([1.0]))[0]
    assert weights[1] == pytest.approx(weights[3])
    assert weights[4] == 0


def test_a_class_that_is_never_seen_leaves_finite_weights():
    design, _ = problem(50, 2)
    weights = fit_path(design, np.ones(50), strengths=STRENGTHS)
    assert np.isfinite(weights).all()


def test_noise_wants_the_strongest_penalty_and_signal_a_weaker_one():
    design, targets = problem(400, 30)
    folds = np.arange(400) % 3
    noise = np.random.default_rng(1).permutation(targets)
    assert choose_strength(design, noise, strengths=STRENGTHS, folds=folds) == 0
    assert choose_strength(design, targets, strengths=STRENGTHS, folds=folds) > 0
