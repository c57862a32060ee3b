"""Whether published rows are true of somebody: boxes that cover original records."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from anomed_dataset_anonymization.privacy.classes import BoolArray, IntArray
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals, ValueMasses

_Bits: TypeAlias = npt.NDArray[np.uint64]
_Lookup: TypeAlias = Callable[[IntArray], _Bits]

_CHUNK_BYTES = 2**22  # of bitsets worked on at a time: they should stay in the processor's cache
_TABLE_BYTES = 2**29  # of bitsets kept for all columns; the others are packed when needed


def people_covered(published: Boxes, original: Boxes) -> IntArray:
    """Count the original records that each published row covers.

    A row covers a record if every published cell allows all that the record's cell says; a null of
    the original, which says nothing, is covered by a suppressed cell only.

    Parameters
    ----------
    published
        The published table; only its columns are looked at.
    original
        The original table, one row a person, with all columns of the published one.

    Returns
    -------
    int64 (n_rows,)
        The number of records covered, from 0 to all.

    Raises
    ------
    ValueError
        If the original lacks a column, or has rows that count several people.
    """
    if original.counts.max() > 1:
        raise ValueError(
            f"an original row counts {original.counts.max()} people, expected one row a person."
        )
    boxes, box_of_row = published.distinct()
    records = original.select(list(boxes.columns))
    n_words = -(-len(records.counts) // 64)
    lookups = _bitset_lookups(boxes, records)
    covered = np.empty(len(boxes.counts), dtype=np.int64)
    chunk = max(1, _CHUNK_BYTES // (8 * n_words))
    for begin in range(0, len(covered), chunk):
        rows = slice(begin, begin + chunk)
        bits = np.full((len(covered[rows]), n_words), ~np.uint64(0))
        for name, lookup in lookups.items():
            bits &= lookup(boxes.columns[name].cell_of_row[rows])
        covered[rows] = np.bitwise_count(bits).sum(axis=1, dtype=np.int64)
    return covered[box_of_row]


def truthfulness(published: Boxes, original: Boxes) -> float:
    """Measure the share of published people for whom the table says something true of somebody.

    A row is true if it covers an original record; rows that say the same are true of at most as
    many people as they cover, so copies add nothing. Range [0, 1], higher is more useful; 1 for
    every generalisation of the original, near 0 for exact random rows and for class means, which
    hardly anybody has. Suppressed rows say nothing and are not counted.

    Parameters
    ----------
    published
        The published table; only its columns are looked at.
    original
        The original table, one row a person, with all columns of the published one.

    Returns
    -------
    float
        The share.

    Raises
    ------
    ValueError
        If the original lacks a column, or has rows that count several people.
    """
    boxes, _ = published.distinct()
    true_people = np.minimum(boxes.counts, people_covered(boxes, original))
    return float(true_people.sum() / boxes.n_people)


def covers(published: Boxes, rows: IntArray, *, original: Boxes, records: IntArray) -> BoolArray:
    """Tell whether published rows cover given original records.

    Parameters
    ----------
    published
        The published table; only its columns are looked at.
    rows
        int64 (n_pairs,), rows of the published table.
    original
        The original table, with all columns of the published one.
    records
        int64 (n_pairs,), rows of the original table.

    Returns
    -------
    bool (n_pairs,)
        Whether each row covers its record.

    Raises
    ------
    ValueError
        If the original lacks a column.
    """
    people = original.select(list(published.columns))
    covered = np.ones(len(rows), dtype=np.bool_)
    for name, cells in published.columns.items():
        others = people.columns[name]
        covered &= _contains(
            cells, cells.cell_of_row[rows], others, other_cells=others.cell_of_row[records]
        )
    return covered


def _contains(cells: Cells, chosen: IntArray, others: Cells, *, other_cells: IntArray) -> BoolArray:
    if isinstance(cells, Intervals) and isinstance(others, Intervals):
        return cells.contains(chosen, others, other_cells=other_cells)
    if isinstance(cells, ValueMasses) and isinstance(others, ValueMasses):
        return cells.contains(chosen, others, other_cells=other_cells)
    raise ValueError("a column holds ranges in one table and listed values in the other.")


def _bitset_lookups(boxes: Boxes, records: Boxes) -> dict[str, _Lookup]:
    """Prepare each column's bitsets, keeping those of the columns with the fewest cells."""
    n_words = -(-len(records.counts) // 64)
    lookups, left_bytes = {}, _TABLE_BYTES
    for name, cells in sorted(boxes.columns.items(), key=lambda item: item[1].n_cells):
        size_bytes = 8 * n_words * cells.n_cells
        kept = size_bytes <= left_bytes
        left_bytes -= size_bytes if kept else 0
        lookups[name] = _bitset_lookup(cells, records.columns[name], kept=kept)
    return lookups


def _bitset_lookup(cells: Cells, others: Cells, *, kept: bool) -> _Lookup:
    """Prepare the sets of records, packed 64 a word, that cells of a column cover."""
    n_records = len(others.cell_of_row)
    n_words = -(-n_records // 64)

    def pack(chosen: IntArray) -> _Bits:
        bits = np.zeros((len(chosen), n_words * 8), dtype=np.uint8)
        step = max(1, 8 * _CHUNK_BYTES // n_records)
        for begin in range(0, len(chosen), step):
            some = slice(begin, begin + step)
            by_cell = _contains(
                cells,
                chosen[some, np.newaxis],
                others,
                other_cells=np.arange(others.n_cells)[np.newaxis],
            )
            packed = np.packbits(by_cell[:, others.cell_of_row], axis=1)
            bits[some, : packed.shape[1]] = packed
        return bits.view(np.uint64)

    if kept:
        table = pack(np.arange(cells.n_cells))
        return lambda chosen: table[chosen]

    def pack_on_demand(chosen: IntArray) -> _Bits:
        distinct, position = np.unique(chosen, return_inverse=True)
        return pack(distinct)[position]

    return pack_on_demand
