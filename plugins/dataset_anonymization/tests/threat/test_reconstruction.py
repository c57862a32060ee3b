"""Reconstructed rows are matched to people one to one."""

from collections import Counter

import numpy as np
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column
from anomed_dataset_anonymization.threat import reconstruction, score_reconstruction
from anomed_dataset_anonymization.threat.reconstruction import count_matches
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

COLUMNS = [
    Column(name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=9), tolerance=1),
    Column(name="sex", kind="nominal", dtype="string", domain=["F", "M"]),
]
EXACT = [
    Column(name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=9)),
    COLUMNS[1],
]
cells = st.tuples(st.sampled_from([0.0, 1, 2, 5, 9, np.nan]), st.sampled_from([0.0, 1, np.nan]))
tables = st.lists(cells, min_size=1, max_size=12).map(lambda rows: np.array(rows, dtype=float))


def fits(row, person):
    def agree(a, b, tolerance):
        return (np.isnan(a) and np.isnan(b)) or abs(a - b) <= tolerance

    return agree(row[0], person[0], 1) and agree(row[1], person[1], 0)


@given(tables, tables)
def test_exact_matches_are_the_multiset_intersection(rows, people):
    both = Counter(map(str, rows)) & Counter(map(str, people))
    assert count_matches(rows, people, columns=EXACT) == both.total()


@given(tables, tables)
def test_tolerant_matches_are_a_maximum_assignment(rows, people):
    possible = np.array([[fits(row, person) for person in people] for row in rows])
    best = possible[linear_sum_assignment(possible, maximize=True)].sum()
    assert count_matches(rows, people, columns=COLUMNS) == best


def score(rows, n_surest, confidence=None, leaky=None):
    leaky = np.array([[n % 10, n % 2] for n in range(20)], float) if leaky is None else leaky
    control = np.tile([[9.0, 0.0]], (len(leaky), 1))
    return score_reconstruction(
        np.array(rows, dtype=float),
        leaky=leaky,
        non_members=control,
        columns=EXACT,
        n_surest=n_surest,
        confidence=None if confidence is None else np.array(confidence, dtype=float),
    )


def test_the_leaky_table_itself_is_found_completely():
    leaky = np.array([[n % 10, n % 2] for n in range(20)], float)
    result = score(leaky, 20, leaky=leaky)
    assert (result.members.value, result.non_members.value, result.risk.value) == (1, 0, 1)


def test_copies_of_a_frequent_person_count_as_often_as_the_person():
    assert score([[1, 1]] * 20, 20).members.value == 2 / 20


def test_what_controls_have_too_is_no_risk():
    leaky = np.tile([[9.0, 0.0]], (20, 1))
    assert score([[9, 0]] * 10, 10, leaky=leaky).risk.value == 0


def test_the_surest_rows_are_looked_at_first():
    rows = [[1, 1], [3, 1], [1, 0], [3, 0]]
    assert score(rows, 2, confidence=[4, 3, 2, 1]).members.value == 1
    assert score(rows, 2, confidence=[1, 2, 3, 4]).members.value == 0


def test_equally_sure_rows_count_by_their_share_whatever_their_order():
    rows = [[1, 1], [3, 1], [1, 0], [3, 0]]
    assert score(rows, 2).members.value == 0.5
    assert score(rows[::-1], 2).members.value == 0.5


def test_rows_that_are_missing_are_wrong():
    assert score([[1, 1]], 4).members.value == 0.25


def test_unfair_sizes_are_refused():
    with pytest.raises(ValueError, match="21 rows came"):
        score([[1, 1]] * 21, 5)
    with pytest.raises(ValueError, match="1 or more"):
        score([[1, 1]], 0)
    with pytest.raises(ValueError, match="equally large"):
        score_reconstruction(
            np.zeros((1, 2)),
            leaky=np.zeros((3, 2)),
            non_members=np.zeros((2, 2)),
            columns=EXACT,
            n_surest=1,
        )


@pytest.mark.parametrize("tolerance", [2, 300])
def test_where_too_many_match_the_nearest_are_paired(tolerance, monkeypatch):
    """The right answer is the nearest: an honest table loses nothing, and nothing fails."""
    domain = Bounds(low=0, high=999)
    age = Column(name="age", kind="cardinal", dtype="int64", domain=domain, tolerance=tolerance)
    people = np.random.default_rng(3).permutation(1000)[:200, np.newaxis].astype(float)
    monkeypatch.setattr(reconstruction, "MAX_PAIRS", 600)

    assert count_matches(people, people, columns=[age]) == 200
    assert count_matches(people[:50], people, columns=[age]) == 50
    alike = np.linspace(334, 334.5, 10)[:, np.newaxis]
    n_near = int((np.abs(people - 334) <= tolerance + 1).sum())
    assert 0 < count_matches(alike, people, columns=[age]) <= min(10, n_near)
