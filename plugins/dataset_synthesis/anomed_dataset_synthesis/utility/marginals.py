"""Marginal accuracy: how alike two tables are in one, two and three columns at a time."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod

import numpy as np
import numpy.typing as npt


def marginal_accuracies(
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    *,
    n_bins: Sequence[int],
    order: int,
) -> npt.NDArray[np.float64]:
    """Compare two tables on every choice of `order` columns.

    The accuracy of a choice is 1 - TVD, where the total variation distance TVD is half the sum of
    absolute differences between the two tables' relative frequencies, over all combinations of
    bins. In 0..1, higher is more alike, 1 for equal frequencies; two samples of one population
    stay below 1, and the more so the more combinations there are.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_records, n_columns)
        Bins by column, 0 to ``n_bins - 1``; the two numbers of records may differ.
    n_bins : sequence of int, shape (n_columns,)
        Number of bins by column.
    order : {1, 2, 3}
        How many columns at a time.

    Returns
    -------
    ndarray of float64, shape (n_choices,)
        In the order of ``itertools.combinations(range(n_columns), order)``.

    Raises
    ------
    ValueError
        If a table has no records, the columns don't match `n_bins`, or `order` is not 1, 2 or 3
        or exceeds the number of columns.

    References
    ----------
    M. Platzer, T. Reutterer, "Holdout-based empirical assessment of mixed-type synthetic data",
    2021, doi:10.3389/fdata.2021.679939.

    Examples
    --------
    >>> left, right = np.array([[0, 0], [1, 1]]), np.array([[0, 1], [1, 0]])
    >>> marginal_accuracies(left, right, n_bins=(2, 2), order=1)
    array([1., 1.])
    >>> marginal_accuracies(left, right, n_bins=(2, 2), order=2)
    array([0.])
    """
    for table in (left, right):
        if table.ndim != 2 or table.shape[1] != len(n_bins) or len(table) == 0:
            raise ValueError(
                f"a table of shape {table.shape} came for {len(n_bins)} columns; "
                "give the columns that n_bins describes and at least one record"
            )
    if order not in (1, 2, 3) or order > len(n_bins):
        raise ValueError(f"order {order} of {len(n_bins)} columns; give 1, 2 or 3 of them")
    pairs = zip(
        _joint_counts(left, n_bins, order=order),
        _joint_counts(right, n_bins, order=order),
        strict=True,
    )
    distances = [np.abs(mine / len(left) - others / len(right)).sum() / 2 for mine, others in pairs]
    return 1.0 - np.array(distances)


def _joint_counts(
    bins: npt.NDArray[np.int64], n_bins: Sequence[int], *, order: int
) -> Iterator[npt.NDArray[np.intp]]:
    """Count the combinations of bins for every choice of columns.

    A combination's number is built up column by column; what the first columns of a choice have
    in common with the choice before is kept.
    """
    prefix, joint = None, bins[:, 0]
    for choice in combinations(range(len(n_bins)), order):
        *first, last = choice
        if first != prefix:
            prefix, joint = first, _combine(bins, n_bins, columns=first)
        codes = joint * n_bins[last] + bins[:, last]
        yield np.bincount(codes, minlength=prod(n_bins[column] for column in choice))


def _combine(
    bins: npt.NDArray[np.int64], n_bins: Sequence[int], *, columns: Sequence[int]
) -> npt.NDArray[np.int64]:
    codes = np.zeros(len(bins), dtype=np.int64)
    for column in columns:
        codes = codes * n_bins[column] + bins[:, column]
    return codes
