"""Cramér's V of pairs of columns."""

import numpy as np
import pytest
from anomed_dataset_synthesis.report.associations import associations
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats.contingency import association


@given(st.integers(0, 10**6), st.integers(2, 60))
def test_it_is_scipys_where_both_columns_vary(seed, n_records):
    bins = np.random.default_rng(seed).integers(0, (4, 3), (n_records, 2))
    found = associations(bins, n_bins=(4, 3))
    if len(np.unique(bins[:, 0])) < 2 or len(np.unique(bins[:, 1])) < 2:
        assert np.isnan(found).all()
        return
    table = np.array([[np.sum((bins == pair).all(axis=1)) for pair in row] for row in _pairs(bins)])
    assert found[0, 1] == found[1, 0] == pytest.approx(association(table, correction=False))
    assert np.isnan(found[0, 0])
    assert -1e-12 <= found[0, 1] <= 1 + 1e-12


def _pairs(bins):
    return [[(left, right) for right in np.unique(bins[:, 1])] for left in np.unique(bins[:, 0])]
