"""Whole rows as numbers."""

import numpy as np
import pytest
from anomed_dataset_synthesis.table.rows import count_in, row_keys
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

TABLE = arrays(np.int32, st.tuples(st.integers(0, 12), st.just(3)), elements=st.integers(-1, 2))


@given(TABLE, TABLE)
def test_keys_are_equal_exactly_where_rows_are_and_in_their_order(left, right):
    keys = np.concatenate(row_keys(left, right, n_levels=(3, 3, 3)))
    rows = [tuple(row) for row in np.concatenate([left, right])]
    expected = {row: place for place, row in enumerate(sorted(set(rows)))}
    assert keys.tolist() == [expected[row] for row in rows]


@given(TABLE, TABLE)
def test_counts_agree_with_counting_by_hand(left, right):
    keys = row_keys(left, right, n_levels=(3, 3, 3))
    others = [tuple(row) for row in right]
    assert count_in(*keys).tolist() == [others.count(tuple(row)) for row in left]


def test_more_combinations_than_an_integer_holds_are_told_apart():
    rng = np.random.default_rng(3)
    table = rng.integers(0, 2**31 - 1, (200, 9)).astype(np.int32)
    (keys,) = row_keys(np.concatenate([table, table]), n_levels=[2**31 - 1] * 9)
    assert len(np.unique(keys)) == 200
    assert np.array_equal(keys[:200], keys[200:])
    assert np.array_equal(np.argsort(keys[:200]), np.lexsort(table.T[::-1]))


def test_a_table_of_other_columns_is_refused():
    with pytest.raises(ValueError, match="came for 2 columns"):
        row_keys(np.zeros((3, 4), dtype=int), n_levels=(2, 2))
