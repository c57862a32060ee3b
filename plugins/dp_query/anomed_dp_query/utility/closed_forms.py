r"""What noise is expected to cost: errors of Laplace, discrete Laplace and Gaussian noise.

References
----------
.. [1] B. Balle, Y.-X. Wang, "Improving the Gaussian Mechanism for Differential Privacy: Analytical
   Calibration and Optimal Denoising", ICML 2018, arXiv:1805.06530 (theorem 8).
.. [2] A. Ghosh, T. Roughgarden, M. Sundararajan, "Universally Utility-Maximizing Privacy
   Mechanisms", STOC 2009, arXiv:0811.2841 (the discrete Laplace distribution).
.. [3] C. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy", 2020,
   arXiv:2004.00010 (proposition 12).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm

Floats = npt.NDArray[np.float64]


def expected_laplace_error(scale: float, bound: Floats) -> Floats:
    r"""Return :math:`E \min(1, |Z| / d) = (b/d)(1 - e^{-d/b})` for Laplace noise Z of scale b.

    Parameters
    ----------
    scale
        Of the noise, above 0.
    bound : float64 array
        What errors are divided by, above 0: the larger of a count and the sanity bound.
    """
    ratio = scale / np.asarray(bound, dtype=np.float64)
    return np.asarray(ratio * -np.expm1(-1 / ratio))


def expected_gaussian_error(sigma: float, bound: Floats) -> Floats:
    r"""Return :math:`E \min(1, |Z| / d)` for Gaussian noise.

    It is :math:`(s/d) \sqrt{2/\pi} (1 - e^{-d^2 / 2 s^2}) + 2 Q(d/s)`; see
    `expected_laplace_error`.
    """
    ratio = sigma / np.asarray(bound, dtype=np.float64)
    inside = ratio * math.sqrt(2 / math.pi) * -np.expm1(-1 / (2 * ratio**2))
    return np.asarray(inside + 2 * norm.sf(1 / ratio))


def discrete_laplace_mae(epsilon: float) -> float:
    r"""Return the mean absolute error of a count with discrete Laplace noise, 1 / sinh(eps) [2]_.

    Examples
    --------
    >>> round(discrete_laplace_mae(1.0), 5)
    0.85092
    """
    return 1 / math.sinh(epsilon)


def discrete_laplace_variance(epsilon: float) -> float:
    """Return the variance of a count with discrete Laplace noise, 1 / (2 sinh^2(eps / 2)) [2]_.

    Examples
    --------
    >>> round(discrete_laplace_variance(1.0), 5)
    1.84135
    """
    return 1 / (2 * math.sinh(epsilon / 2) ** 2)


def gaussian_sigma(epsilon: float, delta: float) -> float:
    """Return the least deviation of Gaussian noise for a sensitivity of 1 [1]_.

    Examples
    --------
    >>> round(gaussian_sigma(1.0, 1e-5), 4)
    3.7306
    """

    def excess(sigma: float) -> float:
        half, slope = 1 / (2 * sigma), epsilon * sigma
        return float(
            norm.cdf(half - slope) - math.exp(epsilon + norm.logcdf(-half - slope)) - delta
        )

    return float(brentq(excess, 1e-3, 1e7, xtol=1e-12, rtol=1e-14))


def gaussian_sigma_of_rho(rho: float) -> float:
    """Return the deviation of Gaussian noise for a sensitivity of 1 and a rho of zCDP."""
    return math.sqrt(1 / (2 * rho))


def rho_of_budget(epsilon: float, delta: float) -> float:
    """Return the largest rho whose epsilon at this delta is no larger than given [3]_.

    Examples
    --------
    >>> round(rho_of_budget(1.0, 1e-6), 6)
    0.024356
    """
    return float(
        brentq(lambda rho: _epsilon_of(rho, delta) - epsilon, 1e-12, 1e6, xtol=1e-16, rtol=1e-13)
    )


def _epsilon_of(rho: float, delta: float) -> float:
    def bound(log_alpha: float) -> float:
        alpha = 1 + math.exp(log_alpha)
        return (
            alpha * rho
            + math.log1p(-1 / alpha)
            + (-math.log(delta) - math.log(alpha)) / (alpha - 1)
        )

    return float(
        minimize_scalar(bound, bounds=(-20, 40), method="bounded", options={"xatol": 1e-12}).fun
    )
