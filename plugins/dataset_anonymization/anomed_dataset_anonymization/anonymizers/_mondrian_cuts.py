"""One round of Mondrian: examine a dimension of every open partition, and cut where it can be.

All partitions of a level are handled by the same numpy calls, so a round costs one sort of the
records that are still in play, however many partitions there are.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Floats = NDArray[np.float64]


@attrs.frozen(kw_only=True)
class Grid:
    """The records as dense ranks, one per dimension.

    Attributes
    ----------
    ranks
        int64 of shape ``(n_records, n_dimensions)``: position of a value among the sorted
        distinct values of its dimension.
    values
        float64 of shape ``(n_dimensions, n_ranks)``: the value behind a rank, padded with zeros.
    spans
        float64 of shape ``(n_dimensions,)``: largest minus smallest value.
    """

    ranks: Integers
    values: Floats
    spans: Floats

    @classmethod
    def of(cls, points: Floats) -> Grid:
        """Rank the columns of `points`, float64 of shape ``(n_records, n_dimensions)``."""
        columns = [np.unique(column, return_inverse=True) for column in points.T]
        values = np.zeros((len(columns), max(len(distinct) for distinct, _ in columns)))
        for row, (distinct, _) in zip(values, columns, strict=True):
            row[: len(distinct)] = distinct
        spans = np.array([distinct[-1] - distinct[0] for distinct, _ in columns])
        ranks = np.stack([inverse for _, inverse in columns], axis=1).astype(np.int64)
        return cls(ranks=ranks, values=values, spans=spans)


@attrs.frozen(kw_only=True)
class Level:
    """The partitions that may still be cut, and the records in them.

    Attributes
    ----------
    records
        int64 of shape ``(n_active,)``: row numbers; their order is the order of the members.
    labels
        int64 of shape ``(n_active,)``: the partition of each, in ``[0, n_partitions)``.
    low, high
        int64 of shape ``(n_partitions, n_dimensions)``: ranks that bound each partition.
    unexamined
        bool of shape ``(n_partitions, n_dimensions)``: dimensions that were not tried yet.
    """

    records: Integers
    labels: Integers
    low: Integers
    high: Integers
    unexamined: Booleans

    @property
    def sizes(self) -> Integers:
        """Number of records of each partition."""
        return np.bincount(self.labels, minlength=len(self.low))

    def without(self, settled: Booleans) -> Level:
        """Drop the `settled` partitions and renumber the others."""
        stays = ~settled[self.labels]
        renumbered = np.cumsum(~settled) - 1
        return Level(
            records=self.records[stays],
            labels=renumbered[self.labels[stays]],
            low=self.low[~settled],
            high=self.high[~settled],
            unexamined=self.unexamined[~settled],
        )


@attrs.frozen(kw_only=True)
class Examination:
    """What one dimension of each partition looks like: arrays of shape ``(n_partitions,)``.

    `dimension` is the one examined, `low` and `high` are the smallest and largest rank in it,
    `median` is the rank at which half the records are reached, `following` the next rank that
    occurs (meaningless where there is none), `n_left` the number of records up to the median.
    `ranks`, of shape ``(n_active,)``, holds each record's rank in its partition's dimension.
    """

    dimension: Integers
    low: Integers
    high: Integers
    median: Integers
    following: Integers
    n_left: Integers
    sizes: Integers
    ranks: Integers


def examine(level: Level, grid: Grid) -> Examination:
    """Look at the widest unexamined dimension of each partition."""
    dimensions = np.arange(len(grid.spans))
    extents = grid.values[dimensions, level.high] - grid.values[dimensions, level.low]
    widths = np.divide(extents, grid.spans, out=np.zeros_like(extents), where=grid.spans > 0)
    dimension = np.where(level.unexamined, widths, -1.0).argmax(axis=1)

    ranks = grid.ranks[level.records, dimension[level.labels]]
    n_ranks = grid.values.shape[1]
    keys = np.sort(level.labels * n_ranks + ranks)
    sizes = level.sizes
    starts = np.cumsum(sizes) - sizes
    offsets = np.arange(len(sizes)) * n_ranks
    median = keys[starts + sizes // 2 - 1]
    ends = np.searchsorted(keys, median, side="right")
    return Examination(
        dimension=dimension,
        low=keys[starts] - offsets,
        high=keys[starts + sizes - 1] - offsets,
        median=median - offsets,
        following=keys[np.minimum(ends, len(keys) - 1)] - offsets,
        n_left=ends - starts,
        sizes=sizes,
        ranks=ranks,
    )


@attrs.frozen(kw_only=True)
class Cut:
    """Which partitions are cut in two, and where.

    `feasible`, `left_high` and `right_low` have shape ``(n_partitions,)``; `goes_right`, of shape
    ``(n_active,)``, is True for records of the upper half; `order` is the order of the members
    after the cut, a permutation of ``range(n_active)``, or `None` when it stays.
    """

    feasible: Booleans
    left_high: Integers
    right_low: Integers
    goes_right: Booleans
    order: Integers | None


def cut_strictly(level: Level, seen: Examination, *, k: int) -> Cut:
    """Cut after the median's value: equal values stay together."""
    feasible = (seen.n_left >= k) & (seen.sizes - seen.n_left >= k)
    above = seen.ranks > seen.median[level.labels]
    return Cut(
        feasible=feasible,
        left_high=seen.median,
        right_low=seen.following,
        goes_right=feasible[level.labels] & above,
        order=None,
    )


