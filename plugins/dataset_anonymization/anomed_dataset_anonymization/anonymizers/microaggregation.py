"""Microaggregation: replace each person's values by those of a small group of similar people."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import numpy as np

from anomed_dataset_anonymization.anonymizers._classes import Classes
from anomed_dataset_anonymization.anonymizers._points import check_points
from anomed_dataset_anonymization.anonymizers._release import release
from anomed_dataset_anonymization.anonymizers._remaining import Remaining
from anomed_dataset_anonymization.anonymizers.anonymizer import (
    require_quasi_identifiers,
    whole_number,
)
from anomed_dataset_anonymization.schema import Column, ColumnKind, encode

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from anomed_dataset_anonymization.schema import Coordinates, TableSchema
    from anomed_dataset_anonymization.schemes import Frequencies, Points


@attrs.frozen(kw_only=True)
class Mdav:
    """Publish the average of at least `k` similar people in place of each of them.

    Deterministic. Numbers become means, ordered values medians, names the most frequent ones or
    their frequencies. Every column weighs the same in the distance, see `standardise`; the time
    grows with the square of the number of people.

    Attributes
    ----------
    k : int
        Least number of people in a group, from 1 to their number.
    nominal : {"mode", "frequencies"}
        What is published of names.
    """

    name: ClassVar[str] = "mdav"
    scheme: ClassVar[str] = "microaggregation"

    k: int = attrs.field(default=10, validator=whole_number(least=1))
    nominal: Literal["mode", "frequencies"] = attrs.field(default="mode")

    @nominal.validator
    def _check_nominal(self, _: object, value: str) -> None:
        if value not in {"mode", "frequencies"}:
            raise ValueError(f"nominal must be 'mode' or 'frequencies', got {value!r}.")

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table, see `Anonymizer`."""
        del rng  # nothing is drawn
        columns = require_quasi_identifiers(schema)
        coordinates = encode(table, schema)
        values = {column: coordinates[:, schema.position(column.name)] for column in columns}
        points = np.concatenate(
            [standardise(cells, column) for column, cells in values.items()], axis=1
        )
        classes = Classes(labels=mdav_partition(points, self.k))
        return release(
            {
                column.name: self._represent(cells, column, classes=classes)
                for column, cells in values.items()
            },
            coordinates=coordinates,
            index=table.index,
            schema=schema,
            scheme=self.scheme,
        )

    def _represent(
        self, values: Coordinates, column: Column, *, classes: Classes
    ) -> Points | Frequencies:
        if not column.is_listed:
            return classes.means(values)
        if column.kind is ColumnKind.ORDINAL:
            return classes.medians(values)
        if self.nominal == "frequencies":
            return classes.frequencies(values, column=column)
        return classes.modes(values, column=column)


def standardise(values: Coordinates, column: Column) -> NDArray[np.float64]:
    """Scale the values of a column to a total variance of 1.

    Parameters
    ----------
    values : ndarray of float64, shape (n_records,)
        Coordinates; NaN is null.
    column : Column
        What they mean. Ordered columns become one dimension, where nulls lie at the mean; nominal
        ones become one dimension a value, where nulls are a further value.

    Returns
    -------
    ndarray of float64, shape (n_records, n_dimensions)
        Zeros where all values are equal.
    """
    if column.kind is ColumnKind.NOMINAL:
        codes = np.where(np.isnan(values), len(column.values), values)
        points: NDArray[np.float64] = (codes[:, np.newaxis] == np.unique(codes)).astype(np.float64)
    else:
        present = values[~np.isnan(values)]
        center = present.mean() if len(present) else 0.0
        points = np.where(np.isnan(values), center, values)[:, np.newaxis]
    points -= points.mean(axis=0)
    total = float(np.square(points).mean(axis=0).sum())
    if total > 0:
        points /= np.sqrt(total)
    return points


def mdav_partition(points: ArrayLike, k: int) -> NDArray[np.int64]:
    """Partition records into groups of `k` to ``2k - 1`` that are close to each other.

    While there are at least ``3k`` records left, two groups are formed: the record farthest from
    the mean of the rest with its ``k - 1`` nearest, and the record farthest from that one
    with its ``k - 1`` nearest. What is left makes one more group and, from ``2k`` records
    on, two: the nearest `k` of the record farthest from the mean, and the rest. Of equally far
    records the first is taken.

    Parameters
    ----------
    points : array_like of float64, shape (n_records, n_dimensions)
        Finite numbers on comparable scales: standardise them first.
    k : int
        Least number of records in a group, in ``[1, n_records]``.

    Returns
    -------
    ndarray of int64, shape (n_records,)
        Group of each record, from 0 without gaps.

    Raises
    ------
    ValueError
        If `points` isn't a matrix of finite numbers, or `k` is outside ``[1, n_records]``.

    References
    ----------
    Domingo-Ferrer, Torra: Ordinal, continuous and heterogeneous k-anonymity through
    microaggregation. DMKD 11(2), 2005, doi:10.1007/s10618-005-0007-5, algorithm MDAV-generic.

    Examples
    --------
    >>> mdav_partition([[0.0], [5.0], [0.1], [5.2]], 2).tolist()
    [1, 0, 1, 0]
    """
    matrix = check_points(points, k)
    remaining = Remaining(matrix)
    groups = np.empty(len(matrix), dtype=np.int64)
    n_groups = 0
    while len(remaining):
        for rows in _next_groups(remaining, k):
            groups[rows] = n_groups
            n_groups += 1
    return groups


def _next_groups(remaining: Remaining, k: int) -> list[NDArray[np.int64]]:
    """Take the next one or two groups out and return their row numbers."""
    if len(remaining) < 2 * k:
        return [remaining.take_out(np.arange(len(remaining)))]
    is_last = len(remaining) < 3 * k
    far = remaining.farthest(remaining.squared_distances(remaining.centroid()))
    far_point = remaining.point(far)
    distances = remaining.squared_distances(far_point)
    opposite_point = remaining.point(remaining.farthest(distances))
    first = remaining.take_out(remaining.nearest(distances, k=k))
    if is_last:
        return [first]
    second = remaining.nearest(remaining.squared_distances(opposite_point), k=k)
    return [first, remaining.take_out(second)]
