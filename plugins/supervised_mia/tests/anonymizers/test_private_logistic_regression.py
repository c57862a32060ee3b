"""Private logistic regression: the noise and the sensitivity that privacy follows from."""

import numpy as np
import pytest
from anomed_supervised_mia.anonymizers import PrivateLogisticRegression
from anomed_supervised_mia.anonymizers.private_logistic_regression import (
    GRADIENT_TOLERANCE,
    sensitivity,
    spherical_laplace,
)
from scipy.stats import gamma, kstest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

RNG = np.random.default_rng


def random_records(n_records, n_features=3, *, seed=0):
    rng = RNG(seed)
    return rng.uniform(0, 1, (n_records, n_features)), rng.integers(0, 3, n_records)


def exact_weights(features, labels, penalty=0.01):
    model = PrivateLogisticRegression(epsilon=np.inf, classes=[0, 1, 2], penalty=penalty)
    return model.fit(features, labels).weights_


def test_the_noise_has_the_promised_length_and_no_preferred_direction():
    draws = np.array([spherical_laplace(2.0, shape=(2, 3), rng=RNG(seed)) for seed in range(2000)])
    lengths = np.linalg.norm(draws.reshape(2000, 6), axis=1)
    assert kstest(lengths, gamma(6, scale=2.0).cdf).pvalue > 0.001
    directions = draws.reshape(2000, 6) / lengths[:, None]
    np.testing.assert_allclose(directions.mean(axis=0), 0.0, atol=0.05)
    np.testing.assert_allclose(directions.T @ directions / 2000, np.eye(6) / 6, atol=0.03)


@pytest.mark.parametrize("penalty", [1e-3, 0.1, 10.0])
def test_a_replaced_record_moves_the_weights_by_the_sensitivity_at_most(penalty):
    worst = 0.0
    for seed in range(15):
        features, labels = random_records(10, seed=seed)
        others, other_labels = features.copy(), labels.copy()
        others[0], other_labels[0] = 1 - np.round(features[0]), (labels[0] + 1) % 3
        moved = exact_weights(features, labels, penalty) - exact_weights(
            others, other_labels, penalty
        )
        worst = max(worst, np.linalg.norm(moved))
    assert worst <= sensitivity(10, penalty=penalty)
    # The bound is not idle: with a strong penalty the loss's curvature plays no role any more.
    assert penalty < 10 or worst > sensitivity(10, penalty=penalty) / 3


def test_without_noise_it_is_multinomial_logistic_regression():
    features, labels = random_records(100)
    model = PrivateLogisticRegression(epsilon=np.inf, penalty=0.01).fit(features, labels)
    rows = np.hstack([np.ones((100, 1)), 2 * features - 1])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    reference = LogisticRegression(C=1 / (100 * 0.01), fit_intercept=False, tol=1e-10)
    reference.fit(rows, labels)
    np.testing.assert_allclose(model.weights_, reference.coef_, atol=2 * GRADIENT_TOLERANCE / 0.01)
    np.testing.assert_allclose(
        model.predict_proba(features), reference.predict_proba(rows), atol=1e-3
    )


# The accuracies are those of a one-versus-rest output perturbation on random half-and-half splits
# of the digits, over 10 seeds.
@pytest.mark.parametrize(
    ("epsilon", "accuracy"), [(0.1, 0.096), (1, 0.099), (10, 0.121), (100, 0.564), (np.inf, 0.937)]
)
def test_it_is_at_least_as_useful_as_the_reference(epsilon, accuracy):
    features, labels = load_digits(return_X_y=True)
    scores = []
    for seed in range(4):
        halves = np.array_split(RNG(seed).permutation(len(labels)), 2)
        model = PrivateLogisticRegression(
            epsilon=epsilon, bounds=(0, 16), penalty=1e-3, random_state=seed
        ).fit(features[halves[0]], labels[halves[0]])
        scores.append(model.score(features[halves[1]], labels[halves[1]]))
    assert np.mean(scores) > accuracy - 0.02


def test_two_classes_give_one_decision_value():
    features, _ = random_records(80)
    labels = (features[:, 0] > 0.5).astype(int)
    model = PrivateLogisticRegression(epsilon=1e4).fit(features, labels)
    decisions = model.decision_function(features)
    assert decisions.shape == (80,)
    np.testing.assert_array_equal(decisions > 0, model.predict(features) == 1)
    odds = model.predict_proba(features)
    np.testing.assert_allclose(decisions, np.log(odds[:, 1] / odds[:, 0]))


def test_it_is_a_scikit_learn_estimator():
    features, labels = random_records(50)
    names = np.array(["a", "b", "c"])[labels]
    model = clone(PrivateLogisticRegression(epsilon=5.0, random_state=1))
    first, second = (clone(model).fit(features, names).predict_proba(features) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert set(model.fit(features, names).predict(features)) <= {"a", "b", "c"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epsilon": -1}, "Epsilon must be positive"),
        ({"penalty": 0}, "penalty must be positive"),
        ({"bounds": (0, np.inf)}, "finite"),
        ({"classes": [0, 1]}, "among the classes"),
    ],
)
def test_malformed_settings_are_refused(settings, message):
    features, labels = random_records(20)
    with pytest.raises(ValueError, match=message):
        PrivateLogisticRegression(**settings).fit(features, labels)


def test_an_unproven_minimum_is_no_result():
    features, labels = random_records(20)
    with pytest.raises(ArithmeticError, match="privacy is not proven"):
        PrivateLogisticRegression(penalty=1e30).fit(features, labels)
