import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomed_core.statistics import confusion


@st.composite
def decided_records(draw):
    n_records = draw(st.integers(2, 40))
    is_member = draw(arrays(np.bool_, n_records))
    is_member[0], is_member[1] = True, False
    return is_member, draw(arrays(np.bool_, n_records))


@given(decided_records())
def test_rates_are_scikit_learns(records):
    is_member, decisions = records
    result = confusion(is_member, decisions)
    balanced = sklearn.metrics.recall_score(is_member, decisions, average="macro", zero_division=0)
    assert result.acc == sklearn.metrics.accuracy_score(is_member, decisions)
    assert result.tpr == sklearn.metrics.recall_score(is_member, decisions)
    assert result.balanced_accuracy == pytest.approx(balanced, abs=1e-15)


@given(decided_records())
def test_counts_are_complete(records):
    result = confusion(*records)
    assert result.n_members + result.n_non_members == records[0].size
    assert result.advantage == result.tpr - result.fpr


def test_saying_member_always_costs_every_non_member():
    result = confusion([True, False, False, False], [True] * 4)
    assert (result.acc, result.tpr, result.fpr) == (0.25, 1.0, 1.0)


def test_zeros_and_ones_are_truth_values():
    assert confusion([1, 0], [1.0, 0.0]).acc == 1.0


@pytest.mark.parametrize(
    ("is_member", "decisions", "message"),
    [
        ([True, False], [True], "exactly one decision"),
        ([True, False], [0.5, 0.0], "decisions must hold truth values"),
        ([True, True], [True, False], "2 members and 0 non-members"),
        ([], [], "non-empty"),
    ],
)
def test_decisions_without_rates_are_refused(is_member, decisions, message):
    with pytest.raises(ValueError, match=message):
        confusion(is_member, decisions)
