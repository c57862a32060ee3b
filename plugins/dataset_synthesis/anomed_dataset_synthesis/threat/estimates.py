"""Estimates with intervals: a measured risk is never a bare number."""

import math

import attrs
from scipy.special import ndtri


@attrs.frozen(kw_only=True)
class Estimate:
    """Hold a value together with its confidence interval.

    Attributes
    ----------
    value : float
        The point estimate.
    low, high : float
        The interval's ends; ``low <= value <= high``.
    confidence : float
        Inside (0, 1): how often such intervals hold the truth.
    """

    value: float
    low: float
    high: float
    confidence: float


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

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927,
    doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> rate = success_rate(8, 10)
    >>> round(rate.low, 3), round(rate.value, 3), round(rate.high, 3)
    (0.49, 0.717, 0.943)
    """
    if not 0 <= n_hits <= n_trials or n_trials < 1:
        raise ValueError(f"{n_hits} hits in {n_trials} trials came; give 0 to as many as trials")
    z = _normal_quantile(confidence)
    total = n_trials + z**2
    value = (n_hits + z**2 / 2) / total
    half = z / total * math.sqrt(n_hits * (n_trials - n_hits) / n_trials + z**2 / 4)
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Estimate(value=value, low=low, high=high, confidence=confidence)


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
    low = _cut(1 - (middle + spread) / (least * most))
    high = _cut(1 - (middle - spread) / (least * most))
    return Estimate(value=value, low=low, high=high, confidence=confidence)


def _cut(value: float) -> float:
    return min(1.0, max(0.0, value))


def _normal_quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} came; give a number between 0 and 1")
    return float(ndtri((1 + confidence) / 2))
