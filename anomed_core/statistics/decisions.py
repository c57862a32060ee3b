"""Attacks that decide: who is said to be a member, and how often that is so."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from anomed_core.statistics.ranking import as_truth


def advantage(truth: ArrayLike, score: ArrayLike, *, threshold: float = 0.5) -> float:
    """Return the true-positive rate minus the false-positive rate at one threshold.

    Range [-1, 1], higher is the stronger attack, 0 at chance (Yeom et al. 2018,
    doi:10.1109/CSF.2018.00027, Definition 4).

    Parameters
    ----------
    truth : array_like
        Truth values or 0 and 1, shape (n_records,); both occur.
    score : array_like
        Shape (n_records,); truth values count as 0 and 1.
    threshold : float, default=0.5
        Records with at least this score are said to be members.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, a score is not finite, or all records are of one class.

    Examples
    --------
    >>> advantage([True, True, False, False], [0.9, 0.4, 0.5, 0.1])
    0.0
    """
    is_member = as_truth(truth, name="truth")
    scores = np.asarray(score, dtype=np.float64)
    if scores.shape != is_member.shape:
        raise ValueError(f"truth has shape {is_member.shape}, but scores {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
    if is_member.all() or not is_member.any():
        raise ValueError("members and non-members must both occur")
    is_called = scores >= threshold
    return float(is_called[is_member].mean() - is_called[~is_member].mean())
