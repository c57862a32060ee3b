"""The area under the ROC curve with its interval."""

from __future__ import annotations

from scipy.special import betaincinv

from anomed_core.statistics.advantages import difference_limits
from anomed_core.statistics.delong import delong_variance
from anomed_core.statistics.estimate import MembershipEstimate, check_confidence
from anomed_core.statistics.roc import Roc, auc

#: With fewer records on either side, the spread itself can't be measured.
MIN_RECORDS = 10


def estimate_auc(roc: Roc, *, confidence: float = 0.95) -> MembershipEstimate:
    r"""Estimate the area under the ROC curve with its interval.

    Range [0, 1], higher is the stronger attack, 0.5 at chance.

    DeLong's variance v is turned into the effective number of comparisons
    :math:`N = A (1 - A) / v`, and the limits are Clopper-Pearson's for :math:`A N` wins of N. Near
    0 and 1, where the textbook's normal interval is far too short (its error is 33 % instead of
    5 % at an area of 0.999 and 100 records a side), one uninformative record is added to either
    sample for the variance, and N is at most the square of the smaller side, so that the interval
    says next to nothing about a side of one record. If the score has at most two levels, the area
    is the balanced accuracy of that decision, and so is the interval.

    Parameters
    ----------
    roc : Roc
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    MembershipEstimate
        Unresolved with fewer than 10 records on either side.

    Raises
    ------
    ValueError
        If the confidence is not in (0, 1).

    References
    ----------
    See `delong_variance`; Clopper and Pearson (1934), doi:10.1093/biomet/26.4.404

    Examples
    --------
    >>> from anomed_core.statistics import roc_curve
    >>> is_member = [True] * 10 + [False] * 10
    >>> print(estimate_auc(roc_curve(is_member, [*range(5, 15), *range(10)])))
    0.875 [0.614, 0.985]
    """
    check_confidence(confidence)
    area = auc(roc)
    if roc.thresholds.size <= 3:
        low, high = difference_limits(
            int(roc.n_true_positives[1]),
            int(roc.n_false_positives[1]),
            n_members=roc.n_members,
            n_non_members=roc.n_non_members,
            confidence=confidence,
        )
        if roc.thresholds.size == 2:  # All scores are equal: neither direction is the better one.
            low, high = min(low, -high), max(high, -low)
        low, high, method = (1 + low) / 2, (1 + high) / 2, "two levels, exact joint region"
    else:
        n_comparisons = _effective_comparisons(roc, area)
        wins, losses = area * n_comparisons, (1 - area) * n_comparisons
        error = (1 - confidence) / 2
        low = float(betaincinv(wins, losses + 1, error)) if wins > 0 else 0.0
        high = float(betaincinv(wins + 1, losses, 1 - error)) if losses > 0 else 1.0
        method = "DeLong variance, Clopper-Pearson limits"
    return MembershipEstimate(
        value=area,
        low=min(low, area),
        high=max(high, area),
        confidence=confidence,
        n_members=roc.n_members,
        n_non_members=roc.n_non_members,
        method=method,
        resolved=min(roc.n_members, roc.n_non_members) >= MIN_RECORDS,
    )


def _effective_comparisons(roc: Roc, area: float) -> float:
    """Return how many independent comparisons would measure the area as well as these records."""
    n_members, n_non_members = roc.n_members, roc.n_non_members
    fewer = min(n_members, n_non_members)
    shrunk = (area * fewer + 0.5) / (fewer + 1)
    variance = delong_variance(roc) + (area - 0.5) ** 2 * (n_members**-2 + n_non_members**-2)
    # A side of one record has no spread, and that of two or three often comes out far too small.
    n_pairs = fewer**2
    return min(shrunk * (1 - shrunk) / variance, n_pairs) if variance > 0 else n_pairs
