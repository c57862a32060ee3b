r"""Joint confidence limits of two independent counts, sharper than two separate intervals.

Let :math:`Z_1` measure by how many standard deviations one count overstates the attack, and
:math:`Z_0` the other: :math:`Z = \Phi^{-1}(1 - p)` for the exact one-sided p-value p of the true
rate. Each is stochastically at most standard normal and they are independent, hence

.. math::

    P[\max(Z_1, 0)^2 + \max(Z_0, 0)^2 > z^2] \le \tfrac14 e^{-z^2/2} + \Phi(-z).

With z chosen to make the right side equal the permitted error, the truth is dominated by some
corner :math:`(z \cos\theta, z \sin\theta)` of exact one-sided limits. Whatever grows with one
rate and falls with the other is therefore at least its minimum over these corners. Two
Clopper-Pearson limits with half the error each form the square around that circle: its corner lies
a third further out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from anomed_core.statistics.intervals import lower_limit, upper_limit

Counts: TypeAlias = "NDArray[np.int64] | int"

#: The minimum over so many corners is within 1e-4 of the interval's half width of the true one.
N_CORNERS = 49


@lru_cache(maxsize=256)
def radius(error: float) -> float:
    """Return the z at which the joint region errs with probability at most `error`.

    Parameters
    ----------
    error : float
        In (0, 0.75): one-sided.

    Returns
    -------
    float
        Radius in standard deviations, at least 0.
    """

    def excess(z: float) -> float:
        return float(0.25 * np.exp(-z * z / 2) + ndtr(-z)) - error

    # At 38 deviations both terms are below the smallest normal number, 2e-308.
    return float(brentq(excess, 0.0, 38.0, xtol=1e-12))


@lru_cache(maxsize=256)
def corner_errors(error: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the one-sided error of either limit at each corner.

    Parameters
    ----------
    error : float
        In (0, 0.75): what the whole region may err.

    Returns
    -------
    tuple of float64 arrays of shape (n_corners,)
        In (0, 0.5]: the first ascending, the second descending.
    """
    return _on_circle(radius(error))


@lru_cache(maxsize=256)
def line_errors(error: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the one-sided error of either limit, for what is constant along straight lines.

    Where equal values of what is bounded lie on a straight line of rates, the truth is beyond the
    bound only if the observation lies beyond that line, not anywhere outside of the quarter circle.
    Of two standard normal variables, that has the probability of one beyond the line's distance,
    so that the circle's radius is the normal quantile itself.

    Parameters
    ----------
    error : float
        In (0, 0.5): what the bound may err.

    Returns
    -------
    tuple of float64 arrays of shape (n_corners,)
        In (0, 0.5]: the first ascending, the second descending.
    """
    return _on_circle(-float(ndtri(error)))


def _on_circle(z: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    angles = np.linspace(0, np.pi / 2, N_CORNERS)
    return ndtr(-z * np.cos(angles)), ndtr(-z * np.sin(angles))


def corners(
    n_true_positives: Counts,
    n_false_positives: Counts,
    *,
    n_members: int,
    n_non_members: int,
    error: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners below which the attack can't be, up to an error.

    Parameters
    ----------
    n_true_positives, n_false_positives : int array of shape (...)
    n_members, n_non_members : int
    error : float
        In (0, 0.75).

    Returns
    -------
    tuple of float64 arrays of shape (..., n_corners)
        True-positive rates (lower limits) and false-positive rates (upper limits).
    """
    member_error, non_member_error = corner_errors(error)
    true_positives = np.asarray(n_true_positives)[..., np.newaxis]
    false_positives = np.asarray(n_false_positives)[..., np.newaxis]
    return (
        lower_limit(true_positives, n_members, member_error),
        upper_limit(false_positives, n_non_members, non_member_error),
    )
