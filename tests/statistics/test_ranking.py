"""Records are put in order once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.statistics import as_truth, rank


@given(st.lists(st.tuples(st.booleans(), st.floats(-1e6, 1e6)), min_size=1, max_size=50))
def test_a_ranking_is_the_records_in_descending_order(records):
    is_member = [truth for truth, _ in records]
    scores = [score for _, score in records]
    ranking = rank(is_member, scores)
    assert ranking.scores.tolist() == sorted(scores, reverse=True)
    assert sorted(ranking.order) == list(range(len(records)))
    assert ranking.scores.tolist() == [scores[place] for place in ranking.order]
    assert ranking.is_member.tolist() == [is_member[place] for place in ranking.order]


def test_a_part_keeps_the_order_and_the_places():
    ranking = rank([1, 0, 1, 0], [0.1, 0.9, 0.7, 0.3])
    part = ranking.take(ranking.is_member)
    assert part.scores.tolist() == [0.7, 0.1]
    assert part.order.tolist() == [2, 0]


@pytest.mark.parametrize("values", [[0, 1, 1], [0.0, 1.0, 1.0], [False, True, True]])
def test_zeros_and_ones_are_truth_values(values):
    truth = as_truth(values, name="is_member")
    assert truth.dtype == np.bool_
    assert truth.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 2], "must hold truth values only"),
        (["yes"], "must hold truth values only"),
        ([], "non-empty"),
        ([[True]], "one-dimensional"),
    ],
)
def test_other_values_are_refused_by_name(values, message):
    with pytest.raises(ValueError, match=f"^decisions .*{message}"):
        as_truth(values, name="decisions")
