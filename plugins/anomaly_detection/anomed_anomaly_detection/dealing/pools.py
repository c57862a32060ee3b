"""Divide labelled records into pools that share nobody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

POOLS = ("training", "trusted", "untrusted", "tuning", "validation")
"""What records are divided into, in this order."""


def stratified(
    y: npt.ArrayLike, shares: Sequence[float], order: npt.NDArray[np.int64]
) -> list[npt.NDArray[np.int64]]:
    """Divide records, class by class.

    Parameters
    ----------
    y
        Labels, shape (n_records,).
    shares
        Of each pool, positive; they add up to at most 1.
    order
        A random permutation of the records: who comes first in it is dealt first, and it is the
        order within each pool.

    Returns
    -------
    list of ndarray of int64
        Row numbers of each pool, disjoint; of each class, a pool's share is met within one record.

    Raises
    ------
    ValueError
        If the shares are no such shares.

    Examples
    --------
    >>> first, second = stratified([0, 0, 1, 1], (0.5, 0.5), np.array([2, 0, 1, 3]))
    >>> first.tolist(), second.tolist()
    ([2, 0], [1, 3])
    """
    if not shares or min(shares) <= 0 or sum(shares) > 1 + 1e-9:
        raise ValueError(
            f"shares must be positive and add up to at most 1, but {list(shares)} came"
        )
    labels = np.asarray(y)[order]
    pool = np.full(len(order), len(shares))
    ends = np.cumsum(shares)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        cuts = np.floor(ends * len(places) + 0.5).astype(np.int64)
        pool[places] = np.searchsorted(cuts, np.arange(len(places)), side="right")
    return [order[pool == number] for number in range(len(shares))]
