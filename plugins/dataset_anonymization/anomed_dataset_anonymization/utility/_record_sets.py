"""Sets of records, packed 64 a word: which records the cells of a column cover."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from anomed_dataset_anonymization.privacy.classes import BoolArray, IntArray
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals, ValueMasses

Bits: TypeAlias = npt.NDArray[np.uint64]
Lookup: TypeAlias = Callable[[IntArray], Bits]
"""Takes cells and returns the set of each."""

CHUNK_BYTES = 2**22
"""Of sets worked on at a time: they should stay in the processor's cache."""


def contains(cells: Cells, chosen: IntArray, others: Cells, *, other_cells: IntArray) -> BoolArray:
    """Return whether cells of one table allow all that cells of another say.

    Raises
    ------
    ValueError
        If the column holds ranges in one table and listed values in the other.
    """
    if isinstance(cells, Intervals) and isinstance(others, Intervals):
        return cells.contains(chosen, others, other_cells=other_cells)
    if isinstance(cells, ValueMasses) and isinstance(others, ValueMasses):
        return cells.contains(chosen, others, other_cells=other_cells)
    raise ValueError("a column holds ranges in one table and listed values in the other.")


def covers_pairs(
    cells_of: Mapping[str, Cells], rows: IntArray, records: Boxes, *, other_rows: IntArray
) -> BoolArray:
    """Return whether each row of some columns covers the record that it is paired with."""
    covered = np.ones(len(rows), dtype=np.bool_)
    for name, cells in cells_of.items():
        others = records.columns[name]
        covered &= contains(
            cells, cells.cell_of_row[rows], others, other_cells=others.cell_of_row[other_rows]
        )
    return covered


def refuse_other_kinds(boxes: Boxes, records: Boxes) -> None:
    """Raise ValueError if a column holds ranges in one table and listed values in the other."""
    nothing = np.empty(0, dtype=np.int64)
    for name, cells in boxes.columns.items():
        contains(cells, nothing, records.columns[name], other_cells=nothing)


def table_bytes(cells: Cells, others: Cells) -> int:
    """Return the memory of `looked_up`."""
    return 8 * n_words(len(others.cell_of_row)) * (cells.n_cells + 2 * others.n_cells)


def n_words(n_records: int) -> int:
    """Return the words of a set."""
    return -(-n_records // 64)


def binary_digits(counts: IntArray) -> list[Bits]:
    """Return, for each binary digit of the counts from the lowest, the set of records that have it.

    So a weighted sum over a set of records is a sum of the sizes of a few intersections.
    """
    digits = []
    for power in range(int(counts.max()).bit_length()):
        has_it = np.zeros(64 * n_words(len(counts)), dtype=np.bool_)
        has_it[: len(counts)] = (counts >> power) & 1
        packed = np.packbits(has_it, bitorder="little").view("<u8")
        digits.append(packed.astype(np.uint64, copy=False))
    return digits


def looked_up(cells: Cells, others: Cells) -> Lookup:
    """Make the sets of all cells from those of the few distinct values that records have."""
    by_value = _records_by_cell(others)
    sets = np.zeros((cells.n_cells, by_value.shape[1]), dtype=np.uint64)
    left = np.arange(others.n_cells)
    if isinstance(cells, Intervals) and isinstance(others, Intervals):
        exact = others.low == others.high
        sets, left = _between(cells, others, by_value, np.flatnonzero(exact)), left[~exact]
    for value in left:
        allowed = contains(cells, np.arange(cells.n_cells), others, other_cells=np.array([value]))
        sets[allowed] |= by_value[value]
    return lambda chosen: sets[chosen]


def packed_on_demand(cells: Cells, others: Cells) -> Lookup:
    """Make the sets of the cells that are asked for only; slower, in little memory."""
    n_records = len(others.cell_of_row)

    def pack(chosen: IntArray) -> Bits:
        distinct, position = np.unique(chosen, return_inverse=True)
        bits = np.zeros((len(distinct), n_words(n_records) * 8), dtype=np.uint8)
        step = max(1, 8 * CHUNK_BYTES // n_records)
        for begin in range(0, len(distinct), step):
            some = slice(begin, begin + step)
            by_value = contains(
                cells,
                distinct[some, np.newaxis],
                others,
                other_cells=np.arange(others.n_cells)[np.newaxis],
            )
            packed = np.packbits(by_value[:, others.cell_of_row], axis=1, bitorder="little")
            bits[some, : packed.shape[1]] = packed
        return bits.view("<u8").astype(np.uint64, copy=False)[position]

    return pack


def _records_by_cell(others: Cells) -> Bits:
    """Return the set of records with each distinct cell."""
    records = np.arange(len(others.cell_of_row))
    sets = np.zeros((others.n_cells, n_words(len(records))), dtype=np.uint64)
    bit = np.left_shift(np.uint64(1), (records % 64).astype(np.uint64))
    np.bitwise_or.at(sets, (others.cell_of_row, records // 64), bit)
    return sets


def _between(cells: Intervals, others: Intervals, by_value: Bits, exact: IntArray) -> Bits:
    """Return the records whose number is in each range: those up to its end but not before it."""
    order = exact[np.argsort(others.low[exact])]
    up_to = np.zeros((len(order) + 1, by_value.shape[1]), dtype=np.uint64)
    np.bitwise_or.accumulate(by_value[order], axis=0, out=up_to[1:])
    values = others.low[order]
    sets: Bits = up_to[np.searchsorted(values, cells.high, side="right")]
    sets ^= up_to[np.searchsorted(values, cells.low)]
    return sets
