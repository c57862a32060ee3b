"""Compare a published table with the leaky one person by person, if it says who is who."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.privacy.classes import Codes, codes_of
from anomed_dataset_anonymization.schema import Column, ColumnKind, Coordinates
from anomed_dataset_anonymization.schemes import Points, PublishedTable, Ranges
from anomed_dataset_anonymization.utility import non_uniform_entropy, sse_share

UNALIGNED = {"lineage_declared": 0.0, "entropy_loss": 1.0, "sse_share": 100.0}
"""What a table gets that does not say who is who: all is lost that can be."""


def align(table: PublishedTable, leaky: Coordinates) -> dict[str, float]:
    """Measure what is lost of each person's own values.

    Parameters
    ----------
    table : PublishedTable
        In canonical form.
    leaky : ndarray of float64, shape (n_people, n_columns)
        Coordinates of the leaky people.

    Returns
    -------
    dict of str to float
        ``entropy_loss`` in [0, 1], ``sse_share`` in per cent, and ``lineage_declared``, which is 1
        or, if nothing could be compared, 0.
    """
    if table.lineage is None:
        return dict(UNALIGNED)
    row_of_person = np.full(len(leaky), -1, dtype=np.int64)
    row_of_person[table.lineage] = np.arange(table.n_rows)
    before = [codes_of(values) for values in leaky.T]
    after = [_codes_by_person(table, name, row_of_person) for name in table.schema.names]
    return {
        "lineage_declared": 1.0,
        "entropy_loss": non_uniform_entropy(before, after).share,
        "sse_share": _squared_error(table, leaky, row_of_person=row_of_person),
    }


def _codes_by_person(table: PublishedTable, name: str, row_of_person: NDArray[np.int64]) -> Codes:
    codes = table.codes[name].astype(np.int64)
    n_codes = int(codes.max()) + 1
    suppressed = row_of_person < 0
    return Codes(codes=np.where(suppressed, n_codes, codes[row_of_person]), n_codes=n_codes + 1)


def _squared_error(
    table: PublishedTable, leaky: Coordinates, *, row_of_person: NDArray[np.int64]
) -> float:
    """Return 100 SSE / SST over the columns with an order; what is suppressed is at the mean."""
    originals, publisheds = [], []
    for place, column in enumerate(table.schema):
        original = leaky[:, place]
        known = ~np.isnan(original)
        if column.kind is ColumnKind.NOMINAL or np.ptp(original[known]) == 0:
            continue
        mean = original[known].mean()
        numbers = np.where(row_of_person < 0, np.nan, _numbers(table, column)[row_of_person])
        originals.append(np.where(known, original, mean))
        publisheds.append(np.where(np.isnan(numbers) | ~known, mean, numbers))
    if not originals:
        return 0.0
    return sse_share(np.column_stack(originals), np.column_stack(publisheds))


def _numbers(table: PublishedTable, column: Column) -> Coordinates:
    """Return the values of a column with an order; ranges stand for their middle."""
    cells = table.cells[column.name]
    if isinstance(cells, Ranges):
        whole = (cells.low <= column.bounds.low) & (cells.high >= column.bounds.high)
        return np.where(whole, np.nan, (cells.low + cells.high) / 2)
    if isinstance(cells, Points):
        return cells.values
    raise ValueError(f"column {column.name!r} has an order, so it cannot be a set of values.")
