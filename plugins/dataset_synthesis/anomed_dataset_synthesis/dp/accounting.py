"""Account for privacy: concentrated and (epsilon, delta) differential privacy, exactly.

A mechanism is charged in zero-concentrated differential privacy (zCDP, one number ``rho`` that
adds up under composition) and reported in (epsilon, delta), the currency of claims. All
conversions here are one-sided on the safe side: a reported epsilon or delta is never too small,
a budget ``rho`` never too large.

References
----------
.. [1] M. Bun, T. Steinke, "Concentrated Differential Privacy: Simplifications, Extensions, and
   Lower Bounds", 2016, arXiv:1605.02065.
.. [2] C. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy", 2020,
   arXiv:2004.00010.
.. [3] M. Cesar, R. Rogers, "Bounding, Concentrating, and Truncating: Unifying Privacy Loss
   Composition for Data Analytics", 2021, arXiv:2004.07223.
.. [4] C. Dwork, F. McSherry, K. Nissim, A. Smith, "Calibrating Noise to Sensitivity in Private
   Data Analysis", 2006, doi:10.1007/11681878_14.
.. [5] B. Balle, Y.-X. Wang, "Improving the Gaussian Mechanism for Differential Privacy", 2018,
   arXiv:1805.06530.
"""

import math
from collections.abc import Callable

import attrs
from attrs import validators
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

__all__ = [
    "Guarantee",
    "delta_of_gaussian",
    "delta_of_laplace",
    "delta_of_zcdp",
    "epsilon_of_exponential_mechanism",
    "epsilon_of_zcdp",
    "laplace_scale",
    "sigma_of_gaussian",
    "zcdp_of_guarantee",
    "zcdp_of_pure",
]

_BISECTIONS = 100


