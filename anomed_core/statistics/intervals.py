"""Confidence intervals of a proportion: Wilson's, and the exact one of Clopper and Pearson.

Wilson's holds the truth with the given probability on average over the proportions; for some it is
a little less. Clopper and Pearson's holds it with at least that probability for every proportion,
and is wider. Take the exact limits where a claim is refuted by them.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from anomed_core.statistics.estimate import check_confidence

Counts: TypeAlias = "NDArray[np.int64] | NDArray[np.float64] | float"
Levels: TypeAlias = "NDArray[np.float64] | float"


@attrs.frozen(kw_only=True)
class Rate:
    """A share of trials that succeeded, with its Wilson interval.

    Attributes
    ----------
    value : float
        Hits by trials, in [0, 1].
    centre, half_width : float
        Middle of the interval and half its width. The centre shrinks the value a little towards
        one half.
    confidence : float
        How often such intervals hold the truth, in (0, 1); 1 for a rate that is known.
    n_hits : float
        In [0, n_trials]; fractions are expected credits.
    n_trials : int
        At least 1; 0 for a rate that is known.
    """

    value: float
    centre: float
    half_width: float
    confidence: float
    n_hits: float = 0.0
    n_trials: int = 0

    @property
    def is_certain(self) -> bool:
        """Return whether the rate is known rather than measured."""
        return self.n_trials == 0

    @property
    def low(self) -> float:
        """Return the lower end of the interval, in [0, `value`]."""
        return min(self.value, max(0.0, self.centre - self.half_width))

    @property
    def high(self) -> float:
        """Return the upper end of the interval, in [`value`, 1]."""
        return max(self.value, min(1.0, self.centre + self.half_width))

    @classmethod
    def certain(cls, value: float) -> Rate:
        """Return a rate that is known rather than measured."""
        return cls(value=value, centre=value, half_width=0.0, confidence=1.0)


def wilson_interval(n_hits: float, n_trials: int, *, confidence: float = 0.95) -> Rate:
    r"""Estimate a probability from hits among independent trials by Wilson's score interval.

    For k hits in n trials and the normal quantile z, the interval is

    .. math:: \frac{k + z^2/2}{n + z^2} \pm \frac{z}{n + z^2} \sqrt{\frac{k (n-k)}{n} + z^2/4}.

    Parameters
    ----------
    n_hits : float
        In [0, n_trials], up to rounding. Fractions are expected credits: their variance is at most
        that of a hit, so the interval errs on the wide side.
    n_trials : int
        At least 1.
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    Rate
        In [0, 1].

    Raises
    ------
    ValueError
        If the counts or the confidence are out of range.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> rate = wilson_interval(80, 100)
    >>> round(rate.low, 4), rate.value, round(rate.high, 4)
    (0.7112, 0.8, 0.8666)
    """
    squared = normal_quantile(confidence) ** 2
    # Credits are sums of fractions, which rounding may carry over either end.
    if n_trials < 1 or not -1e-9 <= n_hits <= n_trials * (1 + 1e-9):
        raise _impossible(n_hits, n_trials)
    hits = min(max(float(n_hits), 0.0), float(n_trials))
    spread = squared * hits * (n_trials - hits) / n_trials + squared**2 / 4
    return Rate(
        value=hits / n_trials,
        centre=(hits + squared / 2) / (n_trials + squared),
        half_width=math.sqrt(spread) / (n_trials + squared),
        confidence=confidence,
        n_hits=hits,
        n_trials=n_trials,
    )


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
    if n_trials < 1 or not 0 <= n_hits <= n_trials:
        raise _impossible(n_hits, n_trials)
    error = (1 - confidence) / 2
    return float(lower_limit(n_hits, n_trials, error)), float(upper_limit(n_hits, n_trials, error))


def lower_limit(n_hits: Counts, n_trials: int, error: Levels) -> NDArray[np.float64]:
    r"""Return Clopper-Pearson lower limits, each above the truth with probability at most `error`.

    The limit is the quantile :math:`B^{-1}(\text{error}; k, n - k + 1)` of the beta distribution.

    Parameters
    ----------
    n_hits : int array, broadcastable with `error`
        In [0, n_trials]. Unchecked, as is all here. Fractions are expected credits, whose
        limits lie between those of the whole numbers beside them.
    n_trials : int
    error : float array
        In (0, 1].

    Returns
    -------
    float64 array
        In [0, 1].
    """
    hits = np.asarray(n_hits)
    # At no hits the quantile is NaN, and the limit 0; any number does in its place meanwhile.
    limits = betaincinv(np.where(hits > 0, hits, 1), n_trials - hits + 1, error)
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


def normal_quantile(confidence: float) -> float:
    """Return half the width of the central interval of the standard normal distribution.

    Parameters
    ----------
    confidence : float
        Probability inside, in (0, 1).

    Returns
    -------
    float
        In standard deviations, above 0.

    Raises
    ------
    ValueError
        If the confidence is not in (0, 1).

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    check_confidence(confidence)
    # From the tail: near 1, (1 + confidence) / 2 would have lost its digits.
    return -float(ndtri((1 - confidence) / 2))


def _impossible(n_hits: float, n_trials: int) -> ValueError:
    return ValueError(
        f"a proportion needs 0 <= n_hits <= n_trials and n_trials >= 1, "
        f"but came as {n_hits} of {n_trials}."
    )
