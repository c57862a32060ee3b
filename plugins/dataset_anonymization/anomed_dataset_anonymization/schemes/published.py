"""A published table as numbers, in the one form that every score is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Coordinates, TableSchema

SHARE_DECIMALS = 4
"""Decimals that published frequencies are rounded to."""


@attrs.frozen(kw_only=True, eq=False)
class Points:
    """Cells that are one value each.

    Attributes
    ----------
    values : ndarray of float64, shape (n_rows,)
        Coordinates; NaN is a null, that is, a suppressed cell.
    """

    values: Coordinates


@attrs.frozen(kw_only=True, eq=False)
class Ranges:
    """Cells that are ranges of numbers or of positions in an ordered list.

    Attributes
    ----------
    low, high : ndarray of float64, shape (n_rows,)
        Coordinates of the two ends, both included; the whole domain is a suppressed cell.
    """

    low: Coordinates
    high: Coordinates


@attrs.frozen(kw_only=True, eq=False)
class ValueSets:
    """Cells that are sets of listed values.

    Attributes
    ----------
    members : ndarray of bool, shape (n_rows, n_values)
        Whether the value may be meant; at least one a row, all for a suppressed cell.
    """

    members: NDArray[np.bool_]


@attrs.frozen(kw_only=True, eq=False)
class Frequencies:
    """Cells that are the frequencies of listed values in a class of people.

    Attributes
    ----------
    shares : ndarray of float64, shape (n_rows, n_values)
        In [0, 1]; each row sums to 1 but for rounding to four decimals.
    """

    shares: NDArray[np.float64]


PublishedCells = Points | Ranges | ValueSets | Frequencies


@attrs.frozen(kw_only=True, eq=False)
class PublishedTable:
    """A canonical published table: one row a person, rows in lexicographic order.

    Attributes
    ----------
    schema : TableSchema
        Describes the table of people it was made from.
    scheme : {"same", "generalization", "microaggregation"}
        What its cells may be.
    cells : mapping of str to PublishedCells
        One entry a column of the schema, in schema order.
    lineage : ndarray of int64, shape (n_rows,), or None
        Position of the leaky record that each row is declared to stand for; None = not declared.
    """

    schema: TableSchema
    scheme: str
    cells: Mapping[str, PublishedCells]
    lineage: NDArray[np.int64] | None = None

    @property
    def n_rows(self) -> int:
        """Return the number of published people."""
        first = next(iter(self.cells.values()))
        return len(attrs.astuple(first, recurse=False)[0])

    def without_lineage(self) -> PublishedTable:
        """Return the table as attackers get it: saying nothing of who is who."""
        return attrs.evolve(self, lineage=None)

    @cached_property
    def codes(self) -> Mapping[str, NDArray[np.intp]]:
        """Return a number for each distinct cell of each column, in ascending order of the cells.

        Returns
        -------
        mapping of str to ndarray of intp, shape (n_rows,)
            From 0; a null comes after all values.
        """
        return {name: rank_cells(cells) for name, cells in self.cells.items()}

    def told(self, name: str) -> NDArray[np.float64]:
        """Return how surely each distinct cell of a column gives a single value.

        Returns
        -------
        ndarray of float64, shape (n_codes,)
            By `codes`: 1 for a value, the share of the commonest value in a class, 0 for whatever
            is suppressed or one of several.
        """
        told = np.empty(int(self.codes[name].max()) + 1)
        told[self.codes[name]] = _told(self.cells[name])
        return told

    def labels(self, names: Iterable[str]) -> NDArray[np.intp]:
        """Return the class of each row: rows that are published identically share a label.

        Parameters
        ----------
        names : iterable of str
            Columns to compare; none puts all rows in one class.

        Returns
        -------
        ndarray of intp, shape (n_rows,)
            From 0 to ``n_classes - 1``, in lexicographic order of the named cells.
        """
        labels = np.zeros(self.n_rows, dtype=np.intp)
        for name in names:
            labels = combine_ranks(labels, self.codes[name])
        return labels


def rank_cells(cells: PublishedCells) -> NDArray[np.intp]:
    """Return a number for each distinct cell, in ascending order.

    Parameters
    ----------
    cells : PublishedCells
        Cells of one column.

    Returns
    -------
    ndarray of intp, shape (n_rows,)
        From 0, equal for equal cells; a null comes last.
    """
    if isinstance(cells, Points):
        return _rank(cells.values)
    if isinstance(cells, Ranges):
        return combine_ranks(_rank(cells.low), _rank(cells.high))
    if isinstance(cells, ValueSets):
        return _rank_bytes(np.packbits(cells.members, axis=1))
    levels = np.rint(cells.shares * 10**SHARE_DECIMALS).astype(">u2")
    return _rank_bytes(levels.view(np.uint8))


def _told(cells: PublishedCells) -> NDArray[np.float64]:
    if isinstance(cells, Points):
        return np.asarray(~np.isnan(cells.values), dtype=np.float64)
    if isinstance(cells, Ranges):
        return np.asarray(cells.low == cells.high, dtype=np.float64)
    if isinstance(cells, ValueSets):
        return np.asarray(cells.members.sum(axis=1) == 1, dtype=np.float64)
    return np.asarray(cells.shares.max(axis=1), dtype=np.float64)


def combine_ranks(major: NDArray[np.intp], minor: NDArray[np.intp]) -> NDArray[np.intp]:
    """Rank pairs of ranks lexicographically.

    Parameters
    ----------
    major, minor : ndarray of intp, shape (n_rows,)
        Ranks from 0, less than ``2**31``.

    Returns
    -------
    ndarray of intp, shape (n_rows,)
        Ranks of the pairs, from 0 and without gaps.
    """
    return _rank(major * (int(minor.max(initial=0)) + 1) + minor)


def _rank(values: NDArray[np.float64] | NDArray[np.intp]) -> NDArray[np.intp]:
    return np.unique(values, return_inverse=True)[1].reshape(-1)


def _rank_bytes(rows: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Rank rows by their bytes, the first leading."""
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1])))
    return np.unique(whole, return_inverse=True)[1].reshape(-1)


def take_rows(table: PublishedTable, rows: NDArray[np.intp]) -> PublishedTable:
    """Select rows of a published table, in the given order and as often as they are named.

    Parameters
    ----------
    table : PublishedTable
        Where to take from.
    rows : ndarray of intp, shape (n_taken,)
        Positions from 0.

    Returns
    -------
    PublishedTable
    """
    return attrs.evolve(
        table,
        cells={name: _take_cells(cells, rows) for name, cells in table.cells.items()},
        lineage=None if table.lineage is None else table.lineage[rows],
    )


def _take_cells(cells: PublishedCells, rows: NDArray[np.intp]) -> PublishedCells:
    arrays = attrs.asdict(cells, recurse=False)
    return type(cells)(**{name: array[rows] for name, array in arrays.items()})
