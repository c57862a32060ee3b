"""Mahalanobis distances beside an independent program's, and what must not change them."""

import numpy as np
import pytest
from anomed_anomaly_detection.detectors import Mahalanobis, Moments
from anomed_anomaly_detection.detectors.moments import shrunk
from anomed_anomaly_detection.interface import Batch, DetectionTask
from hypothesis import given
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf

from anomed_core.statistics import auc, roc_curve


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("name", ["noise", "pgd"])
def test_scores_are_those_of_an_independent_program(name, relative, golden):
    task, arrays = golden(name)
    fitted = Mahalanobis(relative=relative).fit(task, np.random.default_rng(0))

    scores = fitted.layer_scores(task.model, arrays["test_X"])
    expected = arrays["score_mahalanobis_relative" if relative else "score_mahalanobis"]
    np.testing.assert_allclose(np.stack(list(scores.values())), expected, rtol=1e-6, atol=1e-9)


def test_a_backdoor_is_flagged(corner):
    fitted = Mahalanobis().fit(corner.task, np.random.default_rng(0))
    scores = fitted.scores(corner.task.model, corner.tests["validation"].X)

    assert auc(roc_curve(corner.flags["validation"], scores)) > 0.99


@pytest.mark.parametrize("block", [1, 7, 64])
def test_the_size_of_blocks_changes_nothing(block, small):
    X = np.random.default_rng(1).random((20, 6))
    whole, divided = (
        Mahalanobis(batch_size=size).fit(small, np.random.default_rng(0)).scores(small.model, X)
        for size in (4096, block)
    )

    np.testing.assert_allclose(divided, whole, rtol=1e-9)


def test_shrinkage_is_ledoit_and_wolfs():
    rows = np.random.default_rng(0).standard_normal((30, 8)) @ np.diag(np.arange(1, 9))
    expected_covariance, expected = ledoit_wolf(rows)
    moments = Moments.of(rows)

    assert moments.ledoit_wolf() == pytest.approx(expected, rel=1e-10)
    ours = shrunk(moments.scatter / 30, moments.ledoit_wolf())
    np.testing.assert_allclose(ours, expected_covariance, rtol=1e-10)


def scored(trusted, tested, **options):
    chosen = Mahalanobis(**options)
    state = chosen.fit_moments(Moments.of(trusted), None, None)
    return chosen.score_layer(state, tested, None)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3]))
def test_turning_all_activations_changes_no_score(seed, shrinkage):
    rng = np.random.default_rng(seed)
    rows, tested = rng.standard_normal((60, 5)), rng.standard_normal((10, 5))
    turn = np.linalg.qr(rng.standard_normal((5, 5)))[0]

    np.testing.assert_allclose(
        scored(rows @ turn, tested @ turn, shrinkage=shrinkage),
        scored(rows, tested, shrinkage=shrinkage),
        rtol=1e-9,
    )


@pytest.mark.parametrize("scale", [1e-3, 1e3])
@pytest.mark.parametrize("relative", [False, True])
def test_the_unit_of_activations_changes_no_rank(scale, relative):
    rng = np.random.default_rng(0)
    rows, tested = rng.standard_normal((60, 5)) * [1, 2, 3, 4, 5], rng.standard_normal((30, 5))
    options = {"shrinkage": 0.3, "relative": relative}

    order = np.argsort(scored(rows, tested, **options))
    np.testing.assert_array_equal(
        np.argsort(scored(rows * scale, tested * scale, **options)), order
    )


@pytest.mark.parametrize(
    "rows",
    [np.zeros((9, 4)), np.ones((1, 4)), np.random.default_rng(0).random((3, 8))],
    ids=["constant", "one row", "fewer rows than columns"],
)
def test_degenerate_activations_give_finite_scores(rows):
    assert np.isfinite(scored(rows, np.random.default_rng(1).random((5, rows.shape[1])))).all()


def test_activations_that_are_not_finite_are_an_error(small):
    bad = Batch(np.full((3, 6), 1e300))
    with pytest.raises(ValueError, match="must be finite and at most 1e12"):
        Mahalanobis().fit(
            DetectionTask(model=small.model, trusted=bad, facts=small.facts),
            np.random.default_rng(0),
        )


@pytest.mark.parametrize("shrinkage", [-0.1, 2, "much"])
def test_a_shrinkage_that_is_none_is_refused(shrinkage, small):
    with pytest.raises(ValueError, match="give a number from 0 to 1, or ledoit-wolf"):
        Mahalanobis(shrinkage=shrinkage).fit(small, np.random.default_rng(0))
