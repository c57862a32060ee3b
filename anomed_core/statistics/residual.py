"""What an attack achieves beyond what anybody achieves, of what is left to achieve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomed_core.statistics._region import line_errors
from anomed_core.statistics.estimate import Estimate
from anomed_core.statistics.intervals import Rate, lower_limit, upper_limit

_Floats = NDArray[np.float64]


def residual_risk(attack: Rate, floor: Rate) -> Estimate:
    r"""Estimate what an attack achieves beyond a floor, of what is left to achieve.

    With success rates p of the attack and q of the floor it is :math:`(p - q) / (1 - q)`, negative
    values raised to 0: of those whom the floor would not have given away, so many were. Range
    [0, 1], lower is more private, 0 at chance, which is an attack no better than its floor. A floor
    of 1 leaves nothing to achieve: the value is then 0.

    Parameters
    ----------
    attack : Rate
        Success on people whose data were used.
    floor : Rate
        Success that owes nothing to that: on non-members, of a model that saw public data only, or
        by chance. One of the two rates may be certain.

    Returns
    -------
    Estimate
        At the lower confidence of the two rates. The interval takes extremes over pairs of
        Clopper-Pearson limits whose errors lie on a circle: rates of equal residual risk lie on a
        straight line, and a straight line is cut off with the error of its nearest point. Either
        limit errs with at most half of what the confidence leaves, for all rates and sizes that
        were enumerated (docs/adr/0019).

    Raises
    ------
    ValueError
        If both rates are certain, for then nothing is estimated.

    References
    ----------
    Abbott (1925), A method of computing the effectiveness of an insecticide.
    doi:10.1093/jee/18.2.265a; Giomi et al. (2023), A unified framework for quantifying privacy risk
    in synthetic data, section 3. doi:10.56553/popets-2023-0055

    Examples
    --------
    >>> from anomed_core.statistics import wilson_interval
    >>> risk = residual_risk(wilson_interval(95, 100), wilson_interval(80, 100))
    >>> round(risk.low, 3), round(risk.value, 3), round(risk.high, 3)
    (0.345, 0.75, 0.925)
    """
    confidence = min(attack.confidence, floor.confidence)
    if confidence >= 1:
        raise ValueError(
            "both rates are certain, so nothing is estimated; give one that was measured."
        )
    attack_errors, floor_errors = line_errors((1 - confidence) / 2)
    p_low, p_high = _limits(attack, attack_errors)
    q_low, q_high = _limits(floor, floor_errors)
    value = float(_residual(np.array([attack.value]), np.array([floor.value]))[0])
    return Estimate(
        value=value,
        low=min(value, float(_residual(p_low, q_high).min())),
        high=max(value, float(_residual(p_high, q_low).max())),
        confidence=confidence,
    )


def _limits(rate: Rate, errors: _Floats) -> tuple[_Floats, _Floats]:
    """Return a lower and an upper limit for each error; a certain rate is its own limits."""
    if rate.is_certain:
        same = np.full(errors.shape, rate.value)
        return same, same
    return (
        lower_limit(rate.n_hits, rate.n_trials, errors),
        upper_limit(rate.n_hits, rate.n_trials, errors),
    )


def _residual(attack: _Floats, floor: _Floats) -> _Floats:
    room = 1.0 - floor
    share = np.divide(attack - floor, room, out=np.zeros(room.shape), where=room > 0)
    return np.clip(share, 0.0, 1.0)
