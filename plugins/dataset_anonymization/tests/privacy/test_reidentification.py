import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.privacy import (
    delta_presence,
    effective_k,
    equivalence_classes,
    journalist_risk,
    k_anonymity,
    k_map,
    people_declared,
    prosecutor_risk,
)
from hypothesis import given
from hypothesis import strategies as st


def partition(*sizes):
    return equivalence_classes(pd.DataFrame({"x": range(len(sizes))}), counts=list(sizes))


def test_k_is_the_smallest_class():
    assert k_anonymity(partition(3, 7, 5)) == 3


def test_copies_of_a_row_raise_k_but_not_the_effective_k():
    ten_copies = equivalence_classes(pd.DataFrame({"age": np.repeat([30, 41], 10)}))
    assert k_anonymity(ten_copies) == 10
    declared = people_declared(ten_copies, np.repeat([0, 1], 10))
    assert effective_k(ten_copies, declared) == 1


def test_declaring_more_people_than_a_class_has_rows_does_not_help():
    assert effective_k(partition(3, 7), [100, 100]) == 3


def test_rows_that_declare_nobody_hide_nobody():
    classes = equivalence_classes(pd.DataFrame({"age": [1, 1, 1, 2]}))
    assert people_declared(classes, [4, -1, 4, -1]).tolist() == [1, 0]
    assert effective_k(classes, people_declared(classes, [4, -1, 4, -1])) == 0
    assert people_declared(classes, [-1] * 4).tolist() == [0, 0]


def test_prosecutor_risk_of_two_classes():
    """Over records: pycanon's mean over classes says 0.505 for sizes 1 and 99."""
    risk = prosecutor_risk(partition(1, 99), threshold=0.2)
    assert risk.highest == 1.0
    assert risk.average == 0.02
    assert risk.share_above == 0.01


def test_the_threshold_itself_is_not_above_it():
    assert prosecutor_risk(partition(5, 5), threshold=0.2).share_above == 0.0


def test_journalist_risk_uses_the_population():
    classes = partition(2, 3)
    risk = journalist_risk(classes, [4, 30])
    assert risk.highest == 0.25
    assert risk.average == pytest.approx((2 / 4 + 3 / 30) / 5)
    assert risk.share_above == 0.4
    assert k_map(classes, [4, 30]) == 4


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=8))
def test_a_larger_population_never_raises_the_risk(classes):
    sizes = [size for size, _ in classes]
    population = [size + more for size, more in classes]
    prosecutor = prosecutor_risk(partition(*sizes))
    journalist = journalist_risk(partition(*sizes), population)
    assert journalist.highest <= prosecutor.highest
    assert journalist.average <= prosecutor.average
    assert k_map(partition(*sizes), population) >= k_anonymity(partition(*sizes))
    assert journalist_risk(partition(*sizes), sizes) == prosecutor


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8))
def test_average_risk_is_classes_by_records(sizes):
    assert prosecutor_risk(partition(*sizes)).average == pytest.approx(len(sizes) / sum(sizes))


def test_delta_presence_is_the_published_share_of_each_class():
    population = equivalence_classes(pd.DataFrame({"age": [1, 1, 1, 1, 2, 2]}))
    published = np.array([True, False, False, False, True, True])
    assert delta_presence(population, published) == (0.25, 1.0)


def test_a_class_nobody_of_which_is_published_shows_absence():
    population = equivalence_classes(pd.DataFrame({"age": [1, 2]}))
    assert delta_presence(population, np.array([True, False])) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: k_map(partition(3), [2]), "must contain the published table"),
        (lambda: k_map(partition(3), [3, 3]), "for each of the 1 classes"),
        (lambda: journalist_risk(partition(3), [3.5]), "integer"),
        (lambda: effective_k(partition(3), [-1]), "non-negative"),
        (lambda: prosecutor_risk(partition(3), threshold=1.5), "threshold is 1.5"),
        (lambda: people_declared(partition(3), [0]), "a row counts 3"),
        (lambda: people_declared(partition(1), [0, 1]), "one for each row"),
        (lambda: people_declared(partition(1), [0.5]), "expected integers"),
        (lambda: delta_presence(partition(1), [1]), "expected bool"),
    ],
)
def test_unusable_arguments_are_refused(call, complaint):
    with pytest.raises(ValueError, match=complaint):
        call()
