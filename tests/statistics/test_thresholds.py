"""A threshold is chosen on some records and tested on others."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anomed_core.statistics import (
    Confusion,
    epsilon_of_decision,
    epsilon_of_split,
    fix_threshold,
    roc_of_scores,
    threshold_test,
)


def test_the_threshold_lies_between_what_it_parts() -> None:
    fixed = fix_threshold(roc_of_scores([9.0, 8.0, 7.0], [3.0, 2.0, 1.0]))

    assert fixed.value == 5.0


LARGEST = float(np.nextafter(np.finfo(np.float64).max, 0.0))
"""The largest score that a curve takes: above the largest float is no threshold."""


@given(
    scores=st.sets(st.floats(-LARGEST, LARGEST), min_size=2, max_size=2),
    shift=st.integers(0, 3),
)
@example(scores={1.7e308, 1.6e308}, shift=0)
@example(scores={0.0, LARGEST}, shift=0)
@example(scores={0.0, 5e-324}, shift=0)
def test_the_threshold_parts_any_two_scores(scores: set[float], shift: int) -> None:
    low, high = sorted(scores)
    for _ in range(shift):
        low = min(np.nextafter(low, np.inf), np.nextafter(high, -np.inf))

    assert low < fix_threshold(roc_of_scores([high] * 3, [low] * 3)).value <= high


def test_the_better_score_promises_more() -> None:
    rng = np.random.default_rng(0)
    good, poor = (
        fix_threshold(roc_of_scores(rng.normal(shift, 1, 200), rng.normal(0, 1, 200)))
        for shift in (2.0, 0.5)
    )

    assert good.promise > poor.promise >= 0


def test_the_bound_of_a_split_is_that_of_its_test() -> None:
    rng = np.random.default_rng(3)
    is_member, scores = np.repeat([True, False], 150), rng.normal(size=300)
    scores[:150] += 2

    test = threshold_test(is_member, scores, rng=np.random.default_rng(1), fraction=0.5)
    bound = epsilon_of_split(is_member, scores, rng=np.random.default_rng(1), fraction=0.5)

    assert (test.outcome.n_members, test.outcome.n_non_members) == (75, 75)
    assert bound.threshold == test.threshold
    assert bound.estimate.low == epsilon_of_decision(test.outcome).estimate.low > 0


def test_one_attack_has_one_bound() -> None:
    # Two formulas said 1.28 (two Clopper-Pearson limits) and 1.47 (the joint region).
    bound = epsilon_of_decision(Confusion.of_hits((45, 50), (5, 50)))

    assert round(bound.estimate.low, 2) == 1.47


@pytest.mark.parametrize("members", [(0, 0), (3, 2), (-1, 2)])
def test_impossible_counts_are_refused(members: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="records were called members"):
        Confusion.of_hits(members, (1, 2))


@pytest.mark.parametrize(
    ("members", "non_members"), [([], [1.0]), ([1.0], []), ([[1.0]], [1.0]), ([np.nan], [1.0])]
)
def test_scores_of_no_curve_are_refused(members: object, non_members: object) -> None:
    with pytest.raises(ValueError, match="scores"):
        roc_of_scores(members, non_members)
