"""Arrays that attacks work on, and what goes for an array: frames, columns, sparse matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]

#: Numbers worked on at once, so that memory does not grow with the records.
BLOCK_NUMBERS = 2**20


def as_array(value: Any) -> npt.NDArray[Any]:
    """Return an array, or what stands for one, as a dense array of plain numbers or texts.

    Raises
    ------
    ValueError
        If records are masked out.
    """
    if np.ma.is_masked(value):
        raise ValueError(
            f"{int(np.ma.getmaskarray(value).sum())} values are masked, but every record counts; "
            "drop these records from all arrays, or fill them."
        )
    array = np.asarray(value.toarray() if sparse.issparse(value) else value)
    # Columns that could hold missing values come as objects.
    plain = np.asarray(array.tolist()) if array.dtype.kind == "O" and array.size else array
    return plain if plain.shape == array.shape else array


def as_floats(value: Any) -> Floats:
    """Return numbers in the floating dtype that they came in, or else as float64.

    Raises
    ------
    ValueError
        If they are no real numbers, or some are masked.
    """
    array = as_array(value)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"Numbers are needed, but an array of dtype {array.dtype} came; give floats, without "
            "missing values."
        )
    keeps = array.dtype.kind == "f" and array.dtype.itemsize <= 8
    dtype = array.dtype.newbyteorder("=") if keeps else np.dtype(np.float64)
    return array.astype(dtype, copy=False)


def by_block(
    array: npt.NDArray[Any], compute: Callable[[FloatArray, slice], FloatArray]
) -> FloatArray:
    """Compute a number for each row from blocks of rows, float64 and contiguous."""
    numbers = np.empty(len(array))
    for rows in blocks(array):
        numbers[rows] = compute(np.ascontiguousarray(array[rows], dtype=np.float64), rows)
    return numbers


def blocks(array: npt.NDArray[Any]) -> Iterator[slice]:
    """Yield slices of rows that hold `BLOCK_NUMBERS` numbers or a little less."""
    n_rows = max(1, BLOCK_NUMBERS // max(1, array.shape[1]))
    for first in range(0, len(array), n_rows):
        yield slice(first, first + n_rows)


def as_table(value: Any) -> Any:
    """Return what a classifier takes, with rows that `rows_of` can select: a frame stays one."""
    if sparse.issparse(value):
        return value.tocsr()
    return value if hasattr(value, "iloc") else np.asarray(value)


def rows_of(table: Any, chosen: BoolArray) -> Any:
    """Select rows of what `as_table` returned."""
    return table.iloc[chosen] if hasattr(table, "iloc") else table[chosen]
