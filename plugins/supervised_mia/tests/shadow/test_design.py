"""The deal of records to shadow models."""

import numpy as np
import pytest
from anomed_supervised_mia.shadow import draw_memberships
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(1, 50), st.integers(2, 9), st.integers(0, 5))
def test_every_record_is_known_to_half_of_the_models(n_records, n_shadows, seed):
    rng = np.random.default_rng(seed)
    memberships = draw_memberships(n_records, n_shadows=n_shadows, rng=rng)
    assert memberships.shape == (n_shadows, n_records)
    assert memberships.dtype == bool
    np.testing.assert_array_equal(memberships.sum(axis=0), n_shadows // 2)


def test_records_are_dealt_independently():
    memberships = draw_memberships(4000, n_shadows=4, rng=np.random.default_rng(0))
    correlation = np.corrcoef(memberships[:, :2000].ravel(), memberships[:, 2000:].ravel())[0, 1]
    assert abs(correlation) < 0.05
    assert np.abs(memberships.mean(axis=1) - 0.5).max() < 0.03


@pytest.mark.parametrize(("n_records", "n_shadows"), [(0, 4), (4, 1)])
def test_impossible_designs_are_refused(n_records, n_shadows):
    with pytest.raises(ValueError, match="at least 2 and 1"):
        draw_memberships(n_records, n_shadows=n_shadows, rng=np.random.default_rng(0))
