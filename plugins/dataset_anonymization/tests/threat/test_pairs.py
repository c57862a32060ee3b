"""Comparing all pairs at once gives what comparing them one by one gives."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.threat import _nearest, _pairs
from anomed_dataset_anonymization.threat._nearest import find_nearest
from anomed_dataset_anonymization.threat._pairs import log_mass, outside, score_pairs, similarity
from anomed_dataset_anonymization.utility.published import boxes_of_published
from hypothesis import given
from hypothesis import strategies as st

SCHEMA = TableSchema(
    columns=[
        Column(name="n", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=10)),
        Column(name="s", kind="nominal", dtype="string", domain=["a", "b", "c"]),
    ]
)
ranges = st.tuples(st.integers(0, 10), st.integers(0, 10)).map(sorted)
sets = st.tuples(st.booleans(), st.booleans(), st.booleans()).filter(any)
rows = st.lists(st.tuples(ranges, sets), min_size=1, max_size=8)
targets = st.lists(
    st.tuples(
        st.sampled_from([0.0, 3.0, 7.0, 10.0, np.nan]), st.sampled_from([0.0, 1.0, 2.0, np.nan])
    ),
    min_size=1,
    max_size=8,
).map(np.array)


def publish(cells):
    table = pd.DataFrame(
        [{"n_min": n[0], "n_max": n[1], "s_a": s[0], "s_b": s[1], "s_c": s[2]} for n, s in cells]
    )
    leaky = pd.DataFrame(index=range(len(cells)))
    return boxes_of_published(canonicalise(table, "generalization", schema=SCHEMA, leaky=leaky))


def distance(target, boxes, row):
    """Compare one target with one row, as the definition says."""
    n, s = (cells for cells in boxes.columns.values())
    low, high = n.low[n.cell_of_row[row]], n.high[n.cell_of_row[row]]
    total = 0.0
    if not np.isnan(target[0]):
        total += max(low - target[0], target[0] - high, 0) / 10
    if not np.isnan(target[1]):
        total += s.mass[s.cell_of_row[row], int(target[1])] == 0
    return total


def matrix(targets, boxes, compare):
    return np.concatenate([chunk for _, chunk in score_pairs(targets, boxes, compare).chunks()])


@given(rows, targets)
def test_distances_are_those_of_single_pairs(cells, people):
    boxes = publish(cells)
    expected = [[distance(person, boxes, row) for row in range(len(cells))] for person in people]
    assert matrix(people, boxes, outside) == pytest.approx(np.array(expected), abs=1e-6)


@given(rows, targets)
def test_the_size_of_blocks_and_chunks_changes_nothing(cells, people):
    boxes = publish(cells)
    whole = matrix(people, boxes, outside)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_pairs, "_BLOCK_CELLS", 1)
        patch.setattr(_pairs, "_CHUNK_CELLS", 1)
        assert np.array_equal(matrix(people, boxes, outside), whole)
        pairs = np.divmod(np.arange(whole.size), whole.shape[1])
        assert np.allclose(score_pairs(people, boxes, outside).at(*pairs), whole.ravel())


@given(rows, targets)
def test_the_nearest_boxes_are_all_at_the_least_distance(cells, people):
    boxes = publish(cells)
    nearest = find_nearest(people, boxes)
    distances = matrix(people, boxes, outside)
    least = distances <= distances.min(axis=1, keepdims=True) + 1e-6
    assert set(zip(nearest.targets, nearest.boxes, strict=True)) == set(
        zip(*np.nonzero(least), strict=True)
    )
    assert nearest.n_people.tolist() == least.sum(axis=1).tolist()
    assert nearest.distances == pytest.approx(distances.min(axis=1))


def test_of_too_many_nearest_boxes_the_tightest_are_kept(monkeypatch):
    monkeypatch.setattr(_nearest, "MAX_NEAREST", 2)
    anything = (True, True, True)
    boxes = publish(
        [([0, 10], anything), ([2, 4], anything), ([1, 9], anything), ([3, 3], anything)]
    )
    nearest = find_nearest(np.array([[3.0, 0.0]]), boxes)
    n = boxes.columns["n"]
    widths = (n.high - n.low)[n.cell_of_row[nearest.boxes]]
    assert sorted(widths) == [0, 2]
    assert nearest.n_people.tolist() == [4]


def test_the_mass_of_a_value_is_shared_by_all_that_the_cell_allows():
    boxes = publish([([0, 9], (True, True, False)), ([5, 5], (False, False, True))])
    values = matrix(np.array([[5.0, 0.0]]), boxes, log_mass)[0]
    assert values[0] == pytest.approx(np.log(1 / 10) + np.log(1 / 2))


def test_similarity_is_1_for_the_value_itself_and_falls_with_distance_and_width():
    boxes = publish([([n, n], (True, False, False)) for n in (5, 6, 9)])
    cells = boxes.columns["n"]
    alike = similarity(np.array([5.0]), cells, tolerance=0.0)[0]
    assert alike[0] == 1
    assert alike[0] > alike[1] > alike[2] == 0
    wide = publish([([4, 6], (True, True, True)), ([0, 10], (True, True, True))]).columns["n"]
    vague = similarity(np.array([5.0]), wide, tolerance=0.0)[0]
    assert 1 > vague.max() > vague.min() > 0
