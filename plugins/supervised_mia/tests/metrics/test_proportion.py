import numpy as np
import pytest
import scipy.stats
from anomed_supervised_mia.metrics import clopper_pearson
from anomed_supervised_mia.metrics.proportion import lower_limit, upper_limit
from hypothesis import given
from hypothesis import strategies as st


@given(st.data(), st.integers(1, 5000), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_interval_is_scipys(data, n_trials, confidence):
    n_hits = data.draw(st.integers(0, n_trials))
    expected = scipy.stats.binomtest(n_hits, n_trials).proportion_ci(confidence, method="exact")
    assert clopper_pearson(n_hits, n_trials, confidence=confidence) == pytest.approx(
        (expected.low, expected.high), abs=1e-10
    )


@given(st.integers(1, 300), st.floats(1e-6, 0.5))
def test_limits_are_ordered_around_the_proportion(n_trials, error):
    hits = np.arange(n_trials + 1)
    low, high = lower_limit(hits, n_trials, error), upper_limit(hits, n_trials, error)
    assert (low <= hits / n_trials + 1e-12).all()
    assert (high >= hits / n_trials - 1e-12).all()
    assert (np.diff(low) > 0).all()
    assert (np.diff(high) > 0).all()
    assert (low[0], high[-1]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("n_hits", "n_trials", "confidence", "message"),
    [
        (3, 2, 0.95, "3 of 2"),
        (-1, 2, 0.95, "-1 of 2"),
        (0, 0, 0.95, "0 of 0"),
        (1, 2, 1.0, "confidence must be in"),
        (1, 2, 95, "confidence must be in"),
    ],
)
def test_impossible_proportion_is_refused(n_hits, n_trials, confidence, message):
    with pytest.raises(ValueError, match=message):
        clopper_pearson(n_hits, n_trials, confidence=confidence)
