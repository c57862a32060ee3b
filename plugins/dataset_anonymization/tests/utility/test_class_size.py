import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.privacy import contingency, equivalence_classes
from anomed_dataset_anonymization.utility import (
    average_class_size,
    classification_metric,
    discernibility,
)
from hypothesis import given
from hypothesis import strategies as st


def partition(*sizes):
    return equivalence_classes(pd.DataFrame({"x": range(len(sizes))}), counts=list(sizes))


def test_discernibility_squares_the_classes_and_charges_suppressed_rows_in_full():
    assert discernibility(partition(2, 3)) == 13
    assert discernibility(partition(2, 3), n_suppressed=5) == 13 + 10 * 5


def test_average_class_size_is_one_for_classes_of_exactly_k():
    assert average_class_size(partition(5, 5, 5), 5) == 1.0
    assert average_class_size(partition(5, 15), 5) == 2.0


@given(st.lists(st.integers(1, 50), min_size=1, max_size=10), st.integers(0, 20))
def test_discernibility_lies_between_unique_and_indistinguishable(sizes, n_suppressed):
    n_records = sum(sizes) + n_suppressed
    assert n_records <= discernibility(partition(*sizes), n_suppressed) <= n_records**2


def test_the_classification_metric_counts_minorities_and_suppressed_rows():
    classes = equivalence_classes(pd.DataFrame({"age": [1, 1, 1, 2, 2]}))
    labels = contingency(classes, ["a", "a", "b", "b", "b"])
    assert classification_metric(labels) == 0.2
    assert classification_metric(labels, n_suppressed=5) == 0.6


def test_a_label_that_is_not_told_is_never_the_majority():
    classes = equivalence_classes(pd.DataFrame({"age": [1, 1, 1, 2, 2]}))
    labels = contingency(classes, ["a", None, None, None, None])
    assert classification_metric(labels) == 0.2
    assert classification_metric(labels, told=np.array([1.0, 0.0])) == 0.8
    assert classification_metric(labels, told=np.array([0.0, 0.0])) == 1.0
    assert classification_metric(labels, 5, told=np.array([0.5, 0.0])) == 0.95


def test_a_tie_leaves_half_of_the_class_wrong():
    """pycanon 1.3.6 reports 0 for a class of five against five."""
    classes = equivalence_classes(pd.DataFrame({"age": [1] * 10}))
    assert classification_metric(contingency(classes, list("aaaaabbbbb"))) == 0.5


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: discernibility(partition(1), -1), "n_suppressed is -1"),
        (lambda: average_class_size(partition(1), 0), "k is 0"),
        (
            lambda: classification_metric(contingency(partition(1), ["a"]), -1),
            "n_suppressed is -1",
        ),
    ],
)
def test_impossible_numbers_are_refused(call, complaint):
    with pytest.raises(ValueError, match=complaint):
        call()
