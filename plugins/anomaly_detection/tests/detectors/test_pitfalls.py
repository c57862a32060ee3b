"""Defects that were published of other programs, and what holds here."""

import numpy as np
import pytest
from anomed_anomaly_detection.detectors import (
    Beatrix,
    IsolationForest,
    LocalOutlierFactor,
    MaxSoftmax,
    Moments,
    NearestNeighbours,
    QuantumEntropy,
    Scored,
    Seen,
    Spectral,
)
from anomed_anomaly_detection.detectors.neighbours import nearest, nearest_others
from anomed_anomaly_detection.interface import Batch, DetectionTask, TaskFacts
from anomed_anomaly_detection.network import MLP
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from anomed_core.statistics import auc, roc_curve

NOTHING = Scored(layer="linear_0", predictions=np.zeros(40, dtype=int))


def seen(n_classes=2, **known):
    return Seen(layer="linear_0", n_classes=n_classes, rng=np.random.default_rng(0), **known)


def entropy_scores(trusted, untrusted, tested):
    que = QuantumEntropy()
    state = que.fit_moments(Moments.of(trusted), Moments.of(untrusted), seen())
    return que.score_layer(state, tested, NOTHING)


@given(st.integers(0, 2**32 - 1))
def test_turning_activations_changes_no_entropy_score(seed):
    rng = np.random.default_rng(seed)
    trusted, untrusted, tested = (rng.standard_normal((n, 4)) for n in (60, 50, 40))
    untrusted[:5] += 3
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]

    np.testing.assert_allclose(
        entropy_scores(trusted @ turn, untrusted @ turn, tested @ turn),
        entropy_scores(trusted, untrusted, tested),
        rtol=1e-8,
    )


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_unit_of_activations_changes_no_entropy_score(scale):
    rng = np.random.default_rng(0)
    trusted, untrusted, tested = (rng.standard_normal((n, 4)) for n in (60, 50, 40))

    np.testing.assert_allclose(
        entropy_scores(trusted * scale, untrusted * scale, tested * scale),
        entropy_scores(trusted, untrusted, tested),
        rtol=1e-8,
    )


def test_a_mix_like_trusted_data_gives_every_direction_equal_weight():
    rows = np.random.default_rng(0).standard_normal((60, 4))
    que = QuantumEntropy()
    state = que.fit_moments(Moments.of(rows), Moments.of(rows), seen())
    weights = np.linalg.eigvalsh(
        state["projection"].T @ Moments.of(rows).covariance @ state["projection"]
    )

    # What is left of S - I is rounding, whose directions alone count; the trace stays 1.
    assert weights.sum() == pytest.approx(1)


def test_equal_trusted_rows_do_not_break_local_densities():
    rng = np.random.default_rng(0)
    rows, tested = rng.standard_normal((200, 4)), rng.standard_normal((40, 4))
    tested[20:] += 2.5
    flags = np.arange(40) >= 20
    lof = LocalOutlierFactor(k=20)
    plain = lof.score_layer(lof.fit_layer(rows, rows[:0], seen()), tested, NOTHING)
    doubled = np.concatenate([rows, np.repeat(rows[:1], 25, axis=0)])
    scores = lof.score_layer(lof.fit_layer(doubled, rows[:0], seen()), tested, NOTHING)

    assert scores.max() < 1e6
    assert auc(roc_curve(flags, scores)) == pytest.approx(auc(roc_curve(flags, plain)), abs=0.02)


def test_neighbours_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    rows, queries = rng.standard_normal((90, 5)), rng.standard_normal((30, 5))
    theirs = NearestNeighbors(n_neighbors=7, algorithm="kd_tree").fit(rows)

    for ours, expected in zip(nearest(rows, queries, 7), theirs.kneighbors(queries), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12)
    for ours, expected in zip(nearest_others(rows, 7), theirs.kneighbors(), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_equal_rows_have_each_other_as_neighbours():
    distances, indices = nearest_others(np.zeros((5, 2)), 2)

    assert distances.shape == indices.shape == (5, 2)
    assert not distances.any()


def test_distances_are_in_units_of_trusted_ones():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 3))
    knn = NearestNeighbours(k=5)
    fresh = Scored(layer="linear_0", predictions=np.zeros(300, dtype=int))

    scores = knn.score_layer(
        knn.fit_layer(rows, rows[:0], seen()), rng.standard_normal((300, 3)), fresh
    )
    assert np.median(scores) == pytest.approx(1, abs=0.1)


def test_products_within_bounds_count_nothing_and_those_beyond_by_how_far():
    rows = np.array([[1.0], [2.0], [3.0], [2.0]])
    beatrix = Beatrix(k=2)
    state = beatrix.fit_layer(rows, rows[:0], seen())
    two = Scored(layer="linear_0", predictions=np.zeros(2, dtype=int))

    # Squares are 1, 4, 9, 4 with median 4 and deviation 1.5, so 7 is the bound, and 14 twice it.
    scores = beatrix.score_layer(state, np.array([[2.5], [np.sqrt(14)]]), two)
    np.testing.assert_allclose(scores, [0, 1])


@pytest.mark.parametrize("per_class", [False, True])
def test_a_class_of_its_own_is_judged_by_its_own_direction(per_class):
    rng = np.random.default_rng(0)
    model = MLP([(np.eye(2) * 5, np.zeros(2))])
    X = np.concatenate(
        [rng.normal([3, 0], [0.1, 1.0], (200, 2)), rng.normal([0, 9], 0.1, (200, 2))]
    )
    task = DetectionTask(model=model, untrusted=Batch(X), facts=TaskFacts(task="two", shape=(2,)))
    fitted = Spectral(per_class=per_class).fit(task, rng)

    moved = fitted.scores(model, np.array([[3.0, 2.5], [3.0, 0.0]]))
    assert (moved[0] > moved[1]) == per_class


def test_forests_of_one_row_give_one_score():
    forest = IsolationForest()
    state = forest.grown(np.zeros((1, 2)), 0)

    assert np.ptp(forest.score_layer(state, np.eye(2), NOTHING)) == 0


def test_a_network_of_one_logit_has_two_probabilities():
    model = MLP([(np.ones((2, 1)), np.zeros(1))])
    task = DetectionTask(model=model, facts=TaskFacts(task="two", shape=(2,)))
    scores = MaxSoftmax().fit(task, np.random.default_rng(0)).scores(model, np.array([[0.0, 0.0]]))

    assert scores.tolist() == [-0.5]
