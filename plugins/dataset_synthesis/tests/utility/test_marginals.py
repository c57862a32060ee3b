"""Marginal accuracy and skill."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.utility.marginals import marginal_accuracies
from anomed_dataset_synthesis.utility.skill import marginal_fidelity
from hypothesis import given
from hypothesis import strategies as st

N_BINS = (3, 1, 4, 2)


def bins(seed, n_records):
    return np.random.default_rng(seed).integers(0, N_BINS, (n_records, 4))


@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 30), st.integers(1, 3))
def test_accuracies_agree_with_crosstabs(seed, n_left, n_right, order):
    left, right = bins(seed, n_left), bins(seed + 1, n_right)
    expected = []
    for choice in combinations(range(4), order):
        shares = [
            pd.DataFrame(table[:, choice]).value_counts(normalize=True) for table in (left, right)
        ]
        expected.append(1 - shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)
    found = marginal_accuracies(left, right, n_bins=N_BINS, order=order)
    assert found == pytest.approx(np.array(expected), abs=1e-12)
    assert ((found >= -1e-12) & (found <= 1)).all()


@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 3))
def test_accuracy_is_symmetric_blind_to_row_order_and_one_for_a_copy(seed, n_records, order):
    left, right = bins(seed, n_records), bins(seed + 1, 7)
    forth = marginal_accuracies(left, right, n_bins=N_BINS, order=order)
    back = marginal_accuracies(right, left[::-1], n_bins=N_BINS, order=order)
    copy = marginal_accuracies(left, np.tile(left, (3, 1)), n_bins=N_BINS, order=order)
    assert forth == pytest.approx(back, abs=1e-12)
    assert copy == pytest.approx(np.ones(len(copy)), abs=1e-12)


@pytest.mark.parametrize(
    ("left", "order"),
    [(np.zeros((0, 4), int), 1), (np.zeros((3, 2), int), 1), (bins(1, 3), 0), (bins(1, 3), 4)],
)
def test_tables_and_orders_that_do_not_fit_are_refused(left, order):
    with pytest.raises(ValueError, match="give"):
        marginal_accuracies(left, bins(1, 5), n_bins=N_BINS, order=order)
    with pytest.raises(ValueError, match="give 1, 2 or 3"):
        marginal_accuracies(np.zeros((1, 1), int), np.zeros((1, 1), int), n_bins=(1,), order=2)


@pytest.fixture(scope="module")
def fidelity(real):
    binning = fit_bins(real.background)

    def measure(synthetic, seed=1):
        return marginal_fidelity(synthetic, real, binning=binning, rng=np.random.default_rng(seed))

    return measure


def test_a_copy_is_perfect_and_better_than_any_fresh_sample(real, fidelity):
    one, two, three = fidelity(real.training)
    assert [part.accuracy for part in (one, two, three)] == [1.0, 1.0, 1.0]
    assert two.skill > 1
    assert three.skill > 1


def test_independent_columns_have_no_skill_and_a_fresh_sample_has_all(real, fidelity, independent):
    shuffled = independent(real.training, np.random.default_rng(7))
    for part in fidelity(shuffled)[1:]:
        assert part.skill == pytest.approx(0, abs=0.05)
    for part in fidelity(real.non_members)[1:]:
        assert part.skill == 1
    for part in fidelity(real.background)[1:]:
        assert part.skill == pytest.approx(1, abs=0.15)


def test_worse_than_independent_columns_is_below_zero(real, fidelity):
    constant = real.training.take(np.zeros(1000, dtype=int))
    assert fidelity(constant)[1].skill < -1


def test_one_column_at_a_time_leaves_no_scale_for_skill(real, fidelity):
    with pytest.raises(ValueError, match=r"no scale for skill: chance .*; give more records"):
        _ = fidelity(real.background)[0].skill


def test_row_order_and_relabelling_change_nothing(real, fidelity):
    rng = np.random.default_rng(5)
    forth = fidelity(real.background)
    back = fidelity(real.background.take(rng.permutation(len(real.background))))
    assert [part.accuracy for part in forth] == pytest.approx([part.accuracy for part in back])
    mirrored = [_mirror(table) for table in (real.training, real.non_members, real.background)]
    tables = RealTables(training=mirrored[0], non_members=mirrored[1], background=mirrored[2])
    other = marginal_fidelity(
        mirrored[2], tables, binning=fit_bins(mirrored[2]), rng=np.random.default_rng(1)
    )
    for part, twin in zip(forth[1:], other[1:], strict=True):
        assert part.accuracy == pytest.approx(twin.accuracy, abs=1e-12)


def _mirror(table):
    """Give every category of the last column another place."""
    levels = table.levels.copy()
    levels[:, -1] = table.codebook.columns[-1].n_levels - 1 - levels[:, -1]
    return CanonicalTable(codebook=table.codebook, levels=levels)


def test_half_or_twice_the_records_move_scores_within_sampling_error(real, fidelity):
    rng = np.random.default_rng(5)
    whole = real.background
    half = whole.take(rng.permutation(len(whole))[: len(whole) // 2])
    double = whole.take(np.tile(np.arange(len(whole)), 2))
    one, two, _ = fidelity(whole)
    assert fidelity(double)[1].accuracy == pytest.approx(two.accuracy, abs=1e-12)
    assert fidelity(half)[0].accuracy == pytest.approx(one.accuracy, abs=0.02)
    assert fidelity(half)[1].accuracy == pytest.approx(two.accuracy, abs=0.05)
