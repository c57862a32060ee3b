"""Exact confidence limits of a proportion."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from anomed_supervised_mia.metrics.estimate import check_confidence

Counts: TypeAlias = "NDArray[np.int64] | int"
Levels: TypeAlias = "NDArray[np.float64] | float"


def clopper_pearson(n_hits: int, n_trials: int, *, confidence: float) -> tuple[float, float]:
    """Return the exact two-sided confidence interval of a proportion.

    Parameters
    ----------
    n_hits : int
        In [0, n_trials].
    n_trials : int
        At least 1.
    confidence : float
        In (0, 1). Either limit errs with at most half of the rest.

    Returns
    -------
    tuple of float
        Lower and upper limit, in [0, 1].

    Raises
    ------
    ValueError
        If the counts or the confidence are out of range.

    References
    ----------
    Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of
    the binomial. doi:10.1093/biomet/26.4.404

    Examples
    --------
    >>> low, high = clopper_pearson(0, 20, confidence=0.95)
    >>> low, round(high, 4)
    (0.0, 0.1684)
    """
    check_confidence(confidence)
    if not (n_trials >= 1 and 0 <= n_hits <= n_trials):
        raise ValueError(
            f"a proportion needs 0 <= n_hits <= n_trials and n_trials >= 1, "
            f"but came as {n_hits} of {n_trials}."
        )
    error = (1 - confidence) / 2
    return float(lower_limit(n_hits, n_trials, error)), float(upper_limit(n_hits, n_trials, error))


def lower_limit(n_hits: Counts, n_trials: int, error: Levels) -> NDArray[np.float64]:
    """Return Clopper-Pearson lower limits, each above the truth with probability at most `error`.

    Parameters
    ----------
    n_hits : int array, broadcastable with `error`
        In [0, n_trials]. Unchecked, as is all here.
    n_trials : int
    error : float array
        In (0, 1].

    Returns
    -------
    float64 array
        In [0, 1].
    """
    hits = np.asarray(n_hits)
    limits = betaincinv(np.maximum(hits, 1), n_trials - hits + 1, error)
    return np.where(hits == 0, 0.0, limits)


def upper_limit(n_hits: Counts, n_trials: int, error: Levels) -> NDArray[np.float64]:
    """Return Clopper-Pearson upper limits, each below the truth with probability at most `error`.

    Parameters
    ----------
    n_hits : int array, broadcastable with `error`
        In [0, n_trials]. Unchecked, as is all here.
    n_trials : int
    error : float array
        In (0, 1].

    Returns
    -------
    float64 array
        In [0, 1].
    """
    return 1.0 - lower_limit(n_trials - np.asarray(n_hits), n_trials, error)
