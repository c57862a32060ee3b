"""Whole rows as numbers: equality, order and counts of records."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_CAPACITY = 2**62


def row_keys(
    *tables: npt.NDArray[np.integer], n_levels: Sequence[int]
) -> tuple[npt.NDArray[np.int64], ...]:
    """Return keys of the records, equal for equal ones only.

    Parameters
    ----------
    *tables : ndarrays of int, shape (n_records, n_columns)
        Level numbers, -1 for missing; as many columns in each table, any number of records.
    n_levels : sequence of int, shape (n_columns,)
        Number of levels of each column, missing not counted.

    Returns
    -------
    tuple of ndarray of int64, shape (n_records,)
        One array per table. The keys number the distinct records of all tables from 0 in
        lexicographic order, the first column counting most and missing coming first.

    Raises
    ------
    ValueError
        If a table's columns are not as many as `n_levels`.

    Examples
    --------
    >>> left = np.array([[1, 0], [0, 2], [1, 0]])
    >>> row_keys(left, np.array([[0, 2], [1, 1]]), n_levels=(2, 3))
    (array([1, 0, 1]), array([0, 2]))
    """
    for table in tables:
        if table.ndim != 2 or table.shape[1] != len(n_levels):
            raise ValueError(
                f"a table of shape {table.shape} came for {len(n_levels)} columns; "
                "give the columns that n_levels describes"
            )
    ends = np.cumsum([len(table) for table in tables])
    keys = np.zeros(int(ends[-1]) if tables else 0, dtype=np.int64)
    capacity = 1
    for position, n_values in enumerate(n_levels):
        if capacity * (n_values + 1) > _CAPACITY:
            keys, capacity = _dense(keys)
        capacity *= n_values + 1
        keys *= n_values + 1
        start = 0
        for table, end in zip(tables, ends, strict=True):
            keys[start:end] += table[:, position]
            keys[start:end] += 1
            start = end
    keys, _ = _dense(keys)
    return tuple(np.split(keys, ends[:-1]))


def _dense(keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], int]:
    distinct, dense = np.unique(keys, return_inverse=True)
    return dense.astype(np.int64, copy=False).reshape(-1), len(distinct)


def count_in(
    keys: npt.NDArray[np.int64], reference: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Count how often each record appears in a reference table.

    Parameters
    ----------
    keys, reference : ndarray of int64, shape (n_records,) and (n_references,)
        Keys from one call of `row_keys`.

    Returns
    -------
    ndarray of int64, shape (n_records,)
        0 where the reference lacks the record.

    Examples
    --------
    >>> count_in(np.array([3, 0]), np.array([0, 1, 0]))
    array([0, 2])
    """
    n_keys = 1 + max(keys.max(initial=-1), reference.max(initial=-1))
    counts = np.bincount(reference, minlength=int(n_keys))
    return counts[keys].astype(np.int64, copy=False)
