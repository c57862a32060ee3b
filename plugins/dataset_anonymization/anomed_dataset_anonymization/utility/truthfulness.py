"""Whether published rows are true of somebody: boxes that cover original records."""

from __future__ import annotations

import numpy as np

from anomed_dataset_anonymization.privacy.classes import BoolArray, IntArray
from anomed_dataset_anonymization.utility._exact_join import join_exact
from anomed_dataset_anonymization.utility._record_sets import (
    CHUNK_BYTES,
    Lookup,
    binary_digits,
    covers_pairs,
    looked_up,
    n_words,
    packed_on_demand,
    refuse_other_kinds,
    table_bytes,
)
from anomed_dataset_anonymization.utility.boxes import Boxes

TABLE_BYTES = 2**29
"""Of sets of records kept for all columns; those of the others are made when needed."""


_PAIR_COSTS_WORDS = 4
"""Words of a set that are looked at in the time that trying one pair takes, measured."""


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
    records, _ = original.select(list(boxes.columns)).distinct()
    refuse_other_kinds(boxes, records)
    return _covered(boxes, records)[box_of_row]


def _covered(boxes: Boxes, records: Boxes) -> IntArray:
    """Count the people that each box covers, in whichever way is the faster one."""
    if not len(boxes.counts):
        return np.zeros(0, dtype=np.int64)
    join = join_exact(boxes, records)
    n_words_passed = len(join.boxes) * n_words(len(records.counts))
    if not len(join.boxes) or _PAIR_COSTS_WORDS * join.n_pairs > n_words_passed:
        return _people_in_sets(boxes, records)
    covered = np.empty(len(boxes.counts), dtype=np.int64)
    covered[join.boxes] = join.count(boxes, records)
    others = np.setdiff1d(np.arange(len(covered)), join.boxes, assume_unique=True)
    covered[others] = _covered(boxes.take(others), records)
    return covered


def _people_in_sets(boxes: Boxes, records: Boxes) -> IntArray:
    """Count the people that each box covers by intersecting its columns' sets of records."""
    covered = np.zeros(len(boxes.counts), dtype=np.int64)
    words = n_words(len(records.counts))
    lookups = _lookups(boxes, records)
    digits = binary_digits(records.counts)
    chunk = max(1, CHUNK_BYTES // (8 * words))
    for begin in range(0, len(covered), chunk):
        rows = slice(begin, begin + chunk)
        bits = np.full((len(covered[rows]), words), ~np.uint64(0))
        for name, lookup in lookups.items():
            bits &= lookup(boxes.columns[name].cell_of_row[rows])
        for power, digit in enumerate(digits):
            n_records = np.bitwise_count(bits & digit).sum(axis=1, dtype=np.int64)
            covered[rows] += n_records << power
    return covered


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
    """Return whether published rows cover given original records.

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
    return covers_pairs(published.columns, rows, people, other_rows=records)


def _lookups(boxes: Boxes, records: Boxes) -> dict[str, Lookup]:
    """Prepare each column's sets of records, keeping those of the columns with the fewest cells."""
    lookups, left_bytes = {}, TABLE_BYTES
    for name, cells in sorted(boxes.columns.items(), key=lambda item: item[1].n_cells):
        others = records.columns[name]
        size_bytes = table_bytes(cells, others)
        is_kept = size_bytes <= left_bytes
        left_bytes -= size_bytes if is_kept else 0
        lookups[name] = looked_up(cells, others) if is_kept else packed_on_demand(cells, others)
    return lookups
