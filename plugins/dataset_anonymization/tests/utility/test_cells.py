import tracemalloc

import numpy as np
import pytest
from anomed_dataset_anonymization.utility import Intervals, ValueMasses
from hypothesis import given
from hypothesis import strategies as st


def interval(low, high, step=1.0):
    return Intervals.from_rows([low], [high], domain=(0, 9), step=step)


def test_distinct_ranges_are_kept_once():
    cells = Intervals.from_rows([1, 0, 1], [2, 9, 2], domain=(0, 9), step=1)
    assert cells.n_cells == 2
    assert cells.low[cells.cell_of_row].tolist() == [1, 0, 1]
    assert cells.high[cells.cell_of_row].tolist() == [2, 9, 2]


def test_a_null_range_is_the_whole_domain():
    cells = Intervals.from_rows([np.nan], [np.nan], domain=(0, 9), step=1)
    assert cells.is_whole_domain.all()
    assert (cells.low, cells.high) == (0, 9)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 10))
def test_mass_below_counts_grid_points(first, second, cut):
    low, high = sorted((first, second))
    below = sum(point < cut for point in range(low, high + 1))
    share = interval(low, high).mass_below([cut - 0.5])
    assert share.item() == pytest.approx(below / (high - low + 1))


def test_the_grid_may_be_finer_than_one():
    assert interval(1.0, 1.2, step=0.1).mass_below([1.15]).item() == pytest.approx(2 / 3)


def test_a_mean_beside_the_grid_is_shared_by_its_neighbours():
    assert interval(3.25, 3.25).mass_below([2.5, 3.5, 4.5]) == pytest.approx(
        np.array([[0.0, 0.75, 1.0]])
    )


@pytest.mark.parametrize(
    ("low", "high", "step", "complaint"),
    [
        ([3], [2], 1, "row 0 has the range 3 to 2"),
        ([-1], [2], 1, "within 0 to 9"),
        ([1], [10], 1, "within 0 to 9"),
        ([1, np.nan], [2, 3], 1, "row 1"),
        ([1], [2], 0, "step is 0"),
    ],
)
def test_impossible_ranges_are_refused(low, high, step, complaint):
    with pytest.raises(ValueError, match=complaint):
        Intervals.from_rows(low, high, domain=(0, 9), step=step)


def test_memory_grows_with_the_values_that_occur_and_not_with_their_square():
    tracemalloc.start()
    cells = ValueMasses.from_values(np.arange(10) * 7, n_values=20_000)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cells.mass.shape == (10, 20_000)
    assert peak_bytes < 2**24


def test_values_sets_and_frequencies_are_one_representation():
    exact = ValueMasses.from_values([2, 0, -1], n_values=4)
    sets = ValueMasses.from_sets([[0, 0, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]])
    shares = ValueMasses.from_frequencies([[0, 0, 2, 0], [1, 0, 0, 0], [0.25] * 4])
    for cells in (exact, sets, shares):
        assert cells.mass[cells.cell_of_row].tolist() == [
            [0, 0, 1, 0],
            [1, 0, 0, 0],
            [0.25, 0.25, 0.25, 0.25],
        ]
        assert cells.is_whole_domain[cells.cell_of_row].tolist() == [False, False, True]


def test_many_values_are_told_apart():
    members = np.eye(200, dtype=bool)[np.r_[0:200, 0:200]]
    cells = ValueMasses.from_sets(members)
    assert cells.n_cells == 200
    assert (cells.mass[cells.cell_of_row] > 0).tolist() == members.tolist()


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: ValueMasses.from_values([4], n_values=4), "position 4"),
        (lambda: ValueMasses.from_sets([[True, False], [False, False]]), "row 1 has an empty set"),
        (lambda: ValueMasses.from_frequencies([[0.0, 0.0]]), "positive sum"),
        (lambda: ValueMasses.from_frequencies([[2.0, -1.0]]), "row 0"),
        (lambda: ValueMasses.from_frequencies([[np.nan, 1.0]]), "row 0"),
    ],
)
def test_impossible_value_cells_are_refused(build, complaint):
    with pytest.raises(ValueError, match=complaint):
        build()


@given(st.integers(0, 2**4 - 1), st.integers(0, 2**4 - 1))
def test_containment_of_sets(first, second):
    def as_set(bits):
        return ValueMasses.from_sets([[bool(bits & 1 << place) for place in range(4)]])

    if first and second:
        contained = as_set(first).contains(np.array([0]), as_set(second), other_cells=np.array([0]))
        assert contained.item() == (first & second == second)