def cut_in_half(level: Level, seen: Examination) -> Cut:
    """Cut at the median record: its value may occur on both sides.

    The lower half takes the last of the records that hold the median value, last one first.
    """
    feasible = seen.low < seen.high
    labels = level.labels
    difference = seen.ranks - seen.median[labels]
    at_median = (difference == 0) & feasible[labels]
    middle = np.flatnonzero(at_median)[::-1]
    n_middle = np.bincount(labels[middle], minlength=len(feasible))
    half = seen.sizes // 2
    wanted = half - (seen.n_left - n_middle)
    grouped = np.argsort(labels[middle], kind="stable")
    position = np.empty_like(middle)
    position[grouped] = np.arange(len(middle)) - np.repeat(np.cumsum(n_middle) - n_middle, n_middle)
    taken = position < wanted[labels[middle]]
    goes_right = feasible[labels] & (difference >= 0)
    goes_right[middle[taken]] = False
    return Cut(
        feasible=feasible,
        left_high=seen.median,
        right_low=np.where(seen.n_left > half, seen.median, seen.following),
        goes_right=goes_right,
        order=np.concatenate([np.flatnonzero(~at_median), middle[taken], middle[~taken][::-1]]),
    )


def apply_cut(level: Level, seen: Examination, cut: Cut) -> Level:
    """Return the next level: lower halves keep their number, upper halves get new ones.

    The bounds of a partition are inherited, and made tight in the dimension just examined.
    """
    low, high, unexamined = level.low.copy(), level.high.copy(), level.unexamined.copy()
    partitions = np.arange(len(low))
    low[partitions, seen.dimension] = seen.low
    high[partitions, seen.dimension] = seen.high
    unexamined[partitions, seen.dimension] = False
    unexamined[cut.feasible] = True

    parents = np.flatnonzero(cut.feasible)
    right_low, right_high = low[parents], high[parents]
    dimension = seen.dimension[parents]
    right_low[np.arange(len(parents)), dimension] = cut.right_low[parents]
    high[parents, dimension] = cut.left_high[parents]

    right_number = len(low) + np.cumsum(cut.feasible) - 1
    labels = np.where(cut.goes_right, right_number[level.labels], level.labels)
    order = slice(None) if cut.order is None else cut.order
    return Level(
        records=level.records[order],
        labels=labels[order],
        low=np.concatenate([low, right_low]),
        high=np.concatenate([high, right_high]),
        unexamined=np.concatenate([unexamined, np.ones_like(right_low, dtype=bool)]),
    )
