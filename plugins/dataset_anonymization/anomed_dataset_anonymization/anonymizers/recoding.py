"""Full-domain recoding: generalize every cell of a column to the same level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Node = tuple[int, ...]
"""A level for each column."""

_MAX_COUNTED_KEYS = 2**20
_MAX_KEY = 2**62


@attrs.frozen(kw_only=True, eq=False)
class LeveledColumn:
    """A column whose values can be generalized, level by level.

    Attributes
    ----------
    leaves : ndarray of int64, shape (n_records,)
        Value of each record, from 0 to ``n_leaves - 1``.
    groups : ndarray of int64, shape (n_leaves, n_levels)
        Group of each value at each level; each level merges groups of the one below.
    losses : ndarray of float64, shape (n_leaves, n_levels)
        Information lost by publishing the group, in [0, 1]; it never falls from level to level.
    """

    leaves: NDArray[np.int64]
    groups: NDArray[np.int64]
    losses: NDArray[np.float64]

    @property
    def n_levels(self) -> int:
        """Number of levels, the single values included."""
        return len(self.groups[0])


@attrs.frozen(kw_only=True, eq=False)
class FullDomain:
    """A table, condensed to its distinct records, that can be seen at any node of its lattice.

    Attributes
    ----------
    columns : tuple of LeveledColumn
        At least one, all of the same number of records.
    weights : ndarray of int64, shape (n_distinct,)
        Number of records of each distinct kind.
    kinds : ndarray of int64, shape (n_records,)
        The distinct kind of each record.
    leaves : ndarray of int64, shape (n_columns, n_distinct)
        The values of each distinct kind.
    """

    columns: tuple[LeveledColumn, ...]
    weights: NDArray[np.int64]
    kinds: NDArray[np.int64]
    leaves: NDArray[np.int64]

    @classmethod
    def of(cls, columns: Sequence[LeveledColumn]) -> FullDomain:
        """Condense a table.

        Raises
        ------
        ValueError
            If there is no column or no record, or the columns have different numbers of records.
        """
        lengths = {len(column.leaves) for column in columns}
        if len(lengths) != 1 or lengths == {0}:
            raise ValueError(
                "full-domain recoding needs columns with the same number of records, "
                f"at least one, got {[len(column.leaves) for column in columns]}."
            )
        keys = _combine(
            [column.leaves for column in columns], [len(column.groups) for column in columns]
        )
        _, first, kinds, weights = np.unique(
            keys, return_index=True, return_inverse=True, return_counts=True
        )
        leaves = np.stack([column.leaves[first] for column in columns])
        return cls(columns=tuple(columns), weights=weights, kinds=kinds, leaves=leaves)

    @property
    def n_records(self) -> int:
        """Number of records of the table."""
        return len(self.kinds)

    @property
    def top(self) -> Node:
        """The node where every column is at its highest level."""
        return tuple(column.n_levels - 1 for column in self.columns)

    def class_sizes(self, node: Node) -> NDArray[np.int64]:
        """Count the records that look the same at a node.

        Parameters
        ----------
        node : tuple of int
            A level for each column.

        Returns
        -------
        ndarray of int64, shape (n_distinct,)
            Size of the class that each distinct kind of record belongs to.
        """
        levels = [column.groups[:, level] for column, level in zip(self.columns, node, strict=True)]
        codes = [groups[leaves] for groups, leaves in zip(levels, self.leaves, strict=True)]
        keys = _combine(codes, [int(groups.max()) + 1 for groups in levels])
        if keys.max() >= _MAX_COUNTED_KEYS:
            keys = np.unique(keys, return_inverse=True)[1]
        # Sums of whole numbers below 2**53 are exact in float64.
        sizes = np.bincount(keys, weights=self.weights)[keys]
        return sizes.astype(np.int64)

    def count_suppressed(self, node: Node, *, k: int) -> int:
        """Count the records in classes of fewer than `k` at a node."""
        return int(self.weights[self.class_sizes(node) < k].sum())

    def kept(self, node: Node, *, k: int) -> NDArray[np.bool_]:
        """Return which records, of shape ``(n_records,)``, are in classes of at least `k`."""
        return (self.class_sizes(node) >= k)[self.kinds]

    def loss(self, node: Node, *, k: int) -> float:
        """Average the loss of all cells when classes of fewer than `k` are suppressed.

        Returns
        -------
        float
            In [0, 1], lower is better; a suppressed cell loses 1 (normalised certainty penalty).
        """
        kept = self.class_sizes(node) >= k
        lost = sum(
            column.losses[leaves[kept], level]
            for column, leaves, level in zip(self.columns, self.leaves, node, strict=True)
        )
        kept_loss = float(np.sum(lost * self.weights[kept])) / len(self.columns)
        return (kept_loss + int(self.weights[~kept].sum())) / self.n_records

    def mean_losses(self) -> list[NDArray[np.float64]]:
        """Return each column's mean loss, of shape ``(n_levels,)``, with nothing suppressed."""
        return [
            np.average(column.losses[leaves], axis=0, weights=self.weights)
            for column, leaves in zip(self.columns, self.leaves, strict=True)
        ]

    def count_values(self, node: Node) -> list[int]:
        """Count the different values that occur in each column at a node."""
        return [
            len(np.unique(column.groups[leaves, level]))
            for column, leaves, level in zip(self.columns, self.leaves, node, strict=True)
        ]


def check_k(domain: FullDomain, *, k: int) -> None:
    """Refuse a `k` that no recoding of the table can reach.

    Raises
    ------
    ValueError
        If `k` is below 1 or above the number of records.
    """
    if not 1 <= k <= domain.n_records:
        raise ValueError(f"k must lie between 1 and the {domain.n_records} records, got {k}.")


def _combine(codes: Sequence[NDArray[np.int64]], n_values: Sequence[int]) -> NDArray[np.int64]:
    """Return a number for each combination of codes, without overflow."""
    keys = np.zeros(len(codes[0]), dtype=np.int64)
    n_keys = 1
    for column, n_column_values in zip(codes, n_values, strict=True):
        if n_keys * n_column_values > _MAX_KEY:
            distinct, keys = np.unique(keys, return_inverse=True)
            n_keys = len(distinct)
        keys = keys * n_column_values + column
        n_keys *= n_column_values
    return keys
