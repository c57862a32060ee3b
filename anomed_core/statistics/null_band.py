"""Where the figures of a worthless attack lie by chance."""

from __future__ import annotations

import math

from anomed_core.statistics.intervals import normal_quantile


def null_band(
    n_members: int, n_non_members: int, *, fpr: float | None = None, confidence: float = 0.95
) -> tuple[float, float]:
    """Say where a worthless attack's figure lies by chance.

    Parameters
    ----------
    n_members, n_non_members : int
        Number of targets of either kind, at least 1.
    fpr : float, optional
        The band of the TPR at this FPR, in 0...1; the band of the AUC by default.
    confidence : float, default .95
        Share of worthless attacks, with scores without ties, inside the band.

    Returns
    -------
    low, high : float
        For the AUC the normal approximation of the Mann-Whitney statistic, for the TPR the exact
        beta-binomial distribution of the members above the threshold that the non-members set.

    Raises
    ------
    ValueError
        If there are no targets of a kind, or the confidence is out of range.

    Examples
    --------
    >>> low, high = null_band(100, 100)
    >>> round(low, 2), round(high, 2)
    (0.42, 0.58)
    >>> null_band(100, 100, fpr=0.01)
    (0.0, 0.07)
    """
    if min(n_members, n_non_members) < 1:
        raise ValueError(
            f"{n_members} members and {n_non_members} non-members came; give at least one"
        )
    if fpr is None:
        spread = math.sqrt((n_members + n_non_members + 1) / (12 * n_members * n_non_members))
        half = normal_quantile(confidence) * spread
        return max(0.0, 0.5 - half), min(1.0, 0.5 + half)
    from scipy.stats import betabinom  # a second to import, and seldom needed

    # 0.29 * 100 is 28.999999999999996.
    n_alarms = math.floor(fpr * n_non_members + 1e-9)
    if n_alarms >= n_non_members:
        return 1.0, 1.0
    hits = betabinom(n_members, n_alarms + 1, n_non_members - n_alarms)
    low, high = hits.ppf([(1 - confidence) / 2, (1 + confidence) / 2]) / n_members
    return float(low), float(high)