@attrs.frozen(kw_only=True)
class Guarantee:
    """State a differential privacy guarantee in full, as a claim has to.

    Attributes
    ----------
    epsilon
        Bound of the log-likelihood ratio, 0 or more, finite.
    delta
        Probability mass that may escape the bound, 0 <= delta < 1.
    neighbours
        The neighbour relation, e.g. ``"add or remove one record"``.
    unit
        What one neighbour step protects, e.g. ``"record"``.
    accountant
        How the figures were added up.
    public_inputs
        Everything that was used and is *not* protected.
    """

    epsilon: float = attrs.field(validator=[validators.ge(0.0), validators.lt(math.inf)])
    delta: float = attrs.field(validator=[validators.ge(0.0), validators.lt(1.0)])
    neighbours: str = "add or remove one record"
    unit: str = "record"
    accountant: str
    public_inputs: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the guarantee as a JSON object, the form in which claims are submitted."""
        return attrs.asdict(self) | {"public_inputs": list(self.public_inputs)}


def delta_of_zcdp(rho: float, *, epsilon: float) -> float:
    """Return the delta for which ``rho``-zCDP implies (``epsilon``, delta)-DP.

    The infimum over Renyi orders alpha > 1 of
    ``exp((alpha - 1)(alpha rho - epsilon)) / (alpha - 1) * (1 - 1/alpha)^alpha`` [2]_,
    (proposition 12), which is log-convex; its stationary point is found by bracketing.

    Parameters
    ----------
    rho
        zCDP parameter, greater than 0.
    epsilon
        0 or more.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If ``rho`` is not positive and finite or ``epsilon`` is negative or not finite.
    """
    _require_positive("rho", rho)
    _require_not_negative("epsilon", epsilon)

    def slope(log_excess: float) -> float:
        excess = math.exp(log_excess)
        return (2.0 * excess + 1.0) * rho - epsilon + log_excess - math.log1p(excess)

    low = max(-3.0 * rho - 1.0, -690.0)
    high = math.log((epsilon + 1.0) / (2.0 * rho) + 1.0)
    root = low if slope(low) >= 0.0 else float(brentq(slope, low, high))
    excess = math.exp(root)
    log_delta = (
        excess * ((excess + 1.0) * rho - epsilon)
        + excess * root
        - (excess + 1) * math.log1p(excess)
    )
    return math.exp(min(log_delta, 0.0))


def epsilon_of_zcdp(rho: float, *, delta: float) -> float:
    """Return the epsilon for which ``rho``-zCDP implies (epsilon, ``delta``)-DP [2]_.

    Parameters
    ----------
    rho
        zCDP parameter, greater than 0.
    delta
        0 < delta < 1.

    Returns
    -------
    float
        0 or more, never above the simpler ``rho + 2 sqrt(rho log(1/delta))`` of [1]_.

    Raises
    ------
    ValueError
        If ``rho`` is not positive and finite or ``delta`` is not inside (0, 1).

    Examples
    --------
    >>> round(epsilon_of_zcdp(0.0306, delta=1e-5), 2)
    1.0
    """
    _require_positive("rho", rho)
    _require_open_unit("delta", delta)
    ceiling = rho + 2.0 * math.sqrt(rho * math.log(1.0 / delta))
    return _smallest(lambda epsilon: delta_of_zcdp(rho, epsilon=epsilon) <= delta, high=ceiling)


def zcdp_of_guarantee(epsilon: float, *, delta: float) -> float:
    """Return the largest ``rho`` for which ``rho``-zCDP implies (``epsilon``, ``delta``)-DP [2]_.

    Parameters
    ----------
    epsilon
        Greater than 0.
    delta
        0 < delta < 1.

    Returns
    -------
    float
        Greater than 0.

    Raises
    ------
    ValueError
        If ``epsilon`` is not positive and finite or ``delta`` is not inside (0, 1).

    Examples
    --------
    >>> round(zcdp_of_guarantee(1.0, delta=1e-5), 4)
    0.0306
    """
    _require_positive("epsilon", epsilon)
    _require_open_unit("delta", delta)
    inverse = _smallest(
        lambda inverse_rho: delta_of_zcdp(1.0 / inverse_rho, epsilon=epsilon) <= delta,
        low=1e-300,
        high=4.0 * math.log(1.0 / delta) / epsilon**2 + 4.0 / epsilon,
    )
    return 1.0 / inverse


def zcdp_of_pure(epsilon: float) -> float:
    """Return the zCDP parameter ``epsilon^2 / 2`` that every ``epsilon``-DP mechanism has [1]_.

    (Proposition 1.4 there; this is how a Laplace release joins a zCDP account.)

    Parameters
    ----------
    epsilon
        Greater than 0.

    Returns
    -------
    float
        Greater than 0.

    Raises
    ------
    ValueError
        If ``epsilon`` is not positive and finite.
    """
    _require_positive("epsilon", epsilon)
    return epsilon**2 / 2.0


def epsilon_of_exponential_mechanism(rho: float) -> float:
    """Return the epsilon at which one exponential mechanism spends ``rho`` of zCDP.

    The mechanism that picks ``i`` with probability proportional to
    ``exp(epsilon * score_i / (2 * sensitivity))`` has an ``epsilon``-bounded range and is therefore
    ``epsilon^2 / 8``-zCDP [3]_, a quarter of what pure differential privacy alone would give.

    Parameters
    ----------
    rho
        Greater than 0.

    Returns
    -------
    float
        ``sqrt(8 rho)``.

    Raises
    ------
    ValueError
        If ``rho`` is not positive and finite.
    """
    _require_positive("rho", rho)
    return math.sqrt(8.0 * rho)


def sigma_of_gaussian(rho: float, *, sensitivity: float) -> float:
    """Return the standard deviation of (discrete) Gaussian noise that spends ``rho`` of zCDP.

    ``sensitivity / sqrt(2 rho)``; [1]_ (proposition 1.6) for the continuous and [2]_ (theorem 14)
    for the discrete Gaussian on integer-valued queries.

    Parameters
    ----------
    rho
        Greater than 0.
    sensitivity
        Largest Euclidean change of the query between neighbours, greater than 0.

    Returns
    -------
    float
        Standard deviation in the query's unit.

    Raises
    ------
    ValueError
        If an argument is not positive and finite.
    """
    _require_positive("rho", rho)
    _require_positive("sensitivity", sensitivity)
    return sensitivity / math.sqrt(2.0 * rho)


def laplace_scale(epsilon: float, *, sensitivity: float) -> float:
    """Return the scale of Laplace noise that makes a query ``epsilon``-DP [4]_.

    Parameters
    ----------
    epsilon
        Greater than 0.
    sensitivity
        Largest L1 change of the query between neighbours, greater than 0.

    Returns
    -------
    float
        ``sensitivity / epsilon``, in the query's unit.

    Raises
    ------
    ValueError
        If an argument is not positive and finite.
    """
    _require_positive("epsilon", epsilon)
    _require_positive("sensitivity", sensitivity)
    return sensitivity / epsilon


def delta_of_laplace(epsilon: float, *, scale: float, sensitivity: float) -> float:
    """Return the exact delta of one scalar Laplace release at a given ``epsilon``.

    ``max(0, 1 - exp((epsilon - sensitivity / scale) / 2))``: the hockey-stick divergence of two
    Laplace densities that are ``sensitivity`` apart, attained on a half line.

    Parameters
    ----------
    epsilon
        0 or more.
    scale
        Scale of the noise, greater than 0.
    sensitivity
        Largest change of the query between neighbours, greater than 0.

    Returns
    -------
    float
        In [0, 1]; 0 from ``epsilon = sensitivity / scale`` on.

    Raises
    ------
    ValueError
        If ``epsilon`` is negative or another argument is not positive and finite.
    """
    _require_not_negative("epsilon", epsilon)
    _require_positive("scale", scale)
    _require_positive("sensitivity", sensitivity)
    return max(0.0, -math.expm1((epsilon - sensitivity / scale) / 2.0))


def delta_of_gaussian(epsilon: float, *, sigma: float, sensitivity: float) -> float:
    """Return the exact delta of one continuous Gaussian release at a given ``epsilon`` [5]_.

    (Theorem 8 there.) Never above what :func:`delta_of_zcdp` gives for the same noise, because
    zCDP has to cover every mechanism with that ``rho``.

    Parameters
    ----------
    epsilon
        0 or more.
    sigma
        Standard deviation of the noise, greater than 0.
    sensitivity
        Largest Euclidean change of the query between neighbours, greater than 0.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If ``epsilon`` is negative or another argument is not positive and finite.
    """
    _require_not_negative("epsilon", epsilon)
    _require_positive("sigma", sigma)
    _require_positive("sensitivity", sensitivity)
    half_shift = sensitivity / (2.0 * sigma)
    offset = epsilon * sigma / sensitivity
    escaped = math.exp(epsilon + float(log_ndtr(-half_shift - offset)))
    return max(0.0, float(ndtr(half_shift - offset)) - escaped)


def _smallest(holds: Callable[[float], bool], *, high: float, low: float = 0.0) -> float:
    """Bisect for the smallest point where a monotone condition holds; the answer satisfies it."""
    if holds(low):
        return low
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _require_positive(name: str, value: float) -> None:
    if not 0.0 < value < math.inf:
        raise ValueError(f"{name} is {value}; give a finite number greater than 0")


def _require_not_negative(name: str, value: float) -> None:
    if not 0.0 <= value < math.inf:
        raise ValueError(f"{name} is {value}; give a finite number of at least 0")


def _require_open_unit(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} is {value}; give a number between 0 and 1, both excluded")
