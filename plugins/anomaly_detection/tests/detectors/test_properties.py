"""What holds for every detector that is installed."""

from functools import cache

import attrs
import numpy as np
import pytest
from anomed_anomaly_detection.detectors import Moments
from anomed_anomaly_detection.interface import (
    Batch,
    DetectionTask,
    Detector,
    MissingNeedError,
    TaskFacts,
    check_needs,
)
from anomed_anomaly_detection.registry import DETECTORS, detector, offers
from hypothesis import given
from hypothesis import strategies as st

ALL = tuple(
    offer.point.name
    for offer in offers(DETECTORS)
    if offer.offered is not None and offer.point.target.startswith("anomed_anomaly_detection")
)

SLOW_TO_GROW = ("isolation_forest",)


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(1).random((40, 6))


@pytest.fixture(scope="module")
def fitted_once(small):
    """Return a detector that is fitted to the small task, the same one every time."""

    @cache
    def fit(name):
        return detector(name).fit(small, np.random.default_rng(0))

    return fit


@pytest.mark.parametrize("name", ALL)
def test_scores_of_an_input_do_not_depend_on_those_beside_it(name, small, inputs, fitted_once):
    fitted = fitted_once(name)
    assert not fitted.detector.transductive
    together = fitted.layer_scores(small.model, inputs)
    order = np.random.default_rng(2).permutation(len(inputs))

    for batch in (order, order[:7], order[3:4], np.repeat(order[:2], 5)):
        for layer, scores in fitted.layer_scores(small.model, inputs[batch]).items():
            np.testing.assert_allclose(scores, together[layer][batch], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("max_batch_size", [1, 7])
def test_blocks_change_no_score(name, max_batch_size, small, inputs, fitted_once):
    whole = fitted_once(name)
    blockwise = detector(name, max_batch_size=max_batch_size).restore(whole.to_arrays())

    np.testing.assert_allclose(
        blockwise.scores(small.model, inputs),
        whole.scores(small.model, inputs),
        rtol=1e-9,
        atol=1e-9,
    )


@pytest.mark.parametrize("name", ALL)
def test_arrays_give_a_fitted_detector_back(name, small, inputs, tmp_path, fitted_once):
    fitted = fitted_once(name)
    np.savez(tmp_path / "state.npz", **fitted.to_arrays())
    with np.load(tmp_path / "state.npz", allow_pickle=False) as file:
        again = detector(name).restore(dict(file))

    np.testing.assert_array_equal(
        again.scores(small.model, inputs), fitted.scores(small.model, inputs)
    )


@pytest.mark.parametrize("name", ALL)
def test_equal_generators_give_equal_scores(name, small, inputs, fitted_once):
    again = detector(name).fit(small, np.random.default_rng(0))

    np.testing.assert_array_equal(
        again.scores(small.model, inputs), fitted_once(name).scores(small.model, inputs)
    )


@pytest.mark.parametrize("name", ALL)
def test_what_is_missing_is_said_before_fitting(name, small):
    chosen = detector(name)
    bare = DetectionTask(model=small.model, facts=TaskFacts(task="bare", shape=(6,)))

    assert isinstance(chosen, Detector)
    if chosen.needs:
        with pytest.raises(MissingNeedError, match=f"^{chosen.name} needs .*; this task has none$"):
            check_needs(chosen, bare)
        with pytest.raises(MissingNeedError):
            chosen.fit(bare, np.random.default_rng(0))


@pytest.mark.parametrize("name", ALL)
def test_scores_are_one_finite_number_an_input(name, small, inputs, fitted_once):
    fitted = detector(name, layer_aggregation="max").restore(fitted_once(name).to_arrays())
    layers = fitted.layer_scores(small.model, inputs)

    assert all(scores.shape == (40,) and np.isfinite(scores).all() for scores in layers.values())
    np.testing.assert_array_equal(
        fitted.scores(small.model, inputs), np.max(list(layers.values()), axis=0)
    )


@pytest.mark.parametrize("name", [name for name in ALL if name not in SLOW_TO_GROW])
@pytest.mark.parametrize("n", [30, 1], ids=["equal inputs", "one input"])
def test_degenerate_data_give_finite_scores(name, n, small, inputs):
    equal = Batch(np.full((n, 6), 0.5), np.zeros(n, dtype=int))
    flags = np.arange(n) % 2 == 0
    task = attrs.evolve(small, trusted=equal, untrusted=equal, untrusted_flags=flags)
    if name == "supervised_probe" and n == 1:
        with pytest.raises(ValueError, match="needs normal and anomalous inputs in the mix"):
            detector(name).fit(task, np.random.default_rng(0))
        return

    scores = detector(name).fit(task, np.random.default_rng(0)).scores(small.model, inputs)
    assert np.isfinite(scores).all()


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_moments_do_not_depend_on_how_rows_are_divided(size, seed):
    rows = np.random.default_rng(seed).standard_normal((40, 3)) * [1, 10, 0.1] + 5
    divided = Moments.empty(3)
    for start in range(0, 40, size):
        divided.add(rows[start : start + size])
    centred = rows - rows.mean(axis=0)
    lengths = (centred**2).sum(axis=1)

    np.testing.assert_allclose(divided.covariance, np.cov(rows.T), rtol=1e-9)
    np.testing.assert_allclose(divided.cubes, lengths @ centred, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(divided.fourths, lengths @ lengths, rtol=1e-9)
