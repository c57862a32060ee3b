import numpy as np
import pytest
from anomed_dataset_anonymization.anonymizers._classes import Classes
from anomed_dataset_anonymization.schema import Bounds, Column
from hypothesis import given
from hypothesis import strategies as st

AGE = Column(name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=9))
WARD = Column(name="ward", kind="nominal", dtype="string", domain=list("abcdefghij"))


@st.composite
def labelled_values(draw):
    n_records = draw(st.integers(1, 30))
    labels = draw(st.lists(st.integers(0, 4), min_size=n_records, max_size=n_records))
    cell = st.integers(0, 9) | st.just(float("nan"))
    values = draw(st.lists(cell, min_size=n_records, max_size=n_records))
    return np.unique(labels, return_inverse=True)[1], np.array(values, dtype=np.float64)


def of_each_class(labels, values, summarise):
    """Summarise each class's values without nulls, for each record; NaN where there are none."""
    present = [values[(labels == label) & ~np.isnan(values)] for label in labels]
    return [summarise(members) if len(members) else np.nan for members in present]


@given(case=labelled_values())
def test_means_leave_nulls_out(case):
    labels, values = case
    np.testing.assert_allclose(
        Classes(labels=labels).means(values).values,
        of_each_class(labels, values, np.mean),
        atol=1e-12,
    )


@given(case=labelled_values())
def test_medians_are_values_of_the_class(case):
    labels, values = case
    np.testing.assert_array_equal(
        Classes(labels=labels).medians(values).values,
        of_each_class(labels, values, lambda members: np.sort(members)[(len(members) - 1) // 2]),
    )


@given(case=labelled_values())
def test_modes_are_the_first_of_the_most_frequent(case):
    labels, values = case
    np.testing.assert_array_equal(
        Classes(labels=labels).modes(values, column=WARD).values,
        of_each_class(labels, values, lambda members: np.bincount(members.astype(int)).argmax()),
    )


@given(case=labelled_values())
def test_frequencies_are_the_shares_in_the_class(case):
    labels, values = case
    shares = Classes(labels=labels).frequencies(values, column=WARD).shares
    expected = of_each_class(labels, values, lambda members: (members == 3).mean())
    np.testing.assert_allclose(shares[:, 3], np.nan_to_num(expected, nan=0.1))
    np.testing.assert_allclose(shares.sum(axis=1), 1)


@given(case=labelled_values())
def test_ranges_are_tight_and_hold_everything_where_there_is_a_null(case):
    labels, values = case
    cover = Classes(labels=labels).cover(values, column=AGE)
    for label, low, high in zip(labels, cover.low, cover.high, strict=True):
        members = values[labels == label]
        expected = (0, 9) if np.isnan(members).any() else (members.min(), members.max())
        assert (low, high) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0, 3.0, 3.0], {1, 3}), ([1.0, np.nan, 3.0], set(range(10))), ([4.0, 4.0, 4.0], {4})],
)
def test_sets_are_tight_and_hold_everything_where_there_is_a_null(values, expected):
    cover = Classes(labels=np.zeros(3, dtype=np.int64)).cover(np.array(values), column=WARD)
    for members in cover.members:
        assert set(np.flatnonzero(members)) == expected
