"""The true-positive rate at a low false-positive rate, with an interval that covers it."""

from __future__ import annotations

import math
from typing import TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, ndtr, ndtri

from anomed_core.statistics._region import radius
from anomed_core.statistics.estimate import MembershipEstimate, check_confidence
from anomed_core.statistics.intervals import lower_limit, upper_limit
from anomed_core.statistics.roc import OperatingPoint, Roc, operating_point, tpr_at_fpr

_Floats: TypeAlias = NDArray[np.float64]
_Integers: TypeAlias = NDArray[np.int64]


@attrs.frozen(kw_only=True)
class TprAtFpr:
    """A true-positive rate at a false-positive rate, and the threshold that realises it.

    Attributes
    ----------
    level : float
        The false-positive rate asked for, in [0, 1].
    point : OperatingPoint
        The threshold, and the rates and counts that it gives on these records.
    estimate : MembershipEstimate
        The true-positive rate; unresolved if there are fewer than ``1 / level - 1`` non-members.
    """

    level: float
    point: OperatingPoint
    estimate: MembershipEstimate


def estimate_tpr_at_fpr(
    roc: Roc, level: float, *, confidence: float = 0.95, calibrated: bool = False
) -> TprAtFpr:
    r"""Estimate the true-positive rate that the attack reaches at a false-positive rate.

    Range [0, 1], higher is the stronger attack, at most `level` at chance.

    The interval is for ``max{TPR(t) : FPR(t) <= level}`` in the population. The threshold that
    attains it is unknown, but how many sampled non-members exceed it is binomial, and so is the
    number of members. Every step of the curve that both counts allow, in the joint sense of one
    confidence region, is a candidate; the limits are the smallest and the largest Clopper-Pearson
    limit over the candidates. That is exact in finite samples, with ties too. A Clopper-Pearson
    interval at the chosen threshold is not: it ignores that the threshold was chosen, and covers
    60 to 80 % instead of 95 %.

    Parameters
    ----------
    roc : Roc
    level : float
        In [0, 1].
    confidence : float, default=0.95
        In (0, 1).
    calibrated : bool, default=False
        Take the threshold that admits at most ``floor(level * (n_non_members + 1)) - 1``
        non-members instead of ``level * n_non_members``: its false-positive rate on new records is
        at most `level` on average, which removes the optimism of small samples.

    Returns
    -------
    TprAtFpr

    Raises
    ------
    ValueError
        If the level is not in [0, 1] or the confidence is not in (0, 1).

    References
    ----------
    Carlini et al. (2022), Membership Inference Attacks From First Principles, section III-B.
    doi:10.1109/SP46214.2022.9833649

    Examples
    --------
    >>> import numpy as np
    >>> from anomed_core.statistics import roc_curve
    >>> is_member = np.repeat([True, False], 100)
    >>> curve = roc_curve(is_member, np.append(np.arange(50, 150), np.arange(100)))
    >>> result = estimate_tpr_at_fpr(curve, 0.1)
    >>> print(result.estimate, result.point.fpr, result.point.threshold)
    0.600 [0.444, 0.738] 0.1 90.0
    """
    check_confidence(confidence)
    point = _calibrated_point(roc, level) if calibrated else tpr_at_fpr(roc, level)
    low, high = tpr_limits(roc, level, confidence=confidence)
    estimate = MembershipEstimate(
        value=point.tpr,
        low=min(low, point.tpr),
        high=max(high, point.tpr),
        confidence=confidence,
        n_members=roc.n_members,
        n_non_members=roc.n_non_members,
        method="exact joint region over thresholds" + (", calibrated" if calibrated else ""),
        resolved=_n_calibrated(roc.n_non_members, level) > 0,
    )
    return TprAtFpr(level=level, point=point, estimate=estimate)


def tpr_limits(roc: Roc, level: float, *, confidence: float) -> tuple[float, float]:
    """Return confidence limits of the best true-positive rate at a false-positive rate.

    Parameters
    ----------
    roc : Roc
    level : float
        In [0, 1].
    confidence : float
        In (0, 1).

    Returns
    -------
    tuple of float
        Lower and upper limit, in [0, 1].
    """
    z = radius((1 - confidence) / 2)
    counts, at_most, at_least = _binomial_tails(roc.n_non_members, level, z=z)
    low_counts, low_errors = _allowed(counts, at_most, z=z)
    high_counts, high_errors = _allowed(counts[::-1], at_least[::-1], z=z)
    # Just below the sought threshold at least `level` of the non-members are admitted, so the
    # curve has passed the sought threshold when it reaches a count that is not too low.
    reached = np.searchsorted(roc.n_false_positives, low_counts, side="left")
    n_before = np.where(reached > 0, roc.n_true_positives[np.maximum(reached - 1, 0)], 0)
    last = np.searchsorted(roc.n_false_positives, high_counts, side="right") - 1
    n_after = roc.n_true_positives[last]
    low = lower_limit(n_before, roc.n_members, low_errors).min()
    high = upper_limit(n_after, roc.n_members, high_errors).max()
    return float(low), float(high)


def _binomial_tails(n: int, rate: float, *, z: float) -> tuple[_Integers, _Floats, _Floats]:
    """Return the counts within more than z deviations of the mean, and both their tails."""
    mean = rate * n
    reach = (z + 3) * math.sqrt(mean + 1)
    counts = np.arange(max(0, math.floor(mean - reach)), min(n, math.ceil(mean + reach)) + 1)
    at_least = np.where(counts > 0, bdtrc(np.maximum(counts - 1, 0), n, rate), 1.0)
    return counts, bdtr(counts, n, rate), at_least


def _allowed(counts: _Integers, tail: _Floats, *, z: float) -> tuple[_Integers, _Floats]:
    """Return the counts within z deviations, and the error left for the other sample's limit.

    Of the counts on the near side of the median, which deviate by nothing, only the one nearest to
    it can decide. Hence the tail must ascend: the others come after that one.
    """
    first, median = np.searchsorted(tail, [ndtr(-z), 0.5])
    chosen = slice(first, median + 1)
    deviation = np.maximum(-ndtri(tail[chosen]), 0.0)
    # The first count may deviate by z itself, which rounding makes a little more.
    return counts[chosen], ndtr(-np.sqrt(np.maximum(z * z - deviation**2, 0.0)))


def _n_calibrated(n_non_members: int, level: float) -> int:
    """Return the largest n with ``n / (n_non_members + 1) <= level``, compared as quotients."""
    n = math.floor(level * (n_non_members + 1))
    return n + 1 if (n + 1) / (n_non_members + 1) <= level else n


def _calibrated_point(roc: Roc, level: float) -> OperatingPoint:
    if not 0 <= level <= 1:
        raise ValueError(f"a false-positive rate must be in [0, 1], but the level is {level}.")
    n_allowed = _n_calibrated(roc.n_non_members, level) - 1
    if n_allowed < 0:
        return operating_point(roc, 0)
    return operating_point(
        roc, int(np.searchsorted(roc.n_false_positives, n_allowed, side="right")) - 1
    )
