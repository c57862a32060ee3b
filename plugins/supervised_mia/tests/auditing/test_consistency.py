"""A second model is told from an honest one, also from an honest one that is random."""

import numpy as np
import pandas as pd
import pytest
from anomed_supervised_mia.auditing.consistency import compare_answers
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp


def test_a_deterministic_model_is_consistent():
    labels = np.arange(100) % 3
    result = compare_answers(labels, labels, labels)
    assert (result.as_submitted, result.repeatable, result.p_value) == (1.0, 1.0, 1.0)


def test_a_constant_behind_good_predictions_is_another_model():
    labels = np.arange(100) % 3
    constant = np.zeros(100, dtype=int)
    assert compare_answers(labels, constant, constant).is_another_model


def test_a_random_model_is_flagged_no_more_often_than_promised():
    rng = np.random.default_rng(0)
    n_flagged = 0
    for _ in range(400):
        truth = rng.integers(0, 3, 200)
        answers = [np.where(rng.random(200) < 0.3, rng.integers(0, 3, 200), truth) for _ in "abc"]
        n_flagged += compare_answers(*answers).is_another_model
    assert n_flagged <= 2


def test_floats_may_differ_in_their_last_digits():
    values = np.linspace(0, 1, 50)
    assert not compare_answers(values, values * (1 + 1e-9), values).is_another_model


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n_broken", [10, 40])
def test_answers_that_are_no_numbers_are_another_model(value, n_broken):
    labels = np.arange(40) % 2
    broken = np.where(np.arange(40) < n_broken, value, labels)
    result = compare_answers(labels, broken, broken)
    assert result.repeatable == 1.0
    assert result.is_another_model


@given(
    values=hnp.arrays(np.float64, (60,), elements=st.floats(-100, 100, width=16)),
    dtype=st.sampled_from([np.float16, np.float32, np.float64]),
    seed=st.integers(0, 2**32 - 1),
)
def test_answers_are_equal_up_to_the_rounding_of_their_dtype(values, dtype, seed):
    unit = np.finfo(dtype).eps
    steps = np.random.default_rng(seed).uniform(-unit, unit, (2, 60))
    first, second = (values * (1 + step) for step in steps)
    result = compare_answers(values, first.astype(dtype), second.astype(dtype))
    assert (result.as_submitted, result.repeatable) == (1.0, 1.0)


def test_columns_of_frames_are_compared():
    labels = pd.Series([0, 1] * 20, dtype="Int64")
    assert not compare_answers(labels, labels, labels).is_another_model
    assert compare_answers(labels, 1 - labels, 1 - labels).is_another_model


def test_a_record_of_several_values_agrees_only_in_all_of_them():
    values = np.arange(40.0).reshape(20, 2) + 1
    other = values * [1.0, 2.0]
    result = compare_answers(values, other, other)
    assert (result.n_records, result.as_submitted) == (20, 0.0)


@pytest.mark.parametrize("shapes", [((0,), (0,), (0,)), ((2,), (3,), (2,))])
def test_arrays_that_do_not_fit_are_refused(shapes):
    with pytest.raises(ValueError, match="one shape"):
        compare_answers(*(np.zeros(shape) for shape in shapes))
