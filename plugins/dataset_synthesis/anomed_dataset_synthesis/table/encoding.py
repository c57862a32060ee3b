"""Bins and features: how values are grouped, learnt from the public background only.

Were bins learnt from the tables compared, one extreme record would move every edge, and a
submission could stretch the scale it is measured on.
"""

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.table.canonical import CanonicalTable, same_codebook
from anomed_dataset_synthesis.table.codebook import MISSING, CategoryColumn, Codebook

MAX_TREE_CATEGORIES = 250
"""Categories that `tree_features` leaves apart: scikit-learn's trees take 255 values."""


@attrs.frozen(kw_only=True, eq=False)
class Binning:
    """Group the levels of each column into few bins.

    Attributes
    ----------
    codebook
        The columns.
    n_bins : tuple of int, shape (n_columns,)
        Number of bins by column, including the last one, for missing values, where these are
        allowed.
    rules : tuple of ndarray of int64
        By column: the bin of each category, or the levels at which the numeric bins after the
        first start, rising.
    """

    codebook: Codebook
    n_bins: tuple[int, ...]
    rules: tuple[npt.NDArray[np.int64], ...]

    def bins(self, table: CanonicalTable) -> npt.NDArray[np.int64]:
        """Return each value's bin.

        Parameters
        ----------
        table
            Under the same codebook.

        Returns
        -------
        ndarray of int64, shape (n_records, n_columns)
            0 to ``n_bins - 1`` by column; column by column in memory.

        Raises
        ------
        ValueError
            If the table follows another codebook.
        """
        if table.codebook != self.codebook:
            raise ValueError("the table follows another codebook than the bins; canonicalise it")
        bins = np.empty(table.levels.shape, dtype=np.int64, order="F")
        for position, (column, rule) in enumerate(
            zip(self.codebook.columns, self.rules, strict=True)
        ):
            levels = table.levels[:, position]
            if isinstance(column, CategoryColumn):
                bins[:, position] = rule[levels]
            else:
                bins[:, position] = np.searchsorted(rule, levels, side="right")
            bins[levels == MISSING, position] = self.n_bins[position] - 1
        return bins


def fit_bins(
    background: CanonicalTable, *, n_quantiles: int = 10, n_categories: int = 10
) -> Binning:
    """Learn bins from a public table.

    Numeric columns get up to `n_quantiles` bins of about equal weight: a level x falls into bin
    ``floor(n_quantiles * F(x))`` where F is the mid-distribution function of the background,
    P(X < x) + P(X = x) / 2, so that a heavy value has a bin of its own and leaves the others
    theirs. Of the categories the `n_categories` most frequent have one bin each, and so has the
    empty string; the others share one. Missing values have their own.

    Parameters
    ----------
    background
        Public records, at least one.
    n_quantiles, n_categories
        At least 1.

    Returns
    -------
    Binning
        For any table under the background's codebook.

    Raises
    ------
    ValueError
        If there are no records or the numbers of bins are not positive.

    References
    ----------
    The choice of ten follows M. Platzer, T. Reutterer, "Holdout-based empirical assessment of
    mixed-type synthetic data", 2021, doi:10.3389/fdata.2021.679939.
    """
    if n_quantiles < 1 or n_categories < 1:
        raise ValueError(
            f"{n_quantiles} quantiles and {n_categories} categories were asked for; give 1 or more"
        )
    codebook = same_codebook(background)
    rules, n_bins = [], []
    for position, column in enumerate(codebook.columns):
        levels = background.levels[:, position]
        if isinstance(column, CategoryColumn):
            rule = _category_rule(levels, column, n_categories)
            n_values = int(rule.max()) + 1
        else:
            rule = _quantile_rule(levels, n_quantiles)
            n_values = len(rule) + 1
        rules.append(rule)
        n_bins.append(n_values + int(column.nullable))
    return Binning(codebook=codebook, n_bins=tuple(n_bins), rules=tuple(rules))


def _quantile_rule(levels: npt.NDArray[np.int32], n_quantiles: int) -> npt.NDArray[np.int64]:
    values, counts = np.unique(levels[levels != MISSING], return_counts=True)
    if len(values) == 0:
        return np.empty(0, dtype=np.int64)
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    changes = np.diff(np.floor(n_quantiles * middle)) > 0
    starts: npt.NDArray[np.int64] = values[1:][changes].astype(np.int64)
    return starts


def _category_rule(
    levels: npt.NDArray[np.int32], column: CategoryColumn, n_categories: int
) -> npt.NDArray[np.int64]:
    counts = np.bincount(levels[levels != MISSING], minlength=column.n_levels)
    own = np.sort(np.argsort(-counts, kind="stable")[:n_categories])
    if "" in column.categories:
        own = np.union1d(own, column.categories.index(""))
    rule = np.full(column.n_levels, len(own), dtype=np.int64)
    rule[own] = np.arange(len(own))
    return rule


def is_category(codebook: Codebook) -> npt.NDArray[np.bool_]:
    """Return which columns hold categories, shape (n_columns,)."""
    return np.array([isinstance(column, CategoryColumn) for column in codebook.columns])


def tree_features(table: CanonicalTable, binning: Binning) -> npt.NDArray[np.float64]:
    """Prepare a table for decision trees: numbers as they are, categories by their bins.

    Parameters
    ----------
    table
        Under the binning's codebook.
    binning
        With at most `MAX_TREE_CATEGORIES` categories, for trees take no more; its numeric bins
        are not used.

    Returns
    -------
    ndarray of float64, shape (n_records, n_columns)
        Levels of numeric columns, bins of categories; NaN is missing.

    Raises
    ------
    ValueError
        If the table follows another codebook.
    """
    features = np.where(is_category(table.codebook), binning.bins(table), table.levels)
    return np.where(table.levels == MISSING, np.nan, features).astype(np.float64)
