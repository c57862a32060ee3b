"""Equivalence classes: the records that their quasi-identifiers do not tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import frozen

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

_LARGEST_KEY = 2**62
_DENSE_FACTOR = 8  # a lookup table this many times the rows is still cheaper than sorting them


@frozen(kw_only=True, eq=False)
class Codes:
    """One column as small integers.

    Attributes
    ----------
    codes
        int64 (n_rows,), each in 0..n_codes-1.
    n_codes
        The number of distinct values the column may take; not all of them need occur.

    Raises
    ------
    ValueError
        If a code is not an integer from 0 to n_codes-1.
    """

    codes: IntArray
    n_codes: int

    def __attrs_post_init__(self) -> None:
        if self.codes.dtype.kind != "i" or self.codes.ndim != 1:
            raise ValueError(
                f"the codes have dtype {self.codes.dtype} and shape {self.codes.shape}, "
                "expected one signed integer a row."
            )
        if len(self.codes) and not 0 <= self.codes.min() <= self.codes.max() < self.n_codes:
            raise ValueError(
                f"the codes go from {self.codes.min()} to {self.codes.max()}, "
                f"expected 0 to {self.n_codes - 1}."
            )


@frozen(kw_only=True, eq=False)
class EquivalenceClasses:
    """A partition of the rows of a table.

    Attributes
    ----------
    class_of_row
        int64 (n_rows,), the class of each row, in 0..n_classes-1.
    sizes
        int64 (n_classes,), the number of records in each class: its rows weighted by their count.
    counts
        int64 (n_rows,), the number of records that each row stands for.
    """

    class_of_row: IntArray
    sizes: IntArray
    counts: IntArray

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.sizes)

    @property
    def n_records(self) -> int:
        """The number of records that the rows stand for."""
        return int(self.sizes.sum())

    @property
    def first_rows(self) -> IntArray:
        """The first row of each class, standing for it: int64 (n_classes,)."""
        rows = np.empty(self.n_classes, dtype=np.int64)
        rows[self.class_of_row[::-1]] = np.arange(len(self.class_of_row))[::-1]
        return rows


def codes_of(values: npt.ArrayLike | pd.Series) -> Codes:
    """Encode a column by numbering its distinct values in ascending order, null last.

    Parameters
    ----------
    values
        One column (n_rows,) of any dtype pandas can sort and hash. An ordered categorical keeps
        its order; categories that do not occur are left out. None, NaN and NaT are one null.

    Returns
    -------
    Codes
        The column as integers.

    Examples
    --------
    >>> codes_of(["b", None, "a", "b"]).codes.tolist()
    [1, 2, 0, 1]
    """
    column = values if isinstance(values, pd.Series) else pd.Series(values)
    numbers, uniques = pd.factorize(column, sort=True)
    codes = np.asarray(numbers, dtype=np.int64)
    is_null = codes < 0
    n_codes = len(uniques)
    if is_null.any():
        codes = np.where(is_null, n_codes, codes)
        n_codes += 1
    return Codes(codes=codes, n_codes=n_codes)


def equivalence_classes(
    quasi_identifiers: pd.DataFrame, counts: npt.ArrayLike | None = None
) -> EquivalenceClasses:
    """Group the rows that agree on every quasi-identifier.

    Parameters
    ----------
    quasi_identifiers
        The table (n_rows, n_columns), quasi-identifiers only. A null equals a null and nothing
        else: treating it as a wildcard would let blank cells raise k.
    counts
        int (n_rows,), at least 1: the number of records each row stands for; None is 1 for all.

    Returns
    -------
    EquivalenceClasses
        The partition.

    Raises
    ------
    ValueError
        If the table has no row, or the counts do not fit it.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [30, 30, 41, 30], "sex": ["f", "f", "m", None]})
    >>> sorted(equivalence_classes(table).sizes.tolist())
    [1, 1, 2]
    """
    columns = [codes_of(quasi_identifiers.iloc[:, i]) for i in range(quasi_identifiers.shape[1])]
    return classes_of_codes(columns, n_rows=len(quasi_identifiers), counts=counts)


def classes_of_codes(
    columns: Sequence[Codes], *, n_rows: int, counts: npt.ArrayLike | None = None
) -> EquivalenceClasses:
    """Group the rows that agree on every column of codes.

    Parameters
    ----------
    columns
        The columns, each with codes (n_rows,). Without any, all rows form one class.
    n_rows
        The number of rows.
    counts
        int (n_rows,), at least 1: the number of records each row stands for; None is 1 for all.

    Returns
    -------
    EquivalenceClasses
        The partition, its classes numbered in the order of the columns' codes.

    Raises
    ------
    ValueError
        If there is no row, a column has another length, or the counts do not fit.
    """
    if n_rows < 1:
        raise ValueError("the table has 0 rows, at least 1 is needed to form equivalence classes.")
    weights = _as_counts(counts, n_rows)
    keys = np.zeros(n_rows, dtype=np.int64)
    n_keys = 1
    for column in columns:
        if column.codes.shape != (n_rows,):
            raise ValueError(
                f"a column has shape {column.codes.shape}, expected ({n_rows},) as the table."
            )
        if n_keys * column.n_codes > _LARGEST_KEY:
            keys, n_keys = dense_ranks(keys, n_keys)
        keys = keys * column.n_codes + column.codes
        n_keys *= column.n_codes
    class_of_row, n_classes = dense_ranks(keys, n_keys)
    sizes = weighted_bincount(class_of_row, weights, n_bins=n_classes)
    return EquivalenceClasses(class_of_row=class_of_row, sizes=sizes, counts=weights)


def dense_ranks(keys: IntArray, n_keys: int) -> tuple[IntArray, int]:
    """Renumber keys without gaps, keeping their order.

    Parameters
    ----------
    keys
        int64 (n_rows,), each in 0..n_keys-1.
    n_keys
        The size of the key space.

    Returns
    -------
    ranks
        int64 (n_rows,), each in 0..n_ranks-1.
    n_ranks
        The number of distinct keys.
    """
    if n_keys <= _DENSE_FACTOR * len(keys):
        rank_after = np.cumsum(np.bincount(keys, minlength=n_keys) > 0)
        return rank_after[keys] - 1, int(rank_after[-1])
    distinct, ranks = np.unique(keys, return_inverse=True)
    return ranks, len(distinct)


def weighted_bincount(bins: IntArray, weights: IntArray, *, n_bins: int) -> IntArray:
    """Sum integer weights by bin, exactly.

    Parameters
    ----------
    bins
        int64 (n_rows,), each in 0..n_bins-1.
    weights
        int64 (n_rows,).
    n_bins
        The number of bins.

    Returns
    -------
    int64 (n_bins,)
        The sums.
    """
    sums = np.zeros(n_bins, dtype=np.int64)
    np.add.at(sums, bins, weights)
    return sums


def _as_counts(counts: npt.ArrayLike | None, n_rows: int) -> IntArray:
    if counts is None:
        return np.ones(n_rows, dtype=np.int64)
    weights = np.asarray(counts)
    if weights.shape != (n_rows,) or weights.dtype.kind not in "iu":
        raise ValueError(
            f"counts has shape {weights.shape} and dtype {weights.dtype}, "
            f"expected integers of shape ({n_rows},)."
        )
    if weights.min() < 1:
        raise ValueError(f"counts contains {weights.min()}, each row must count at least 1 record.")
    return weights.astype(np.int64)
