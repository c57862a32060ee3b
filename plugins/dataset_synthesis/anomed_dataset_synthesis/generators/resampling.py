"""Baselines that only reshuffle what they were given: copy, bootstrap, independent columns.

Each decides, for every cell of the new table, which real record *donates* it; that matrix of row
numbers is all there is to them.
"""

from abc import ABC, abstractmethod

import attrs
import numpy as np
import pandas as pd

from anomed_dataset_synthesis.generators._levels import Levels, Rows, publish, read_donors
from anomed_dataset_synthesis.table.codebook import Codebook


class Resampling(ABC):
    """Keep the records, and leave open who donates which cell."""

    def fit(
        self,
        table: pd.DataFrame,
        codebook: Codebook,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - part of the interface, nothing to draw here
    ) -> "FittedResampling":
        """Keep the records. See `Generator.fit`."""
        levels = read_donors(table, codebook)
        return FittedResampling(codebook=codebook, levels=levels, resampling=self)

    @abstractmethod
    def donors(self, n_known: int, shape: tuple[int, int], *, rng: np.random.Generator) -> Rows:
        """Name the donor of each cell.

        Parameters
        ----------
        n_known
            Number of real records, at least 1.
        shape
            Number of records wanted, number of columns.
        rng
            Source of randomness.

        Returns
        -------
        ndarray of int64, shape `shape`
            Places of real records, 0 to ``n_known - 1``.
        """


@attrs.frozen(kw_only=True, eq=False)
class FittedResampling:
    """Draw cells from real records.

    Attributes
    ----------
    codebook
        The columns.
    levels : ndarray of int32, shape (n_known, n_columns)
        The real records.
    resampling
        Who donates which cell.
    guarantee
        Nothing is claimed.
    """

    codebook: Codebook
    levels: Levels
    resampling: Resampling
    guarantee: None = attrs.field(default=None, init=False)

    def sample(self, n_records: int, *, rng: np.random.Generator) -> pd.DataFrame:
        """Draw records. See `FittedGenerator.sample`."""
        shape = (n_records, self.codebook.n_columns)
        donors = self.resampling.donors(len(self.levels), shape, rng=rng)
        return publish(np.take_along_axis(self.levels, donors, axis=0), self.codebook)


@attrs.frozen(kw_only=True)
class Copy(Resampling):
    """Publish the records themselves: perfect utility, no privacy at all."""

    name: str = "copy"
    guarantee: None = attrs.field(default=None, init=False)

    def donors(self, n_known: int, shape: tuple[int, int], *, rng: np.random.Generator) -> Rows:
        """Deal whole shuffled copies of the records, the last one cut to size."""
        n_records, n_columns = shape
        rounds = [rng.permutation(n_known) for _ in range(-(-n_records // n_known))]
        rows = np.concatenate([np.empty(0, np.int64), *rounds])[:n_records]
        return np.repeat(rows[:, None], n_columns, axis=1)


@attrs.frozen(kw_only=True)
class Bootstrap(Resampling):
    """Publish records drawn with replacement: 63% of them appear in a table of equal size."""

    name: str = "bootstrap"
    guarantee: None = attrs.field(default=None, init=False)

    def donors(self, n_known: int, shape: tuple[int, int], *, rng: np.random.Generator) -> Rows:
        """Draw one donor for each record."""
        n_records, n_columns = shape
        return np.repeat(rng.integers(0, n_known, (n_records, 1)), n_columns, axis=1)


@attrs.frozen(kw_only=True)
class IndependentColumns(Resampling):
    """Keep every column's distribution and nothing of how columns hang together."""

    name: str = "independent columns"
    guarantee: None = attrs.field(default=None, init=False)

    def donors(self, n_known: int, shape: tuple[int, int], *, rng: np.random.Generator) -> Rows:
        """Draw one donor for each cell."""
        return rng.integers(0, n_known, shape)
