"""Success rates with their uncertainty, and what remains of them above a floor."""

from __future__ import annotations

import math
from typing import TypeAlias

from anomed_core.statistics import Estimate, Rate, wilson_interval

DEFAULT_LEVEL = 0.95
"""Probability that an interval holds the true value."""

Risk: TypeAlias = Estimate
"""What an attack achieves beyond a floor that needs no published table, in [0, 1].

0 = nothing beyond the floor, 1 = everything the floor leaves. Rank on `low`: what is hardly
measured is not held against anybody.
"""


def success_rate(n_successes: float, n_trials: int, *, level: float = DEFAULT_LEVEL) -> Rate:
    """Estimate a success rate.

    Parameters
    ----------
    n_successes : float
        From 0 to `n_trials`; fractions are expected credits.
    n_trials : int
        At least 1.
    level : float
        Confidence level, above 0 and below 1.

    Returns
    -------
    Rate
        Its value is successes by trials, its interval Wilson's.

    Raises
    ------
    ValueError
        If the numbers are impossible.

    Examples
    --------
    >>> rate = success_rate(80, 100)
    >>> round(rate.low, 4), round(rate.high, 4)
    (0.7112, 0.8666)
    """
    return wilson_interval(n_successes, n_trials, confidence=level)


def residual_risk(attack: Rate, floor: Rate) -> Risk:
    """Estimate what an attack achieves beyond a floor, of what is left to achieve.

    Range [0, 1], lower is more private, 0 at chance (an attack no better than its floor). A floor
    of 1 leaves nothing to achieve: the risk is then 0.

    Parameters
    ----------
    attack : Rate
        Success on the people who are in the leaky table.
    floor : Rate
        Success that owes nothing to their being in it. One of both may be certain.

    Returns
    -------
    Risk
        ``(attack - floor) / (1 - floor)``, negative values raised to 0; the interval propagates
        the errors of both rates, and its level is the lower one of theirs.

    Raises
    ------
    ValueError
        If both rates are certain, for then nothing is estimated.

    References
    ----------
    Giomi et al., PoPETs 2023(2) 312, doi:10.56553/popets-2023-0055, section 3.

    Examples
    --------
    >>> round(residual_risk(success_rate(950, 1000), success_rate(800, 1000)).value, 3)
    0.75
    """
    value = _residual(attack.value, floor.value)
    level = min(attack.confidence, floor.confidence)
    room = 1.0 - floor.centre
    if room <= 0.0:
        return Risk(value=value, low=0.0, high=value, confidence=level)
    middle = (attack.centre - floor.centre) / room
    error = math.hypot(attack.half_width / room, (attack.centre - 1.0) / room**2 * floor.half_width)
    low = min(value, max(0.0, middle - error))
    high = max(value, min(1.0, middle + error))
    return Risk(value=value, low=low, high=high, confidence=level)


def _residual(attack: float, floor: float) -> float:
    return 0.0 if floor >= 1.0 else max(0.0, (attack - floor) / (1.0 - floor))
