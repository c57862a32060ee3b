"""How strongly columns hang together, two at a time."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt


def associations(bins: npt.NDArray[np.int64], *, n_bins: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return Cramér's V of every pair of columns.

    Parameters
    ----------
    bins : ndarray of int64, shape (n_records, n_columns)
        Bins by column, 0 to ``n_bins - 1``; at least one record.
    n_bins : sequence of int, shape (n_columns,)
        Number of bins by column.

    Returns
    -------
    ndarray of float64, shape (n_columns, n_columns)
        In 0..1: 0 for independent columns, 1 where one tells the other. NaN on the diagonal, and
        where a column holds one bin only, for then there is nothing to hang together.

    References
    ----------
    H. Cramér, "Mathematical Methods of Statistics", 1946, section 21.9.

    Examples
    --------
    >>> associations(np.array([[0, 1], [1, 0], [0, 1]]), n_bins=(2, 2)).round(3)
    array([[nan,  1.],
           [ 1., nan]])
    """
    n_columns = len(n_bins)
    result = np.full((n_columns, n_columns), np.nan)
    for row, column in combinations(range(n_columns), 2):
        codes = bins[:, row] * n_bins[column] + bins[:, column]
        counts = np.bincount(codes, minlength=n_bins[row] * n_bins[column])
        joint = counts.reshape(n_bins[row], n_bins[column]) / len(bins)
        joint = joint[joint.any(axis=1)][:, joint.any(axis=0)]
        if min(joint.shape) < 2:
            continue
        expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        square = float(((joint - expected) ** 2 / expected).sum())
        result[row, column] = result[column, row] = np.sqrt(square / (min(joint.shape) - 1))
    return result
