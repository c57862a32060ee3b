"""Mondrian: multidimensional partitions of at least k records, by repeated median cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from anomed_dataset_anonymization.anonymizers._classes import Classes
from anomed_dataset_anonymization.anonymizers._mondrian_cuts import (
    Grid,
    Level,
    apply_cut,
    cut_in_half,
    cut_strictly,
    examine,
)
from anomed_dataset_anonymization.anonymizers._points import check_points
from anomed_dataset_anonymization.anonymizers._release import release
from anomed_dataset_anonymization.anonymizers.anonymizer import (
    require_quasi_identifiers,
    true_or_false,
    whole_number,
)
from anomed_dataset_anonymization.schema import encode

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from anomed_dataset_anonymization.schema import Column, Coordinates, TableSchema


@attrs.frozen(kw_only=True)
class Mondrian:
    """Publish ranges and sets of values that at least `k` people share.

    Deterministic. Records that lack a value count as if they had one beyond the largest; classes
    with such records get the whole domain.

    Attributes
    ----------
    k : int
        Least number of people in a class, from 1 to their number.
    relaxed : bool
        Whether people with equal values may come into different classes, see
        `mondrian_partition`.
    """

    name: ClassVar[str] = "mondrian"
    scheme: ClassVar[str] = "generalization"

    k: int = attrs.field(default=10, validator=whole_number(least=1))
    relaxed: bool = attrs.field(default=False, validator=true_or_false)

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table, see `Anonymizer`."""
        del rng  # nothing is drawn
        columns = require_quasi_identifiers(schema)
        coordinates = encode(table, schema)
        positions = [schema.position(column.name) for column in columns]
        points = np.stack(
            [
                _with_place_for_null(coordinates[:, position], column)
                for column, position in zip(columns, positions, strict=True)
            ],
            axis=1,
        )
        classes = Classes(labels=mondrian_partition(points, self.k, relaxed=self.relaxed))
        cells = {
            column.name: classes.cover(coordinates[:, position], column=column)
            for column, position in zip(columns, positions, strict=True)
        }
        return release(
            cells, coordinates=coordinates, index=table.index, schema=schema, scheme=self.scheme
        )


def _with_place_for_null(values: Coordinates, column: Column) -> Coordinates:
    if column.is_listed:
        beyond = float(len(column.values))
    else:
        beyond = column.bounds.high + column.bounds.step
    return np.where(np.isnan(values), beyond, values)


def mondrian_partition(points: ArrayLike, k: int, *, relaxed: bool = False) -> NDArray[np.int64]:
    """Partition records into groups of at least `k` that are close in every dimension.

    The partition that holds everything is cut in two at the median of its widest dimension, and so
    are its parts, until no dimension of a part can be cut. The width of a dimension is the
    extent of the part divided by the extent of all records; of equally wide dimensions
    the first is taken. A part's extent is inherited from the cuts that made it, and becomes
    tight in a dimension when that is examined.

    Parameters
    ----------
    points : array_like of float64, shape (n_records, n_dimensions)
        Finite numbers. A nominal column comes as codes, whose order is the order of the cuts.
    k : int
        Least number of records in a part, in ``[1, n_records]``.
    relaxed : bool
        `False` keeps records with equal values on the same side of a cut. `True` divides the
        records that hold the median value between both sides, so that the halves are
        equally large; parts may then overlap.

    Returns
    -------
    ndarray of int64, shape (n_records,)
        Part of each record, numbered from 0 in the order of first appearance.

    Raises
    ------
    ValueError
        If `points` isn't a matrix of finite numbers, or `k` is outside ``[1, n_records]``.

    References
    ----------
    LeFevre, DeWitt, Ramakrishnan: Mondrian multidimensional k-anonymity. ICDE 2006,
    doi:10.1109/ICDE.2006.101, sections 3.1 (strict), 3.2 (relaxed) and 4 (the greedy algorithm).

    Examples
    --------
    >>> mondrian_partition([[1, 5], [2, 5], [8, 5], [9, 5]], 2).tolist()
    [0, 0, 1, 1]
    """
    matrix = check_points(points, k)
    n_records, n_dimensions = matrix.shape
    grid = Grid.of(matrix)
    level = Level(
        records=np.arange(n_records),
        labels=np.zeros(n_records, dtype=np.int64),
        low=np.zeros((1, n_dimensions), dtype=np.int64),
        high=grid.ranks.max(axis=0, keepdims=True),
        unexamined=(grid.spans > 0)[np.newaxis],
    )
    parts = np.empty(n_records, dtype=np.int64)
    n_parts = 0
    while len(level.records):
        settled = (level.sizes // 2 < k) | ~level.unexamined.any(axis=1)
        numbers = n_parts + np.cumsum(settled) - 1
        done = settled[level.labels]
        parts[level.records[done]] = numbers[level.labels[done]]
        n_parts += int(settled.sum())
        level = level.without(settled)
        if len(level.records):
            seen = examine(level, grid)
            cut = cut_in_half(level, seen) if relaxed else cut_strictly(level, seen, k=k)
            level = apply_cut(level, seen, cut)
    return _numbered_by_appearance(parts)


def _numbered_by_appearance(parts: NDArray[np.int64]) -> NDArray[np.int64]:
    _, first, inverse = np.unique(parts, return_index=True, return_inverse=True)
    numbers = np.empty(len(first), dtype=np.int64)
    numbers[np.argsort(first)] = np.arange(len(first))
    return numbers[inverse]
