"""The variance of an area is DeLong's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.statistics import delong_variance, roc_curve


def variance_by_pairs(members, others):
    """DeLong's structural components, from the full matrix of comparisons."""
    wins = (members[:, None] > others) + 0.5 * (members[:, None] == others)
    by_member, by_other = wins.mean(axis=1), wins.mean(axis=0)
    return np.var(by_member, ddof=1) / members.size + np.var(by_other, ddof=1) / others.size


@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 60),
    st.integers(2, 60),
    st.sampled_from([3, 20, 10**6]),
)
def test_variance_is_that_of_all_comparisons(seed, n_members, n_non_members, n_levels):
    rng = np.random.default_rng(seed)
    members = rng.integers(0, n_levels, n_members) + n_levels // 5
    others = rng.integers(0, n_levels, n_non_members)
    is_member = np.repeat([True, False], [n_members, n_non_members])
    roc = roc_curve(is_member, np.append(members, others))
    assert delong_variance(roc) == pytest.approx(variance_by_pairs(members, others), abs=1e-14)


def test_a_perfect_attack_varies_by_nothing_that_can_be_seen():
    assert delong_variance(roc_curve([1, 1, 0, 0], [3.0, 2.0, 1.0, 0.0])) == 0


def test_a_single_member_adds_no_variance():
    alone = delong_variance(roc_curve([1, 0, 0, 0], [2.0, 1.0, 2.0, 3.0]))
    assert alone == pytest.approx(np.var([1, 0.5, 0], ddof=1) / 3)


def test_the_variance_is_that_of_repeated_samples():
    # Normal scores one deviation apart, 200 records a side; 2,000 repetitions know it to 3 %.
    rng = np.random.default_rng(2)
    is_member = np.repeat([True, False], 200)
    curves = [
        roc_curve(is_member, np.append(rng.normal(1, 1, 200), rng.normal(0, 1, 200)))
        for _ in range(2000)
    ]
    areas = [np.trapezoid(curve.tpr, curve.fpr) for curve in curves]
    assert np.mean([delong_variance(curve) for curve in curves]) == pytest.approx(
        np.var(areas, ddof=1), rel=0.12
    )
