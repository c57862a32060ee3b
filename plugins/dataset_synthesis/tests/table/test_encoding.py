"""Bins learnt from the background."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from anomed_dataset_synthesis.table.encoding import fit_bins, tree_features
from anomed_dataset_synthesis.table.inference import infer_codebook
from hypothesis import given
from hypothesis import strategies as st


def column(levels, *, n_levels=1000, nullable=True):
    book = Codebook((NumericColumn(name="x", minimum=0, maximum=n_levels - 1, nullable=nullable),))
    return CanonicalTable(codebook=book, levels=np.array(levels)[:, np.newaxis])


def test_many_distinct_numbers_fall_into_ten_equal_bins():
    table = column(np.random.default_rng(0).permutation(1000), nullable=False)
    binning = fit_bins(table)
    assert binning.n_bins == (10,)
    assert np.bincount(binning.bins(table)[:, 0]).tolist() == [100] * 10


def test_a_heavy_value_leaves_the_others_their_bins():
    table = column([0] * 900 + list(range(1, 101)), nullable=False)
    assert fit_bins(table).n_bins == (2,)
    assert np.bincount(fit_bins(table).bins(table)[:, 0]).tolist() == [900, 100]


def test_missing_numbers_have_the_last_bin():
    binning = fit_bins(column([1, 2, 3]))
    assert binning.bins(column([-1, 3]))[:, 0].tolist() == [binning.n_bins[0] - 1, 2]


def test_a_background_without_any_value_gives_one_bin_for_values():
    binning = fit_bins(column([-1, -1]))
    assert binning.n_bins == (2,)
    assert binning.bins(column([5, -1]))[:, 0].tolist() == [0, 1]


def test_rare_categories_share_a_bin_and_the_empty_one_has_its_own():
    names = [f"c{place:02d}" for place in range(15)]
    words = [name for place, name in enumerate(names) for _ in range(20 - place)] + [""]
    book = Codebook((CategoryColumn(name="x", categories=("", *names, "unseen"), nullable=True),))
    background = canonicalise(pd.DataFrame({"x": words}), book)
    binning = fit_bins(background)
    assert binning.n_bins == (13,)
    bins = binning.bins(
        canonicalise(pd.DataFrame({"x": ["", "c00", "c09", "c10", "unseen", None]}), book)
    )
    assert bins[:, 0].tolist() == [0, 1, 10, 11, 11, 12]


@given(st.lists(st.integers(-1, 999), min_size=1, max_size=40), st.integers(1, 12))
def test_bins_rise_with_the_value_and_stay_in_range(levels, n_quantiles):
    binning = fit_bins(column(levels), n_quantiles=n_quantiles)
    bins = binning.bins(column(np.arange(1000)))[:, 0]
    assert (np.diff(bins) >= 0).all()
    assert 0 <= bins.min() <= bins.max() < binning.n_bins[0] - 1
    assert binning.n_bins[0] <= n_quantiles + 1


def test_bins_do_not_depend_on_the_order_of_the_background(real):
    rng = np.random.default_rng(1)
    other = fit_bins(real.background.take(rng.permutation(len(real.background))))
    assert np.array_equal(
        other.bins(real.non_members), fit_bins(real.background).bins(real.non_members)
    )


def test_trees_get_numbers_as_they_are_and_categories_by_bins(real):
    binning = fit_bins(real.background, n_categories=250)
    features = tree_features(real.training, binning)
    weight = real.training.codebook.position("weight")
    assert np.isnan(features[:, weight]).sum() == (real.training.column("weight") == -1).sum() > 0
    assert np.array_equal(features[:, 0], real.training.column("age"))
    assert np.nanmax(features[:, real.training.codebook.position("job")]) < 250


def test_another_codebook_or_no_bins_at_all_are_refused(real):
    binning = fit_bins(real.background)
    other = canonicalise(pd.DataFrame({"x": [1]}), infer_codebook(pd.DataFrame({"x": [1]})))
    with pytest.raises(ValueError, match="another codebook"):
        binning.bins(other)
    with pytest.raises(ValueError, match="give 1 or more"):
        fit_bins(real.background, n_quantiles=0)
