"""How well a table keeps the joint distributions of pairs of columns."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import sparse

from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals

_N_BINS = 20
_PERFECT = 1000.0


def k_marginal_score(original: Boxes, published: Boxes) -> float:
    """Compare the densities of all pairs of columns: (2 - mean L1 difference) * 500.

    Numbers are binned at the original's twentieths; mass is uniform within each box; both tables
    are scaled to 1. Range 0 to 1000, higher is more useful; 1000 if all pairs agree. Leaving out
    rows costs only what it distorts.

    Parameters
    ----------
    original
        The original table, at least two columns.
    published
        The published table, with all columns of the original.

    Returns
    -------
    float
        The score.

    Raises
    ------
    ValueError
        If the original has fewer than two columns, or the published table lacks one of them.

    References
    ----------
    Task, Bhagat, Howarth: SDNist v2, Deidentified data report tool, NIST, 2023,
    doi:10.18434/mds2-2943 (k-marginal score, k = 2).
    """
    if len(original.columns) < 2:
        raise ValueError("the table has 1 column, pairs need at least 2.")
    published = published.select(list(original.columns))
    cuts = {name: _cuts(cells, original) for name, cells in original.columns.items()}
    before = {name: _in_bins(cells, cuts[name]) for name, cells in original.columns.items()}
    after = {name: _in_bins(cells, cuts[name]) for name, cells in published.columns.items()}
    differences = [
        np.abs(
            _joint_density(original, pair, before) - _joint_density(published, pair, after)
        ).sum()
        for pair in itertools.combinations(original.columns, 2)
    ]
    return float(_PERFECT * (1.0 - np.mean(differences) / 2.0))


def binned_shares(
    original: Boxes, published: Boxes, name: str, *, n_bins: int = _N_BINS
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return how often the values of one column occur in both tables.

    Parameters
    ----------
    original, published
        Both with the column; mass is uniform within each box.
    name
        The column.
    n_bins
        Into how many bins, of equally many people of the original, numbers fall at most.

    Returns
    -------
    cuts : float64 (n_bins - 1,)
        The inner borders of the bins, half a step beside the grid; none for listed values.
    before, after : float64 (n_bins,)
        Shares in 0..1.
    """
    column = original.columns[name]
    cuts = _cuts(column, original, n_bins=n_bins)
    if isinstance(column, Intervals):
        cuts = cuts[cuts < column.domain_high]
    before, after = (
        np.bincount(cells.cell_of_row, weights=table.counts, minlength=cells.n_cells)
        @ _in_bins(cells, cuts)
        / table.n_people
        for table in (original, published)
        for cells in (table.columns[name],)
    )
    return cuts, before, after


def _cuts(cells: Cells, table: Boxes, *, n_bins: int = _N_BINS) -> FloatArray:
    """Return the inner borders of a column's bins, half a step beside the grid."""
    if not isinstance(cells, Intervals):
        return np.empty(0)
    order = np.argsort(cells.midpoints)
    weights = np.bincount(cells.cell_of_row, weights=table.counts, minlength=cells.n_cells)[order]
    quantiles = np.arange(1, n_bins) / n_bins * table.n_people
    borders = cells.midpoints[order][np.searchsorted(np.cumsum(weights), quantiles)]
    return np.unique(borders) + cells.step / 2


def _in_bins(cells: Cells, cuts: FloatArray) -> FloatArray:
    """Return the share of each cell in each bin, float64 (n_cells, n_bins)."""
    if not isinstance(cells, Intervals):
        return cells.mass
    below = cells.mass_below(cuts)
    return np.diff(below, axis=1, prepend=0.0, append=1.0)


def _joint_density(
    table: Boxes, pair: tuple[str, str], in_bins: dict[str, FloatArray]
) -> FloatArray:
    first, second = (table.columns[name] for name in pair)
    counts = sparse.coo_array(
        (table.counts, (first.cell_of_row, second.cell_of_row)),
        shape=(first.n_cells, second.n_cells),
    )
    joint = in_bins[pair[0]].T @ (counts.tocsr() @ in_bins[pair[1]])
    return np.asarray(joint / table.n_people, dtype=np.float64)
