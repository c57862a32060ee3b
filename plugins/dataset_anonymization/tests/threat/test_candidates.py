"""Each answer is right for its bin, and the bins cover the domain."""

import numpy as np
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column
from anomed_dataset_anonymization.threat import is_right
from anomed_dataset_anonymization.threat._candidates import MAX_CANDIDATES, choose_candidates
from anomed_dataset_anonymization.threat._drawing import draw_listed
from anomed_dataset_anonymization.utility.cells import Intervals, ValueMasses
from hypothesis import given
from hypothesis import strategies as st


def number(high, tolerance=0.0, step=1.0):
    return Column(
        name="n",
        kind="cardinal",
        dtype="float64",
        domain=Bounds(low=-3, high=high, step=step),
        tolerance=tolerance,
    )


@given(st.integers(-2, 150), st.floats(0, 20))
def test_every_value_has_a_candidate_that_is_right_for_it(high, tolerance):
    column = number(high, tolerance)
    candidates = choose_candidates(column, seen=[])
    values = np.arange(-3.0, high + 1)
    index = candidates.index(values)
    assert (index >= 0).all()
    assert is_right(candidates.answers[index], values, column).all()


def test_of_too_many_values_the_commonest_are_kept():
    column = number(10_000)
    seen = np.concatenate([np.repeat(np.arange(300.0), 2), [5000.0], [np.nan]])
    candidates = choose_candidates(column, seen=[seen])
    assert len(candidates.bins) == MAX_CANDIDATES
    assert candidates.index(np.array([5000.0, np.nan])).tolist() == [-1, -1]
    assert candidates.answers[candidates.index(np.array([7.0]))].tolist() == [7]


def test_without_anything_seen_there_is_an_answer_all_the_same():
    assert choose_candidates(number(10_000), seen=[np.array([np.nan])]).answers.tolist() == [-3]


class TestMass:
    def test_a_range_votes_for_each_of_its_values_alike(self):
        candidates = choose_candidates(number(6), seen=[])
        cells = Intervals.from_rows([0, -3], [4, 6], domain=(-3, 6), step=1)
        mass = candidates.mass(cells)
        ordered = mass[cells.cell_of_row]
        assert ordered[0].tolist() == pytest.approx([0, 0, 0, 0.2, 0.2, 0.2, 0.2, 0.2, 0, 0])
        assert ordered[1].tolist() == [0] * 10

    def test_a_mean_votes_for_its_neighbours(self):
        candidates = choose_candidates(number(6), seen=[])
        cells = Intervals.from_rows([1.25], [1.25], domain=(-3, 6), step=1)
        mass = candidates.mass(cells)[0]
        assert mass[[4, 5]].tolist() == pytest.approx([0.75, 0.25])
        assert mass.sum() == pytest.approx(1)

    def test_a_set_votes_for_its_members(self):
        column = Column(name="s", kind="nominal", dtype="string", domain=["a", "b", "c"])
        cells = ValueMasses.from_sets([[True, True, False], [True, True, True]])
        mass = choose_candidates(column, seen=[]).mass(cells)[cells.cell_of_row]
        assert mass.tolist() == [[0.5, 0.5, 0], [0, 0, 0]]


def test_values_are_drawn_as_often_as_their_mass_says(monkeypatch):
    monkeypatch.setattr("anomed_dataset_anonymization.threat._drawing._CHUNK_CELLS", 1000)
    mass = np.array([[0.5, 0.0, 1.5], [1.0, 0.0, 0.0]])
    drawn = draw_listed(mass, np.repeat([0, 1], 4000), rng=np.random.default_rng(0))
    assert np.bincount(drawn[:4000], minlength=3) / 4000 == pytest.approx([0.25, 0, 0.75], abs=0.03)
    assert (drawn[4000:] == 0).all()
