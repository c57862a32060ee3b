"""Summarise classes of people, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from anomed_dataset_anonymization.schema import Column, ColumnKind
from anomed_dataset_anonymization.schemes import Frequencies, Points, Ranges, ValueSets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from anomed_dataset_anonymization.schema import Coordinates


@attrs.frozen(kw_only=True, eq=False)
class Classes:
    """A division of people into classes.

    Attributes
    ----------
    labels : ndarray of int64, shape (n_records,)
        The class of each person, from 0 without gaps.
    """

    labels: NDArray[np.int64]

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1

    def cover(self, values: Coordinates, *, column: Column) -> Ranges | ValueSets:
        """Return the smallest range or set that holds all values of a class, for each person.

        Parameters
        ----------
        values : ndarray of float64, shape (n_records,)
            Coordinates of the column. A class that holds a null is given the whole domain.
        column : Column
            What they mean: sets for nominal columns, ranges for all others.

        Returns
        -------
        Ranges or ValueSets
        """
        if column.kind is ColumnKind.NOMINAL:
            counts, n_nulls = self._count(values, n_values=len(column.values))
            return ValueSets(members=((counts > 0) | (n_nulls > 0)[:, np.newaxis])[self.labels])
        order = np.argsort(self.labels, kind="stable")
        starts = np.searchsorted(self.labels[order], np.arange(self.n_classes))
        low = np.minimum.reduceat(values[order], starts)[self.labels]
        high = np.maximum.reduceat(values[order], starts)[self.labels]
        has_null = np.isnan(low)
        return Ranges(
            low=np.where(has_null, column.bounds.low, low),
            high=np.where(has_null, column.bounds.high, high),
        )

    def means(self, values: Coordinates) -> Points:
        """Return the mean of a class's values for each person; null where all are null.

        Parameters
        ----------
        values : ndarray of float64, shape (n_records,)
            Coordinates; nulls are left out.
        """
        present = ~np.isnan(values)
        center = values[present].mean() if present.any() else 0.0
        deviations = np.where(present, values - center, 0.0)
        sums = np.bincount(self.labels, weights=deviations, minlength=self.n_classes)
        counts = np.bincount(self.labels[present], minlength=self.n_classes)
        means = np.full(self.n_classes, np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return Points(values=center + means[self.labels])

    def medians(self, values: Coordinates) -> Points:
        """Return the lower median of a class's values for each person; null where all are null.

        Parameters
        ----------
        values : ndarray of float64, shape (n_records,)
            Coordinates; nulls are left out.
        """
        present = np.flatnonzero(~np.isnan(values))
        order = present[np.lexsort((values[present], self.labels[present]))]
        counts = np.bincount(self.labels[present], minlength=self.n_classes)
        filled = counts > 0
        middle = np.cumsum(counts) - counts + (counts - 1) // 2
        medians = np.full(self.n_classes, np.nan)
        medians[filled] = values[order[middle[filled]]]
        return Points(values=medians[self.labels])

    def modes(self, values: Coordinates, *, column: Column) -> Points:
        """Return the most frequent value of a class for each person; null where all are null.

        Parameters
        ----------
        values : ndarray of float64, shape (n_records,)
            Coordinates of a listed column; nulls are left out, the first of equals is taken.
        column : Column
            Gives the number of values.
        """
        counts, _ = self._count(values, n_values=len(column.values))
        modes = np.where(counts.any(axis=1), counts.argmax(axis=1), np.nan)
        return Points(values=modes[self.labels])

    def frequencies(self, values: Coordinates, *, column: Column) -> Frequencies:
        """Return the share of each value in a class for each person; equal where all are null.

        Parameters
        ----------
        values : ndarray of float64, shape (n_records,)
            Coordinates of a listed column; nulls are left out.
        column : Column
            Gives the number of values.
        """
        counts, _ = self._count(values, n_values=len(column.values))
        counts = np.where(counts.any(axis=1, keepdims=True), counts, 1)
        shares = counts / counts.sum(axis=1, keepdims=True)
        return Frequencies(shares=shares[self.labels])

    def _count(
        self, values: Coordinates, *, n_values: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count each class's values, of shape ``(n_classes, n_values)``, and its nulls."""
        codes = np.where(np.isnan(values), n_values, values).astype(np.int64)
        keys = self.labels * (n_values + 1) + codes
        counts = np.bincount(keys, minlength=self.n_classes * (n_values + 1))
        counts = counts.reshape(self.n_classes, n_values + 1)
        return counts[:, :n_values], counts[:, n_values]
