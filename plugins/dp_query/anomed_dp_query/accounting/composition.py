"""Add up prices: basic composition, and zero-concentrated differential privacy.

References
----------
.. [1] M. Bun, T. Steinke, "Concentrated Differential Privacy: Simplifications, Extensions, and
   Lower Bounds", 2016, arXiv:1605.02065 (proposition 1.4).
.. [2] C. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy", 2020,
   arXiv:2004.00010 (proposition 12), which OpenDP's conversion implements.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from anomed_dp_query.accounting.amounts import EXACT, charged, rounded_down
from anomed_dp_query.accounting.policy import Accounting, Policy
from anomed_dp_query.accounting.price import Price


def amounts_of(price: Price, policy: Policy) -> dict[str, Decimal]:
    """Return what a price takes of an account, by resource; what is 0 is left out.

    Returns
    -------
    dict
        ``epsilon`` and ``delta`` under basic composition, ``rho`` and ``delta`` under zCDP; epsilon
        and rho are multiples of `EPSILON_STEP`, delta of `DELTA_STEP`.
    """
    if policy.accounting is Accounting.ZCDP:
        amounts = {"rho": price.rho, "delta": price.rho_delta}
    else:
        amounts = {"epsilon": price.epsilon, "delta": price.delta}
    return {name: amount for name, amount in amounts.items() if amount > 0}


def rho_of_epsilon(epsilon: Decimal) -> Decimal:
    """Return the rho that every mechanism of a pure epsilon has: ``epsilon^2 / 2`` [1]_, up."""
    return charged(EXACT.multiply(EXACT.multiply(epsilon, epsilon), Decimal("0.5")))


def largest_epsilon(rho: Decimal) -> Decimal:
    """Return the largest pure epsilon whose rho fits into what is left, rounded down."""
    if rho <= 0:
        return Decimal(0)
    root = Context(prec=60, rounding=ROUND_FLOOR).sqrt(2 * rho)
    return rounded_down(root)


def epsilon_of_rho(rho: Decimal, *, delta: Decimal) -> Decimal:
    """Return the epsilon that rho means at a delta [2]_, rounded up.

    Parameters
    ----------
    rho
        0 or more.
    delta
        Between 0 and 1.

    Returns
    -------
    Decimal
        A multiple of `EPSILON_STEP`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> epsilon_of_rho(Decimal("0.5"), delta=Decimal("1e-6")).quantize(Decimal("1e-7"))
    Decimal('5.2215344')
    """
    if rho < 0 or not 0 < delta < 1:
        raise ValueError(
            f"no epsilon for rho {rho} and delta {delta}; they are above 0, delta below 1"
        )
    if rho == 0:
        return Decimal(0)
    from anomed_dp_query.libraries.opendp.noise import approximate_epsilon

    # a unit Gaussian whose input distance is sqrt(2 rho) has exactly this rho
    distance = Context(prec=60, rounding=ROUND_CEILING).sqrt(2 * rho)
    return charged(approximate_epsilon(_above(distance), delta=_below(delta)))


def _above(value: Decimal) -> float:
    number = float(value)
    return number if Decimal(number) >= value else math.nextafter(number, math.inf)


def _below(value: Decimal) -> float:
    number = float(value)
    return number if Decimal(number) <= value else math.nextafter(number, 0.0)
