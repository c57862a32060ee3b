"""Pairs of boxes and records that agree wherever boxes are exact: found by sorting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import evolve, frozen

from anomed_dataset_anonymization.privacy.classes import BoolArray, IntArray
from anomed_dataset_anonymization.utility._record_sets import covers_pairs
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
            covered = covers_pairs(others, self.boxes[position], records, other_rows=record)
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
    """Join boxes and records on the columns where nearly all boxes are exact, and on one range.

    A cell is exact if it allows one value: it covers the records that say the same, and no other.

    Parameters
    ----------
    boxes
        The published table.
    records
        The original table, with all its columns.
    """
    exact = {name: _exact_rows(cells) for name, cells in boxes.columns.items()}
    names = [name for name, rows in exact.items() if rows.mean() >= _MOSTLY]
    joined = np.flatnonzero(_all_of([exact[name] for name in names], len(boxes.counts)))
    candidates = np.flatnonzero(
        _all_of([_exact_rows(records.columns[name]) for name in names], len(records.counts))
    )
    of_box, of_record = _joint_keys(
        [
            (_values(boxes.columns[name])[joined], _values(records.columns[name])[candidates])
            for name in names
        ],
        (len(joined), len(candidates)),
    )
    order = np.argsort(of_record, kind="stable")
    join = ExactJoin(
        names=frozenset(names),
        boxes=joined,
        begin=np.searchsorted(of_record, of_box, side="left", sorter=order),
        end=np.searchsorted(of_record, of_box, side="right", sorter=order),
        records=candidates[order],
    )
    for name, cells in boxes.columns.items():
        others = records.columns[name]
        if name in names or not isinstance(cells, Intervals) or not isinstance(others, Intervals):
            continue
        if _exact_rows(others)[candidates].all():
            narrower = _narrowed(join, cells, others, of_box=of_box, of_record=of_record)
            join = min(join, narrower, key=lambda some: some.n_pairs)
    return join


def _narrowed(
    join: ExactJoin, cells: Intervals, others: Intervals, *, of_box: IntArray, of_record: IntArray
) -> ExactJoin:
    """Keep, of the records that agree with a box, those whose number is in its range."""
    candidates = np.sort(join.records)
    values, rank = np.unique(others.low[others.cell_of_row[candidates]], return_inverse=True)
    cell = cells.cell_of_row[join.boxes]
    first = np.searchsorted(values, cells.low[cell], side="left")
    beyond = np.searchsorted(values, cells.high[cell], side="right")
    keys = of_record * (len(values) + 1) + rank
    order = np.argsort(keys, kind="stable")
    sorted_keys, start = keys[order], of_box * (len(values) + 1)
    begin = np.searchsorted(sorted_keys, start + first)
    end = np.searchsorted(sorted_keys, start + beyond)
    return evolve(join, begin=begin, end=np.maximum(begin, end), records=candidates[order])


def _all_of(conditions: Sequence[BoolArray], n_rows: int) -> BoolArray:
    together = np.ones(n_rows, dtype=np.bool_)
    for condition in conditions:
        together &= condition
    return together


def _exact_rows(cells: Cells) -> BoolArray:
    """Return whether each row allows one value only."""
    if isinstance(cells, Intervals):
        return np.asarray(cells.low == cells.high)[cells.cell_of_row]
    return np.asarray(cells.set_sizes == 1)[cells.cell_of_row]


def _values(cells: Cells) -> np.ndarray:
    """Return the value of each row whose cell is exact; anything for the others."""
    values = cells.low if isinstance(cells, Intervals) else cells.likeliest.astype(np.float64)
    return np.asarray(values[cells.cell_of_row])


def _joint_keys(
    columns: Sequence[tuple[np.ndarray, np.ndarray]], lengths: tuple[int, int]
) -> tuple[IntArray, IntArray]:
    """Return numbers for the rows of two tables; equal rows have equal ones."""
    keys = np.zeros(sum(lengths), dtype=np.int64)
    for pair in columns:
        distinct, codes = np.unique(np.concatenate(pair), return_inverse=True)
        _, keys = np.unique(keys * len(distinct) + codes, return_inverse=True)
    return keys[: lengths[0]], keys[lengths[0] :]
