"""Cut level numbers into bins that a noisy count can still resolve, from public facts alone."""

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_synthesis.generators._levels import Levels
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.codebook import MISSING, CategoryColumn, Codebook, Column
from anomed_dataset_synthesis.table.encoding import fit_bins

Codes = NDArray[np.int64]


@attrs.frozen(kw_only=True, eq=False)
class Bins:
    """Group a column's levels; a missing value is a bin of its own, the last one.

    Attributes
    ----------
    starts : ndarray of int64, shape (n_bins,)
        First level of each bin, ascending from 0.
    n_levels
        Number of levels of the column.
    nullable
        Whether there is a bin for missing values.
    public_levels : ndarray of int64, shape (n_public,)
        Sorted levels of public records, which show how values lie within a bin; may be empty,
        missing ones come first and lie in no bin.
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
        """Return the bin of each level, shape (n_records,)."""
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


def cut(
    codebook: Codebook, *, n_bins: int, background: CanonicalTable | None = None
) -> tuple[Bins, ...]:
    """Choose all columns' bins.

    Categories stay apart, and so do numbers with at most `n_bins` levels. Longer scales are cut
    at the quantiles of public records, as `fit_bins` does; without those into equal widths, the
    lowest level apart, because amounts that are mostly zero are so common.

    Parameters
    ----------
    codebook
        The columns.
    n_bins
        Wanted number of bins for long scales, 2 or more.
    background
        Public records, at least one.

    Returns
    -------
    tuple of Bins
        One for each column, covering every level.

    Raises
    ------
    ValueError
        If the background follows another codebook or has no records.
    """
    if background is None:
        public = np.empty((0, codebook.n_columns), dtype=np.int64)
        rules = tuple(_even_starts(column, n_bins=n_bins) for column in codebook.columns)
    else:
        public = np.sort(background.levels, axis=0).astype(np.int64)
        rules = fit_bins(background, n_quantiles=n_bins).rules
    return tuple(
        Bins(
            starts=_starts(column, rule, n_bins=n_bins),
            n_levels=column.n_levels,
            nullable=column.nullable,
            public_levels=public[:, position],
        )
        for position, (column, rule) in enumerate(zip(codebook.columns, rules, strict=True))
    )


def _even_starts(column: Column, *, n_bins: int) -> Codes:
    """Start bins after the lowest level's at equal distances."""
    return 1 + np.arange(n_bins - 1) * (column.n_levels - 1) // (n_bins - 1)


def _starts(column: Column, rule: Codes, *, n_bins: int) -> Codes:
    if isinstance(column, CategoryColumn) or column.n_levels <= n_bins:
        return np.arange(column.n_levels)
    return np.append(0, rule)
