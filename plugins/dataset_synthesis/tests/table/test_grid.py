"""Counting on a decimal grid."""

from decimal import Decimal
from itertools import accumulate, repeat

import pytest
from anomed_dataset_synthesis.table.grid import decimals_of, exact, step_of
from hypothesis import given
from hypothesis import strategies as st

STEPS = st.builds(
    lambda digit, places: Decimal(digit).scaleb(-places),
    st.sampled_from([1, 2, 5]),
    st.integers(0, 6),
)


@given(STEPS, st.integers(-(10**9), 10**9))
def test_a_grid_point_is_found_however_it_was_written_or_multiplied(step, n_steps):
    assert step_of(n_steps * step, step) == n_steps
    assert step_of(float(n_steps * step), float(step)) == n_steps
    assert step_of(n_steps * float(step), float(step)) == n_steps


@given(STEPS, st.integers(1, 1000))
def test_a_grid_point_is_found_by_cumulative_sums(step, n_steps):
    *_, total = accumulate(repeat(float(step), n_steps))
    assert step_of(total, float(step)) == n_steps


@given(STEPS, st.integers(-(10**9), 10**9))
def test_half_a_step_is_no_grid_point(step, n_steps):
    assert step_of(n_steps * step + step / 2, step) is None
    assert step_of(float(n_steps * step + step / 2), float(step)) is None


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_keep_all_their_digits(number):
    assert step_of(number, 1) == exact(number) == number


@pytest.mark.parametrize("number", [float("nan"), float("inf"), Decimal("NaN")])
def test_what_is_not_finite_has_no_place(number):
    with pytest.raises((ValueError, OverflowError)):
        step_of(number, 1)


@pytest.mark.parametrize(("step", "decimals"), [(5, 0), (0.25, 2), (1e-7, 7), (Decimal("0.10"), 1)])
def test_decimals_are_counted_without_zeros_at_the_end(step, decimals):
    assert decimals_of(step) == decimals
