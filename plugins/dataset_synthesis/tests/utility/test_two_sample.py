"""The classifier two-sample test."""

import numpy as np
import pytest
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.utility.two_sample import TwoSampleTest, two_sample_test


@pytest.fixture(scope="module")
def compare(real):
    binning = fit_bins(real.background, n_categories=250)

    def measure(synthetic, **options):
        rng = np.random.default_rng(3)
        return two_sample_test(synthetic, real.non_members, binning=binning, rng=rng, **options)

    return measure


def test_another_real_sample_and_a_copy_of_the_training_table_look_real(real, compare):
    assert compare(real.training).auc == pytest.approx(0.5, abs=0.04)
    assert compare(real.background).excess < 0.08


def test_a_copy_of_the_control_table_does_not_confuse_the_folds(real, compare):
    # Records that straddle the folds would give an AUC well below one half.
    assert compare(real.non_members).auc == pytest.approx(0.5, abs=0.02)


def test_independent_columns_are_told_apart(real, compare, independent):
    assert compare(independent(real.training, np.random.default_rng(1))).auc > 0.7


def test_a_shifted_column_is_told_apart_almost_without_fail(real, compare):
    levels = real.training.levels.copy()
    levels[:, 3] //= 1000
    assert compare(CanonicalTable(codebook=real.training.codebook, levels=levels)).excess > 0.9


def test_the_same_seed_gives_the_same_figure(real, compare):
    assert compare(real.background) == compare(real.background)


def test_long_tables_are_drawn_from(real, compare):
    assert len(compare(real.background, max_records=300, n_folds=2).auc_by_fold) == 2


def test_excess_counts_both_directions():
    assert TwoSampleTest(auc_by_fold=(0.3, 0.5)).excess == pytest.approx(0.2)
    assert TwoSampleTest(auc_by_fold=(1.0,)).excess == 1


def test_tables_too_small_for_the_folds_are_refused(real, compare):
    with pytest.raises(ValueError, match="fewer folds"):
        compare(real.training.take(np.zeros(50, dtype=int)))
    with pytest.raises(ValueError, match="give 2 or more"):
        compare(real.training, n_folds=1)
