"""Noise of OpenDP on whole numbers, calibrated to an exact amount.

Values are counted in steps of a grid that depends on public facts alone, are added exactly, and get
discrete noise: an answer has the same support on all neighbours, and a sum loses no digit, so
neither of the attacks of [1]_ and [2]_ has anything to look at.

References
----------
.. [1] I. Mironov, "On Significance of the Least Significant Bits for Differential Privacy", 2012,
   doi:10.1145/2382196.2382264.
.. [2] S. Casacuberta, M. Shoemate, S. Vadhan, C. Wagaman, "Widespread Underestimation of
   Sensitivity in Differentially Private Libraries and How to Fix It", 2022, arXiv:2207.10635.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from anomed_dp_query.libraries.opendp.loading import opendp

_LARGEST = 2**62
_STEPS = 100


class CalibrationError(ArithmeticError):
    """No noise was found that costs at most what was asked; a fault of ours."""


def noised(
    values: Sequence[int], *, distance: int, budget: Decimal, is_rho: bool = False
) -> list[int]:
    """Return whole numbers with discrete Laplace or discrete Gaussian noise.

    Parameters
    ----------
    values
        Whole numbers below 2^62 in size, which together move by at most `distance` between
        neighbours: in the sum of their changes for Laplace noise, and in the root of their squares
        for Gaussian noise.
    distance
        At least 1.
    budget
        Epsilon of all values together, or their rho.
    is_rho
        Whether the budget is a rho, and the noise Gaussian.

    Returns
    -------
    list of int

    Raises
    ------
    CalibrationError
        If a value is out of range or the library disagrees about the budget.
    """
    if any(abs(value) >= _LARGEST for value in values):
        raise CalibrationError("a sum has left the range of whole numbers")
    measurement = _measurement(noise_scale(distance, budget, is_rho=is_rho), is_rho)
    if Fraction(measurement.map(_as_metric(distance, is_rho))) > Fraction(budget):
        raise CalibrationError(f"no noise was found for a distance of {distance} and {budget}")
    return [int(value) for value in measurement([int(value) for value in values])]


def noise_scale(distance: int, budget: Decimal, *, is_rho: bool = False) -> float:
    """Return the smallest scale whose loss is at most a budget, as OpenDP reckons it.

    ``distance / epsilon``, or ``distance / sqrt(2 rho)``; rounded up until OpenDP agrees.

    Raises
    ------
    CalibrationError
        If there is none within a hundred steps of a float.
    """
    if is_rho:
        scale = distance / math.sqrt(2 * float(budget))
    else:
        scale = float(distance / Fraction(budget))
    for _ in range(_STEPS):
        if Fraction(_measurement(scale, is_rho).map(_as_metric(distance, is_rho))) <= Fraction(
            budget
        ):
            return scale
        scale = math.nextafter(scale, math.inf)
    raise CalibrationError(f"no noise was found for a distance of {distance} and {budget}")


def chosen(
    groups: Iterable[Sequence[float]],
    *,
    candidates: Sequence[float],
    alpha: float,
    distance: int,
    budget: Decimal,
    is_rho: bool = False,
) -> list[float]:
    """Return for each group the candidate that a noisy maximum finds nearest to a quantile.

    Parameters
    ----------
    groups
        The cells of each, without missing ones.
    candidates
        In ascending order, at least two.
    alpha
        Which quantile, from 0 to 1.
    distance
        Rows that are added and removed between neighbours, in all groups together.
    budget
        Epsilon, or rho, of all groups together.
    is_rho
        Whether the budget is a rho.

    Raises
    ------
    CalibrationError
        If the library disagrees about the budget.
    """
    scale = choice_scale(candidates, alpha=alpha, distance=distance, budget=budget, is_rho=is_rho)
    choose = _choice(tuple(candidates), alpha, scale, is_rho)
    if Fraction(choose.map(distance)) > Fraction(budget):
        raise CalibrationError(f"no choice was found for a distance of {distance} and {budget}")
    return [candidates[int(choose([float(value) for value in group]))] for group in groups]


def choice_scale(
    candidates: Sequence[float],
    *,
    alpha: float,
    distance: int,
    budget: Decimal,
    is_rho: bool = False,
) -> float:
    """Return the smallest scale of a noisy maximum whose loss is at most a budget.

    Raises
    ------
    CalibrationError
        If there is none within a hundred steps of a float.
    """
    options = tuple(candidates)
    loss = _choice(options, alpha, 1.0, is_rho).map(distance)
    scale = math.sqrt(loss / float(budget)) if is_rho else loss / float(budget)
    for _ in range(_STEPS):
        if Fraction(_choice(options, alpha, scale, is_rho).map(distance)) <= Fraction(budget):
            return scale
        scale = math.nextafter(scale, math.inf)
    raise CalibrationError(f"no choice was found for a distance of {distance} and {budget}")


def approximate_epsilon(distance: float, *, delta: float) -> float:
    """Return OpenDP's epsilon at a delta of the rho ``distance^2 / 2``."""
    library = opendp()
    gaussian = library.measurements.make_gaussian(
        library.domains.atom_domain(T="f64", nan=False),
        library.metrics.absolute_distance(T="f64"),
        1.0,
    )
    curve = library.combinators.make_zCDP_to_approxDP(gaussian).map(distance)
    return float(curve.epsilon(delta))


def _measurement(scale: float, is_rho: bool) -> Any:
    library = opendp()
    domain = library.domains.vector_domain(library.domains.atom_domain(T="i64"))
    if is_rho:
        metric = library.metrics.l2_distance(T="f64")
        return library.measurements.make_gaussian(domain, metric, scale)
    return library.measurements.make_laplace(domain, library.metrics.l1_distance(T="i64"), scale)


def _as_metric(distance: int, is_rho: bool) -> float:
    if not is_rho:
        return distance
    number = float(distance)
    return number if number >= distance else math.nextafter(number, math.inf)


@lru_cache(maxsize=16)
def _scores(candidates: tuple[float, ...], alpha: float) -> Any:
    library = opendp()
    return library.transformations.make_quantile_score_candidates(
        library.domains.vector_domain(library.domains.atom_domain(T="f64", nan=False)),
        library.metrics.symmetric_distance(),
        list(candidates),
        alpha,
    )


def _choice(candidates: tuple[float, ...], alpha: float, scale: float, is_rho: bool) -> Any:
    library = opendp()
    scores = _scores(candidates, alpha)
    if is_rho:
        measure = library.measures.zero_concentrated_divergence()
    else:
        measure = library.measures.max_divergence()
    return scores >> library.measurements.make_noisy_max(
        scores.output_domain, scores.output_metric, measure, scale, negate=True
    )
