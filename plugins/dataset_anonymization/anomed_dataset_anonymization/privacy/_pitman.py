"""Pitman's sampling formula, fitted to class sizes by maximum likelihood (Hoshino 2001)."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import optimize, special

from anomed_dataset_anonymization.privacy.classes import FloatArray, IntArray

_ACCURACY = 1e-8  # of the two derivatives, relative to the sums that cancel in them


def pitman_parameters(sizes: IntArray, n_classes_of_size: IntArray) -> tuple[float, float]:
    """Estimate theta and alpha from a histogram of class sizes.

    Parameters
    ----------
    sizes
        int64 (n_sizes,), the class sizes that occur, ascending.
    n_classes_of_size
        int64 (n_sizes,), the classes of each size.

    Returns
    -------
    theta, alpha
        theta > 0 and 0 < alpha < 1, where both derivatives of the log-likelihood vanish.

    Raises
    ------
    ValueError
        If there is no such maximum.
    """
    n_records = int((sizes * n_classes_of_size).sum())
    n_classes = int(n_classes_of_size.sum())

    def relative_score(point: FloatArray) -> FloatArray:
        theta, alpha = np.exp(point[0]), special.expit(point[1])
        classes = special.digamma(theta / alpha + n_classes) - special.digamma(theta / alpha + 1)
        records = special.digamma(theta + n_records) - special.digamma(theta + 1)
        within = special.digamma(sizes - alpha) - special.digamma(1 - alpha)
        by_theta = classes / alpha - records
        by_alpha = (n_classes - 1) / alpha - theta / alpha**2 * classes - n_classes_of_size @ within
        return np.array([by_theta / records, by_alpha * alpha / (n_classes - 1)])

    if 1 < n_classes < n_records:
        for theta, alpha in itertools.product((n_classes / 8, n_classes, 1.0), (0.7, 0.4, 0.1)):
            start = np.array([np.log(theta), special.logit(alpha)])
            with np.errstate(all="ignore"):  # trial steps may leave the range of float64
                solution = optimize.root(relative_score, start, tol=1e-14)
                reached = bool((np.abs(relative_score(solution.x)) < _ACCURACY).all())
            if reached and _is_inside(solution.x):
                return float(np.exp(solution.x[0])), float(special.expit(solution.x[1]))
    raise ValueError(
        f"Pitman's likelihood of {n_records} records in {n_classes} classes has no maximum with "
        "theta > 0 and 0 < alpha < 1; use Zayatz's estimate instead."
    )


def pitman_uniques(theta: float, alpha: float, *, n_population: float) -> float:
    """Expect the number of population uniques: Gamma(theta+1) / Gamma(theta+alpha) * N**alpha.

    Parameters
    ----------
    theta, alpha
        The parameters of the formula.
    n_population
        The population's size N.

    Returns
    -------
    float
        Hoshino's approximation for a large population.
    """
    log_ratio = special.gammaln(theta + 1.0) - special.gammaln(theta + alpha)
    return float(np.exp(log_ratio + alpha * np.log(n_population)))


def _is_inside(point: FloatArray) -> bool:
    """Tell an interior maximum from a flank that flattens towards the border of the domain."""
    return bool(np.abs(point[1]) < 12.0 and -12.0 < point[0] < 30.0)
