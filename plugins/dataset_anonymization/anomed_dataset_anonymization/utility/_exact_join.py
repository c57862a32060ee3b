"""Pairs of boxes and records that agree wherever a box is exact: found by sorting."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from attrs import frozen

from anomed_dataset_anonymization.privacy.classes import BoolArray, IntArray
from anomed_dataset_anonymization.utility._record_sets import contains
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals

_MOSTLY = 0.9
"""A column is joined on if this share of the boxes is exact there."""

_PAIRS_AT_ONCE = 2**20


@frozen(kw_only=True)
class ExactJoin:
    """The boxes that are exact in some columns, and the records that agree with each there.

    Attributes
    ----------
    names
        The columns joined on.
    boxes
        int64 (n_joined,), the rows that are exact in all of them.
    begin, end
        int64 (n_joined,), where in `records` those that agree with each box stand.
    records
        int64 (n_exact,), rows of the records, sorted by what they say in these columns.
    """

    names: frozenset[str]
    boxes: IntArray
    begin: IntArray
    end: IntArray
    records: IntArray

    @property
    def n_pairs(self) -> int:
        """The number of pairs that agree."""
        return int((self.end - self.begin).sum())

    def count(self, boxes: Boxes, records: Boxes) -> IntArray:
        """Return how many people each joined box covers: int64 (n_joined,)."""
        counts = np.zeros(len(self.boxes), dtype=np.int64)
        others = {name: c for name, c in boxes.columns.items() if name not in self.names}
        for position, record in self._pairs():
            covered = _covers(others, self.boxes[position], records=records, record=record)
            people = np.where(covered, records.counts[record], 0)
            counts += np.bincount(position, people, minlength=len(counts)).astype(np.int64)
        return counts

    def _pairs(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield pairs block by block: positions in `boxes`, and rows of the records."""
        lengths = self.end - self.begin
        ends = np.cumsum(lengths)
        for first in range(0, self.n_pairs, _PAIRS_AT_ONCE):
            pair = np.arange(first, min(first + _PAIRS_AT_ONCE, self.n_pairs))
            position = np.searchsorted(ends, pair, side="right")
            offset = pair - (ends[position] - lengths[position])
            yield position, self.records[self.begin[position] + offset]


def join_exact(boxes: Boxes, records: Boxes) -> ExactJoin:
    """Join boxes and records on the columns where nearly all boxes are exact.

    A cell is exact if it allows one value: it covers the records that say the same, and no other.

    Parameters
    ----------
    boxes
        The published table.
    records
        The original table, with all its columns.
    """
    exact = {name: _is_exact(cells)[cells.cell_of_row] for name, cells in boxes.columns.items()}
    names = [name for name, rows in exact.items() if rows.mean() >= _MOSTLY]
    if not names:
        nothing = np.empty(0, dtype=np.int64)
        return ExactJoin(
            names=frozenset(), boxes=nothing, begin=nothing, end=nothing, records=nothing
        )
    joined = np.flatnonzero(np.logical_and.reduce([exact[name] for name in names]))
    candidates = np.flatnonzero(
        np.logical_and.reduce([_exact_rows(records.columns[name]) for name in names])
    )
    keys = _joint_keys(
        [
            np.concatenate(
                [
                    _values(boxes.columns[name])[joined],
                    _values(records.columns[name])[candidates],
                ]
            )
            for name in names
        ]
    )
    of_box, of_record = keys[: len(joined)], keys[len(joined) :]
    order = np.argsort(of_record, kind="stable")
    return ExactJoin(
        names=frozenset(names),
        boxes=joined,
        begin=np.searchsorted(of_record[order], of_box, side="left"),
        end=np.searchsorted(of_record[order], of_box, side="right"),
        records=candidates[order],
    )


def _is_exact(cells: Cells) -> BoolArray:
    if isinstance(cells, Intervals):
        return np.asarray(cells.low == cells.high, dtype=np.bool_)
    return np.asarray(cells.set_sizes == 1, dtype=np.bool_)


def _exact_rows(cells: Cells) -> BoolArray:
    return _is_exact(cells)[cells.cell_of_row]


def _values(cells: Cells) -> np.ndarray:
    """Return the value of each row whose cell is exact; anything for the others."""
    values = cells.low if isinstance(cells, Intervals) else cells.likeliest.astype(np.float64)
    return np.asarray(values[cells.cell_of_row])


def _joint_keys(columns: Sequence[np.ndarray]) -> IntArray:
    """Return a number for each row; rows with equal values in all columns have equal numbers."""
    keys = np.zeros(len(columns[0]), dtype=np.int64)
    for values in columns:
        distinct, codes = np.unique(values, return_inverse=True)
        _, keys = np.unique(keys * len(distinct) + codes, return_inverse=True)
    return keys.astype(np.int64)


def _covers(
    cells_of: Mapping[str, Cells], rows: IntArray, *, records: Boxes, record: IntArray
) -> BoolArray:
    covered = np.ones(len(rows), dtype=np.bool_)
    for name, cells in cells_of.items():
        others = records.columns[name]
        covered &= contains(
            cells, cells.cell_of_row[rows], others, other_cells=others.cell_of_row[record]
        )
    return covered
