"""Bring the cells of a column and its hierarchy together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs
import numpy as np

from anomed_core.tables import parse_time
from anomed_dataset_anonymization.anonymizers.recoding import LeveledColumn
from anomed_dataset_anonymization.schema import Column, ColumnKind, snap
from anomed_dataset_anonymization.schema.hierarchies import (
    Hierarchy,
    flat_hierarchy,
    interval_hierarchy,
)
from anomed_dataset_anonymization.schemes import Ranges, ValueSets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from anomed_dataset_anonymization.schema import Coordinates

_MAX_DEFAULT_INTERVALS = 256
_ARX_NULL = "NULL"


@attrs.frozen(kw_only=True, eq=False)
class ColumnLevels:
    """What a column's cells become at each level of its hierarchy.

    Attributes
    ----------
    column : Column
        Describes the column.
    leaves : ndarray of int64, shape (n_records,)
        Value of each record, a position among the coordinates.
    coordinates : ndarray of float64, shape (n_leaves,)
        Values of the hierarchy that lie in the domain; a last NaN stands for null.
    groups : ndarray of int64, shape (n_leaves, n_levels)
        Group of each value at each level. A null is a group of its own below the top.
    """

    column: Column
    leaves: NDArray[np.int64]
    coordinates: Coordinates
    groups: NDArray[np.int64]

    @classmethod
    def of(
        cls, values: Coordinates, column: Column, *, hierarchy: Hierarchy | None
    ) -> ColumnLevels:
        """Look the values of a column up in its hierarchy.

        Parameters
        ----------
        values : ndarray of float64, shape (n_records,)
            Coordinates; NaN is null.
        column : Column
            What they mean.
        hierarchy : Hierarchy, optional
            By default, intervals of doubling width over the values of the table for columns with an
            order, and only suppression for nominal ones.

        Raises
        ------
        ValueError
            If the hierarchy lacks a value of the table.
        """
        distinct = np.unique(values[~np.isnan(values)])
        if hierarchy is None:
            hierarchy = _default_hierarchy(distinct, column)
        known = _coordinates_of(hierarchy, column)
        inside = ~np.isnan(known)
        order = np.argsort(known[inside], kind="stable")
        coordinates, groups = known[inside][order], hierarchy.groups[inside][order]
        missing = distinct[~np.isin(distinct, coordinates)]
        if len(missing):
            raise ValueError(
                f"the hierarchy of column {column.name!r} lacks {_describe(missing, column)}; "
                "it needs a line for each value of the table."
            )
        leaves = np.searchsorted(coordinates, np.where(np.isnan(values), np.inf, values))
        own_group = np.full((1, groups.shape[1]), len(hierarchy.values))
        own_group[0, -1] = 0
        return cls(
            column=column,
            leaves=leaves,
            coordinates=np.append(coordinates, np.nan),
            groups=np.concatenate([groups, own_group]),
        )

    def to_leveled(self) -> LeveledColumn:
        """Return the groups with the loss of publishing each."""
        losses = np.stack([self._loss(level) for level in range(self.groups.shape[1])], axis=1)
        return LeveledColumn(leaves=self.leaves, groups=self.groups, losses=losses)

    def cells(self, level: int, *, rows: NDArray[np.bool_]) -> Ranges | ValueSets:
        """Return what the cells of the chosen records become at a level."""
        leaves = self.leaves[rows]
        if self.column.kind is ColumnKind.NOMINAL:
            return ValueSets(members=self._members(level)[leaves])
        low, high = self._ends(level)
        return Ranges(low=low[leaves], high=high[leaves])

    def _loss(self, level: int) -> NDArray[np.float64]:
        if self.column.kind is ColumnKind.NOMINAL:
            sizes: Coordinates = self._members(level).sum(axis=1, dtype=np.float64)
            return (sizes - 1) / max(len(self.column.values) - 1, 1)
        low, high = self._ends(level)
        return (high - low) / self.column.bounds.span

    def _means_everything(self, level: int) -> NDArray[np.bool_]:
        """Return which values become the whole domain: nulls, and all where one group is left."""
        groups = self.groups[:-1, level]
        one_left = level > 0 and bool((groups == groups[:1]).all())
        return np.isnan(self.coordinates) | one_left

    def _members(self, level: int) -> NDArray[np.bool_]:
        """Return the listed values of each value's group, of shape (n_leaves, n_values)."""
        groups = self.groups[:, level]
        members = np.zeros((len(groups), len(self.column.values)), dtype=np.bool_)
        members[:, self.coordinates[:-1].astype(np.int64)] = groups[:, np.newaxis] == groups[:-1]
        members[self._means_everything(level)] = True
        return members

    def _ends(self, level: int) -> tuple[Coordinates, Coordinates]:
        """Return both ends of each value's group, of shape (n_leaves,)."""
        groups = self.groups[:-1, level]
        low = np.full(int(self.groups.max()) + 1, np.inf)
        high = -low
        np.minimum.at(low, groups, self.coordinates[:-1])
        np.maximum.at(high, groups, self.coordinates[:-1])
        everything = self._means_everything(level)
        bounds = self.column.bounds
        return (
            np.where(everything, bounds.low, low[self.groups[:, level]]),
            np.where(everything, bounds.high, high[self.groups[:, level]]),
        )


def _coordinates_of(hierarchy: Hierarchy, column: Column) -> Coordinates:
    """Return the coordinates of a hierarchy's values; NaN outside the domain."""
    if column.is_listed:
        positions = {str(value): place for place, value in enumerate(column.values)}
        return np.array([positions.get(value, np.nan) for value in hierarchy.values], dtype=float)
    try:
        # ARX writes a line for NULL where cells are empty; nulls have a group of their own.
        numbers = np.array(
            [np.nan if value == _ARX_NULL else _number(value, column) for value in hierarchy.values]
        )
    except ValueError as error:
        raise ValueError(
            f"the hierarchy of column {column.name!r} has values that are no "
            f"{column.dtype + 's' if column.is_time else 'numbers'}, "
            f"but the column holds such: {error}."
        ) from error
    bounds = column.bounds
    outside = (numbers < bounds.low) | (numbers > bounds.high)
    return np.where(outside, np.nan, snap(np.clip(numbers, bounds.low, bounds.high), column))


def _number(value: str, column: Column) -> float:
    return parse_time(value, column.dtype) if column.is_time else float(value)


def _default_hierarchy(distinct: Coordinates, column: Column) -> Hierarchy:
    if column.kind is ColumnKind.NOMINAL:
        return flat_hierarchy([str(value) for value in column.values])
    if column.is_listed:
        names = [str(value) for value in column.values]
        positions = np.arange(len(names), dtype=np.float64)
    else:
        distinct = distinct if len(distinct) else np.array([column.bounds.low])
        names = [
            column.in_words(value) if column.is_time else repr(float(value)) for value in distinct
        ]
        positions = np.rint((distinct - column.bounds.low) / column.bounds.step)
    n_steps = round(column.bounds.span / column.bounds.step) + 1
    widths = [max(2, math.ceil(n_steps / _MAX_DEFAULT_INTERVALS))]
    while widths[-1] < n_steps:
        widths.append(2 * widths[-1])
    return interval_hierarchy(names, positions, widths=widths[:-1])


def _describe(missing: Coordinates, column: Column) -> str:
    first = (
        repr(column.values[int(missing[0])]) if column.is_listed else column.in_words(missing[0])
    )
    others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"the value {first}{others}"
