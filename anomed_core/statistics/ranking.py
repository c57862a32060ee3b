"""Order records by score once; every curve, slice and bound is read off that order."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray


@attrs.frozen(kw_only=True, eq=False)
class Ranking:
    """Records in descending order of their membership score.

    Attributes
    ----------
    scores : float64 array of shape (n_records,)
        Finite scores, descending; higher means "more likely a member".
    is_member : bool array of shape (n_records,)
        The truth about the record at each rank.
    order : int64 array of shape (n_records,)
        Position of the record at each rank among the records that were ranked.
    """

    scores: NDArray[np.float64]
    is_member: NDArray[np.bool_]
    order: NDArray[np.int64]

    def take(self, ranks: NDArray[np.int64] | NDArray[np.bool_]) -> Ranking:
        """Return the ranking of some records, keeping their order, without sorting again.

        Parameters
        ----------
        ranks : bool array of shape (n_records,) or ascending int64 array of shape (n_chosen,)
            Which ranks to keep.

        Returns
        -------
        Ranking
            The chosen records; `order` still refers to all the records.
        """
        return Ranking(
            scores=self.scores[ranks], is_member=self.is_member[ranks], order=self.order[ranks]
        )


def rank(is_member: ArrayLike, scores: ArrayLike) -> Ranking:
    """Sort records by descending score with a single argsort.

    Parameters
    ----------
    is_member : bool array of shape (n_records,)
        The truth. Integers and floats are taken if they are all 0 or 1.
    scores : float array of shape (n_records,)
        Finite; higher means "more likely a member". Booleans count as 0 and 1.

    Returns
    -------
    Ranking

    Raises
    ------
    ValueError
        If the arrays are not one-dimensional, differ in length or are empty, if `is_member` holds
        anything but truth values, or if a score is not finite or is the largest float.
    """
    truth = as_truth(is_member, name="is_member")
    values = np.asarray(scores)
    if values.dtype.kind not in "bfiu":
        raise ValueError(f"scores must be real numbers, but their dtype is {values.dtype}.")
    values = values.astype(np.float64, copy=False)
    if values.shape != truth.shape:
        raise ValueError(
            f"scores has shape {values.shape}, but is_member has shape {truth.shape}; "
            "give exactly one score for each record."
        )
    order = np.argsort(values)[::-1]
    descending = values[order]
    # NaN sorts last and infinities at either end, so two looks suffice. Above the largest float
    # there is no finite threshold that admits nobody.
    if not (np.isfinite(descending[[0, -1]]).all() and descending[0] < np.finfo(np.float64).max):
        raise ValueError(
            "scores must be finite and below the largest float64, but some are not; "
            "replace NaN and infinite scores."
        )
    return Ranking(scores=descending, is_member=truth[order], order=order)


def as_truth(values: ArrayLike, *, name: str) -> NDArray[np.bool_]:
    """Return a non-empty one-dimensional array of truth values as bool.

    Parameters
    ----------
    values : bool array of shape (n_records,)
        Integers and floats are taken if they are all 0 or 1.
    name : str
        What to call the array in an error message.

    Returns
    -------
    bool array of shape (n_records,)

    Raises
    ------
    ValueError
        If the array is empty, not one-dimensional, or holds anything but truth values.
    """
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"{name} must be a non-empty one-dimensional array, but its shape is {array.shape}."
        )
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind not in "fiu" or not ((array == 0) | (array == 1)).all():
        raise ValueError(
            f"{name} must hold truth values only (bool, or 0 and 1), "
            f"but it has dtype {array.dtype} and other values."
        )
    return array.astype(np.bool_)
