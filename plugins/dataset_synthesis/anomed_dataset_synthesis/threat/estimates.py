"""Estimates with intervals: a measured risk is never a bare number."""

import math

from anomed_core.statistics import Estimate, wilson_interval


def success_rate(n_hits: int, n_trials: int, *, confidence: float = 0.95) -> Estimate:
    """Estimate a probability from hits among independent trials by Wilson's score interval.

    The point estimate is the interval's centre, (k + z^2 / 2) / (n + z^2), which shrinks the raw
    rate k / n a little towards one half.

    Parameters
    ----------
    n_hits, n_trials : int
        ``0 <= n_hits <= n_trials``, at least one trial.
    confidence : float, default .95
        Inside (0, 1).

    Returns
    -------
    Estimate
        In 0..1.

    Raises
    ------
    ValueError
        If the counts or the confidence are out of range.

    Examples
    --------
    >>> rate = success_rate(8, 10)
    >>> round(rate.low, 3), round(rate.value, 3), round(rate.high, 3)
    (0.49, 0.717, 0.943)
    """
    rate = wilson_interval(n_hits, n_trials, confidence=confidence)
    return Estimate(value=rate.centre, low=rate.low, high=rate.high, confidence=confidence)


def excess_success(
    hits: tuple[int, int], controls: tuple[int, int], *, confidence: float = 0.95
) -> Estimate:
    """Estimate the share of successes that only the secret explains, by Abbott's correction.

    With success rates p on members and q on controls, that share is (p - q) / (1 - q): of those
    whom chance would not have given away, so many were. It is 1 - (1 - p) / (1 - q), a ratio of
    two failure rates, whose interval follows by Fieller's theorem from the two Wilson intervals.

    Parameters
    ----------
    hits, controls : tuple of int
        (number of hits, number of trials) on members and on controls.
    confidence : float, default .95
        Inside (0, 1).

    Returns
    -------
    Estimate
        Cut off at 0 and 1. 0 where members fare no better than controls, higher is riskier.

    Raises
    ------
    ValueError
        If counts or confidence are out of range.

    References
    ----------
    W. S. Abbott, "A method of computing the effectiveness of an insecticide", 1925,
    doi:10.1093/jee/18.2.265a. E. C. Fieller, "Some problems in interval estimation", 1954,
    doi:10.1111/j.2517-6161.1954.tb00159.x.

    Examples
    --------
    >>> excess_success((100, 100), (0, 100)).low > 0.9
    True
    >>> excess_success((30, 100), (30, 100)).value
    0.0
    """
    hit = success_rate(*hits, confidence=confidence)
    other = success_rate(*controls, confidence=confidence)
    failure, other_failure = 1 - hit.value, 1 - other.value
    least, most = 1 - other.high, 1 - other.low
    value = _cut(1 - failure / other_failure)
    if least * most <= 0:
        return Estimate(value=value, low=0.0, high=1.0, confidence=confidence)
    middle = failure * other_failure
    spread = math.sqrt(max(0.0, middle**2 - (1 - hit.high) * (1 - hit.low) * least * most))
    low = min(value, _cut(1 - (middle + spread) / (least * most)))
    high = max(value, _cut(1 - (middle - spread) / (least * most)))
    return Estimate(value=value, low=low, high=high, confidence=confidence)


def _cut(value: float) -> float:
    return min(1.0, max(0.0, value))
