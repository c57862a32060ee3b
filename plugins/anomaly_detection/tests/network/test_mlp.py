"""The network: forward as scikit-learn's, backward as finite differences, arrays and no pickle."""

import itertools

import numpy as np
import pytest
from anomed_anomaly_detection.network import MLP, Recipe, train
from scipy.special import log_softmax
from sklearn.neural_network import MLPClassifier


def drawn(rng, widths=(5, 7, 6, 3), dtype=np.float64):
    return MLP(
        [
            (rng.standard_normal((a, b)).astype(dtype), rng.standard_normal(b).astype(dtype))
            for a, b in itertools.pairwise(widths)
        ]
    )


def cross_entropy(model, X, y):
    return -log_softmax(model.logits(X), axis=1)[np.arange(len(X)), y]


def entropy(model, X):
    p = model.probabilities(X)
    return -(p * np.log(p)).sum(axis=1)


def by_differences(function, X, step=1e-6):
    slopes = np.empty_like(X)
    for j in range(X.shape[1]):
        up, down = X.copy(), X.copy()
        up[:, j] += step
        down[:, j] -= step
        slopes[:, j] = (function(up) - function(down)) / (2 * step)
    return slopes


def test_the_gradient_of_the_loss_is_that_of_differences():
    rng = np.random.default_rng(0)
    model, X, y = drawn(rng), rng.standard_normal((4, 5)), np.array([0, 1, 2, 1])

    expected = by_differences(lambda inputs: cross_entropy(model, inputs, y), X)
    np.testing.assert_allclose(model.input_gradient(X, y), expected, atol=1e-6)


@pytest.mark.parametrize("widths", [(5, 7, 6, 3), (5, 7, 1)])
def test_the_gradient_of_the_entropy_is_that_of_differences(widths):
    rng = np.random.default_rng(1)
    model, X = drawn(rng, widths), rng.standard_normal((4, 5))

    expected = by_differences(lambda inputs: entropy(model, inputs), X)
    np.testing.assert_allclose(model.entropy_gradient(X), expected, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_network_of_scikit_learn_says_the_same_here(n_classes):
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((60, 4)), rng.integers(0, n_classes, 60)
    theirs = MLPClassifier((8,), random_state=0, max_iter=20, tol=1).fit(X, y)
    ours = MLP.from_sklearn(theirs)

    assert ours.n_classes == n_classes
    np.testing.assert_allclose(ours.probabilities(X), theirs.predict_proba(X), rtol=1e-10)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_only_relu_units_are_read():
    theirs = MLPClassifier((3,), activation="tanh", max_iter=300, tol=1)
    theirs.fit(np.eye(4), [0, 1, 0, 1])

    with pytest.raises(ValueError, match="units are 'tanh'; this network has relu only"):
        MLP.from_sklearn(theirs)


def test_layers_are_those_of_a_forward_pass_by_hand():
    rng = np.random.default_rng(3)
    model, X = drawn(rng), rng.standard_normal((9, 5))
    (W0, b0), (W1, b1), (W2, b2) = model.weights

    first = X @ W0 + b0
    second = np.maximum(first, 0) @ W1 + b1
    third = np.maximum(second, 0) @ W2 + b2
    values = model.activations(X)
    assert tuple(values) == model.layers == ("linear_0", "linear_1", "linear_2")
    for layer, expected in zip(model.layers, (first, second, third), strict=True):
        np.testing.assert_allclose(values[layer], expected, atol=1e-12)


@pytest.mark.parametrize(("dtype", "difference"), [(np.float32, 1e-4), (np.float64, 1e-11)])
def test_an_input_is_read_alike_in_whatever_block(dtype, difference):
    rng = np.random.default_rng(4)
    model, X = drawn(rng, (40, 50, 10), dtype), rng.standard_normal((900, 40)).astype(dtype)

    together = model.activations(X)["linear_1"]
    apart = np.concatenate([model.activations(X[i : i + 7])["linear_1"] for i in range(0, 900, 7)])
    assert together.dtype == dtype
    np.testing.assert_allclose(apart, together, rtol=0, atol=difference)


def test_arrays_give_the_network_back():
    model = drawn(np.random.default_rng(5))
    arrays = model.to_arrays()

    assert sorted(arrays) == ["W0", "W1", "W2", "b0", "b1", "b2"]
    again = MLP.from_arrays(arrays).to_arrays()
    assert all(np.array_equal(again[name], arrays[name]) for name in arrays)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W1": np.zeros((3, 6))}, r"W1 has shape \(3, 6\) and b1 \(6,\); after 7 values"),
        ({"b0": np.full(7, np.nan)}, "W0 or b0 holds values that are not finite"),
        ({"b3": np.zeros(3)}, "stored as W0, b0, W1, b1"),
    ],
)
def test_arrays_that_are_no_network_are_refused(change, message):
    arrays = drawn(np.random.default_rng(6)).to_arrays() | change

    with pytest.raises(ValueError, match=message):
        MLP.from_arrays(arrays)


def test_equal_generators_give_equal_networks(digits):
    recipe = Recipe(hidden=(16,), epochs=5)
    first, second = (
        train(
            digits.training.X,
            digits.training.labels,
            n_classes=10,
            rng=np.random.default_rng(1),
            recipe=recipe,
        ).to_arrays()
        for _ in range(2)
    )

    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_trained_network_knows_digits(digits):
    model = train(
        digits.training.X, digits.training.labels, n_classes=10, rng=np.random.default_rng(0)
    )

    assert model.accuracy(digits.validation.X, digits.validation.labels) > 0.93
    tuned = model.finetuned(
        digits.trusted.X, digits.trusted.labels, epochs=20, rng=np.random.default_rng(0)
    )
    assert tuned.accuracy(digits.trusted.X, digits.trusted.labels) > model.accuracy(
        digits.trusted.X, digits.trusted.labels
    )


def test_weight_decay_forgets_a_pixel_that_never_varies(digits):
    sizes = {}
    for l2 in (0.0, 1e-2):
        model = train(
            digits.training.X,
            digits.training.labels,
            n_classes=10,
            rng=np.random.default_rng(0),
            recipe=Recipe(l2=l2),
        )
        sizes[l2] = np.abs(model.weights[0][0][0]).mean()

    assert sizes[1e-2] < 0.01 * sizes[0.0]


def test_training_ends_after_so_many_steps(digits):
    from anomed_anomaly_detection.network import train_further

    model = drawn(np.random.default_rng(0), (64, 8, 10))
    recipe = Recipe(epochs=50, batch_size=100, max_steps=9)
    X, y = digits.training.X, digits.training.labels
    _, log = train_further(model, X, y, rng=np.random.default_rng(0), recipe=recipe)

    assert (log.n_steps, len(log.losses)) == (9, 2)


def test_labels_outside_the_classes_are_refused():
    with pytest.raises(ValueError, match="labels must be from 0 to 2"):
        train(np.zeros((2, 3)), np.array([0, 3]), n_classes=3, rng=np.random.default_rng(0))
