"""The advantage of an attack that decides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from anomed_core.statistics import advantage

TRUTH = [True, True, False, False]


@pytest.mark.parametrize(
    ("score", "value"), [([1, 1, 0, 0], 1), ([0, 0, 1, 1], -1), ([1] * 4, 0), ([0] * 4, 0)]
)
def test_the_advantage_of_knowing_of_erring_and_of_constants(
    score: list[int], value: float
) -> None:
    assert advantage(TRUTH, score) == value


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=2))
def test_it_is_what_the_confusion_matrix_says(records: list[tuple[bool, float]]) -> None:
    truth, score = np.array([t for t, _ in records]), np.array([s for _, s in records])
    if truth.all() or not truth.any():
        with pytest.raises(ValueError, match="at least one member and one non-member"):
            advantage(truth, score)
        return
    (tn, fp), (fn, tp) = confusion_matrix(truth, score >= 0.5)
    assert advantage(truth, score) == pytest.approx(tp / (tp + fn) - fp / (fp + tn))


@pytest.mark.parametrize(
    ("score", "said"), [([1, 0], "has shape"), ([1, 0, 0, np.nan], "must be finite")]
)
def test_scores_that_cannot_be_compared_are_refused(score: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        advantage(TRUTH, score)
