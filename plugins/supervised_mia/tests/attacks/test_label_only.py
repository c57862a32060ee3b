"""Label-only attacks: the gap's identity, and distances where geometry knows them."""

import numpy as np
import pytest
from anomed_supervised_mia.attacks import BoundaryDistanceAttack, GapAttack, Signals, cross_fit
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier


def half_space(points):
    return (points @ [3.0, 4.0] > 5.0).astype(int)


def ball(points):
    return (np.linalg.norm(points, axis=1) < 1.0).astype(int)


def unit_scaled(fitted):
    """Measure distances in the features' own unit."""
    return type(fitted)(
        attack=fitted.attack,
        starts=fitted.starts,
        start_classes=fitted.start_classes,
        scale=np.ones_like(fitted.scale),
        seed=fitted.seed,
    )


def random_points(n_points, n_features, *, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, (n_points, n_features))


def fit(predict, points, **settings):
    attack = BoundaryDistanceAttack(predict=predict, **settings)
    signals = Signals(features=points, labels=predict(points))
    return signals, attack.fit(signals, signals, rng=np.random.default_rng(3))


def test_gap_scores_only_correctness():
    signals = Signals.from_probabilities([[0.9, 0.1], [0.6, 0.4]], [0, 1])
    np.testing.assert_array_equal(GapAttack().score(signals), [1.0, 0.0])


def test_the_gap_attack_leaks_the_generalisation_gap():
    rng = np.random.default_rng(0)
    members, others = (
        Signals.from_labels(rng.random(500) < accuracy, np.ones(500, dtype=int))
        for accuracy in (0.95, 0.7)
    )
    scores = cross_fit(members, others, attack=GapAttack(), rng=rng)
    truth = np.repeat([1, 0], 500)
    gap = members.correct().mean() - others.correct().mean()
    auc = roc_auc_score(truth, np.concatenate([scores.members, scores.non_members]))
    assert auc == pytest.approx(0.5 + gap / 2, abs=1e-12)


def test_the_distance_to_a_plane_is_found():
    points = random_points(60, 2)
    signals, fitted = fit(half_space, points, n_iterations=8, n_probes=200)
    expected = np.abs(points @ [3.0, 4.0] - 5.0) / 5.0
    np.testing.assert_allclose(unit_scaled(fitted).score(signals), expected, rtol=0.05, atol=1e-3)


def test_distances_are_upper_bounds_that_queries_tighten():
    points = random_points(80, 4)
    expected = np.abs(1 - np.linalg.norm(points, axis=1))
    errors = []
    for n_iterations in (0, 6):
        signals, fitted = fit(ball, points, n_iterations=n_iterations)
        excess = unit_scaled(fitted).score(signals) - expected
        assert (excess > -1e-9).all()
        errors.append(excess.mean())
    assert errors[1] < errors[0] / 5


def test_misclassified_records_are_at_no_distance():
    points = random_points(20, 2)
    _, fitted = fit(half_space, points)
    wrong = Signals(features=points, labels=1 - half_space(points))
    np.testing.assert_array_equal(fitted.score(wrong), np.zeros(20))


def test_scores_repeat_and_do_not_depend_on_units():
    points = random_points(30, 2)
    signals, fitted = fit(half_space, points)
    scores = fitted.score(signals)
    np.testing.assert_array_equal(fitted.score(signals), scores)
    thousandfold, refitted = fit(lambda p: half_space(p / 1000), points * 1000)
    np.testing.assert_allclose(refitted.score(thousandfold), scores, rtol=1e-6)


def test_distances_leak_more_than_the_gap_on_an_overfitted_model():
    features, labels = load_digits(return_X_y=True)
    features, labels = features[:400], labels[:400]
    model = KNeighborsClassifier(1).fit(features[::2], labels[::2])
    members, others = (
        Signals(
            features=features[side],
            labels=labels[side],
            predicted_labels=model.predict(features[side]),
        )
        for side in (slice(0, None, 2), slice(1, None, 2))
    )
    aucs = []
    for attack in (GapAttack(), BoundaryDistanceAttack(predict=model.predict, n_iterations=0)):
        scores = cross_fit(members, others, attack=attack, rng=np.random.default_rng(0))
        both = np.concatenate([scores.members, scores.non_members])
        aucs.append(roc_auc_score(np.repeat([1, 0], 200), both))
    assert aucs[1] > aucs[0] + 0.1


def test_a_model_of_one_class_has_no_boundary():
    with pytest.raises(ValueError, match="one class for all 10"):
        fit(lambda points: np.zeros(len(points), dtype=int), random_points(5, 2))


def test_missing_feature_vectors_or_labels_are_named():
    points = random_points(10, 2)
    _, fitted = fit(half_space, points)
    with pytest.raises(ValueError, match="feature vectors"):
        fitted.score(Signals.from_labels([0], [0]))
    with pytest.raises(ValueError, match="true labels"):
        fitted.score(Signals(features=points))
