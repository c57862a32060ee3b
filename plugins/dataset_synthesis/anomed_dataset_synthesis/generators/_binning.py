"""Cut level numbers into bins that a noisy count can still resolve, from public facts alone."""

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_synthesis.codebook import MISSING, CategoryColumn, Column
from anomed_dataset_synthesis.generators._levels import Levels

Codes = NDArray[np.int64]


@attrs.frozen(kw_only=True, eq=False)
class Bins:
    """Group a column's levels; a missing value is a bin of its own, the last one.

    Attributes
    ----------
    starts : ndarray of int64, shape (n_bins,)
        First level of each bin, ascending from 0.
    n_levels : int
        Number of levels of the column.
    nullable : bool
        Whether there is a bin for missing values.
    public_levels : ndarray of int64, shape (n_public,)
        Sorted levels of public records, which show how values lie within a bin; may be empty.
    """

    starts: Codes
    n_levels: int
    nullable: bool
    public_levels: Codes

    @property
    def n_codes(self) -> int:
        """Count the bins, the one for missing values included."""
        return len(self.starts) + self.nullable

    def codes(self, levels: Levels) -> Codes:
        """Give the bin of each level, shape (n_records,)."""
        found = np.searchsorted(self.starts, levels, side="right") - 1
        return np.where(levels == MISSING, len(self.starts), found)

    def levels(self, codes: Codes, *, rng: np.random.Generator) -> Codes:
        """Draw a level in each bin: one that public records have there, else any, uniformly."""
        ends = np.append(self.starts[1:], self.n_levels)
        inside = np.minimum(codes, len(self.starts) - 1)
        drawn = rng.integers(self.starts[inside], ends[inside])
        first = np.searchsorted(self.public_levels, self.starts)[inside]
        behind = np.searchsorted(self.public_levels, ends)[inside]
        known = behind > first
        drawn[known] = self.public_levels[rng.integers(first[known], behind[known])]
        return np.where(codes == len(self.starts), MISSING, drawn)


def cut(column: Column, *, n_bins: int, public_levels: Levels) -> Bins:
    """Choose a column's bins.

    Categories stay apart, and so do numbers with at most `n_bins` levels. Longer scales are cut
    at the quantiles of the public records, a quantile that repeats becoming a bin of its own;
    without public records into equal widths, the lowest level apart, because amounts that are
    mostly zero are so common.

    Parameters
    ----------
    column : NumericColumn or CategoryColumn
        What the codebook says.
    n_bins : int
        Wanted number of bins for long scales, 2 or more.
    public_levels : ndarray of int32, shape (n_public,)
        The column's levels in public records, -1 for missing; may be empty.

    Returns
    -------
    Bins
        Covering every level.
    """
    known = np.sort(public_levels[public_levels != MISSING]).astype(np.int64)
    if isinstance(column, CategoryColumn) or column.n_levels <= n_bins:
        starts = np.arange(column.n_levels)
    elif len(known):
        quantiles = known[np.arange(n_bins) * len(known) // n_bins]
        repeated = quantiles[1:][quantiles[1:] == quantiles[:-1]]
        starts = np.unique(np.concatenate([[0], quantiles, repeated + 1]))
        starts = starts[starts < column.n_levels]
    else:
        starts = np.append(0, 1 + np.arange(n_bins - 1) * (column.n_levels - 1) // (n_bins - 1))
    return Bins(
        starts=starts.astype(np.int64),
        n_levels=column.n_levels,
        nullable=column.nullable,
        public_levels=known,
    )
