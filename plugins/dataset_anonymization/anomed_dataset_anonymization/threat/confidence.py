"""Success rates with their uncertainty, and what remains of them above a floor."""

from __future__ import annotations

import math
from statistics import NormalDist

import attrs

DEFAULT_LEVEL = 0.95
"""Probability that an interval holds the true value."""


@attrs.frozen(kw_only=True)
class Rate:
    """A share of trials that succeeded, with its Wilson interval.

    Attributes
    ----------
    value : float
        Successes by trials, in [0, 1].
    centre, half_width : float
        Middle and half the width of the interval.
    """

    value: float
    centre: float
    half_width: float

    @property
    def low(self) -> float:
        """Return the lower end of the interval, in [0, 1]."""
        return max(0.0, self.centre - self.half_width)

    @property
    def high(self) -> float:
        """Return the upper end of the interval, in [0, 1]."""
        return min(1.0, self.centre + self.half_width)

    @classmethod
    def certain(cls, value: float) -> Rate:
        """Return a rate that is known rather than measured."""
        return cls(value=value, centre=value, half_width=0.0)


@attrs.frozen(kw_only=True)
class Risk:
    """What an attack achieves beyond a floor that needs no published table.

    Attributes
    ----------
    value : float
        In [0, 1]: 0 = nothing beyond the floor, 1 = everything the floor leaves.
    low, high : float
        Ends of the confidence interval, in [0, 1]. Rank on `low`: what is hardly measured is not
        held against anybody.
    """

    value: float
    low: float
    high: float


def success_rate(n_successes: float, n_trials: int, *, level: float = DEFAULT_LEVEL) -> Rate:
    """Estimate a success rate.

    Parameters
    ----------
    n_successes : float
        From 0 to `n_trials`. Fractions are expected credits: their variance is at most that of a
        success, so the interval errs on the wide side.
    n_trials : int
        At least 1.
    level : float
        Confidence level, above 0 and below 1.

    Returns
    -------
    Rate

    Raises
    ------
    ValueError
        If the numbers are impossible.

    References
    ----------
    E. B. Wilson, JASA 22 (1927) 209, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> rate = success_rate(80, 100)
    >>> round(rate.low, 4), round(rate.high, 4)
    (0.7112, 0.8666)
    """
    if n_trials < 1 or not -1e-9 <= n_successes <= n_trials * (1 + 1e-9):
        raise ValueError(f"{n_successes:g} successes in {n_trials} trials give no rate.")
    squared = normal_quantile(level) ** 2
    failures = max(0.0, n_trials - n_successes)
    spread = squared * max(0.0, n_successes) * failures / n_trials + squared**2 / 4
    return Rate(
        value=min(1.0, max(0.0, n_successes / n_trials)),
        centre=(n_successes + squared / 2) / (n_trials + squared),
        half_width=math.sqrt(spread) / (n_trials + squared),
    )


def residual_risk(attack: Rate, floor: Rate) -> Risk:
    """Estimate what an attack achieves beyond a floor, of what is left to achieve.

    Range [0, 1], lower is more private, 0 at chance (an attack no better than its floor). A floor
    of 1 leaves nothing to achieve: the risk is then 0.

    Parameters
    ----------
    attack : Rate
        Success on the people who are in the leaky table.
    floor : Rate
        Success that owes nothing to their being in it.

    Returns
    -------
    Risk
        ``(attack - floor) / (1 - floor)``, negative values raised to 0; the interval propagates
        the errors of both rates.

    References
    ----------
    Giomi et al., PoPETs 2023(2) 312, doi:10.56553/popets-2023-0055, section 3.

    Examples
    --------
    >>> round(residual_risk(success_rate(950, 1000), success_rate(800, 1000)).value, 3)
    0.75
    """
    value = _residual(attack.value, floor.value)
    room = 1.0 - floor.centre
    if room <= 0.0:
        return Risk(value=value, low=0.0, high=value)
    middle = (attack.centre - floor.centre) / room
    error = math.hypot(attack.half_width / room, (attack.centre - 1.0) / room**2 * floor.half_width)
    low = min(value, max(0.0, middle - error))
    return Risk(value=value, low=low, high=max(value, min(1.0, middle + error)))


def normal_quantile(level: float) -> float:
    """Return the half-width of a central interval of the standard normal distribution.

    Raises
    ------
    ValueError
        If the level is not above 0 and below 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"the confidence level {level} must be above 0 and below 1.")
    return NormalDist().inv_cdf((1.0 + level) / 2.0)


def _residual(attack: float, floor: float) -> float:
    return 0.0 if floor >= 1.0 else max(0.0, (attack - floor) / (1.0 - floor))
