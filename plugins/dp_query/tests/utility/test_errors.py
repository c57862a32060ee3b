"""Errors are relative, capped, and bounded below by what is too small to matter."""

import numpy as np
import pytest
from anomed_dp_query.utility import (
    area_over_epsilon,
    capped_errors,
    efficiency,
    measure_errors,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

ESTIMATES = arrays(float, 5, elements=st.floats(-1e300, 1e300))


@given(ESTIMATES, arrays(float, 5, elements=st.floats(0, 1e6)))
def test_errors_are_finite_and_within_their_bounds(estimates, truth):
    found = measure_errors(estimates, truth, n_rows=1_000)

    assert 0 <= found.error <= 1
    assert 0 <= found.within_10_percent <= 1
    assert np.isfinite([found.rmse, found.mae]).all()


def test_the_truth_has_no_error_and_zeros_count_small_ones_less():
    truth = np.array([0.0, 10.0, 100.0])

    assert measure_errors(truth, truth, n_rows=5_000).error == 0
    # 10 of the sanity bound 25, and all of 100
    assert capped_errors(np.zeros(3), truth, n_rows=5_000).tolist() == [0.0, 0.4, 1.0]


def test_naive_noise_has_an_efficiency_of_one():
    rng = np.random.default_rng(5)
    m, epsilon = 20_000, 2.0
    found = measure_errors(rng.laplace(0, m / epsilon, m), np.zeros(m), n_rows=10)

    assert efficiency(found, epsilon=epsilon) == pytest.approx(1, rel=0.03)
    assert efficiency(found, epsilon=0.0) == 0


def test_the_area_of_a_constant_is_the_constant():
    assert area_over_epsilon({0.1: 0.3, 1: 0.3, 30: 0.3}) == pytest.approx(0.3)
    assert area_over_epsilon({2.0: 0.4}) == 0.4
    with pytest.raises(ValueError, match="above 0"):
        area_over_epsilon({})


def test_another_number_of_estimates_is_refused():
    with pytest.raises(ValueError, match="came for"):
        capped_errors(np.zeros(3), np.zeros(4), n_rows=10)
