"""Check the input of algorithms that work on points in space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def check_points(points: ArrayLike, k: int) -> NDArray[np.float64]:
    """Return points as a matrix, of shape ``(n_records, n_dimensions)``.

    Raises
    ------
    ValueError
        If they aren't a matrix of finite numbers, or `k` is outside ``[1, n_records]``.
    """
    matrix = np.asarray(points, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise ValueError(f"points must have shape (n_records, n_dimensions), got {matrix.shape}.")
    if not np.isfinite(matrix).all():
        raise ValueError(
            "points must be finite numbers, got NaN or infinity: encode missing values."
        )
    if not 1 <= k <= len(matrix):
        raise ValueError(f"k must lie between 1 and the {len(matrix)} records, got {k}.")
    return matrix
