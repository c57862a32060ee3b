"""A second model is told from an honest one, also from an honest one that is random."""

import numpy as np
import pytest
from anomed_supervised_mia.auditing.consistency import compare_answers


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


@pytest.mark.parametrize("shapes", [((0,), (0,), (0,)), ((2,), (3,), (2,))])
def test_arrays_that_do_not_fit_are_refused(shapes):
    with pytest.raises(ValueError, match="one shape"):
        compare_answers(*(np.zeros(shape) for shape in shapes))
