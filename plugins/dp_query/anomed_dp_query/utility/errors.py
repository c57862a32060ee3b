r"""Errors of estimated counts.

The capped relative error of an estimate :math:`x` of a count :math:`a` in a table of :math:`n` rows
is :math:`\min(1, |x - a| / \max(a, s))` with the sanity bound :math:`s = 0.005 n` [1]_, so that
small counts do not decide everything ([2]_ takes 0.1 % to 1 % of the rows).

References
----------
.. [1] M. Garofalakis, P. B. Gibbons, "Wavelet Synopses with Error Guarantees", SIGMOD 2002,
   doi:10.1145/564691.564746.
.. [2] X. Xiao, G. Wang, J. Gehrke, "Differential Privacy via Wavelet Transforms", ICDE 2010,
   arXiv:0909.5530.
"""

from __future__ import annotations

import math

import attrs
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SANITY_SHARE = 0.005
"""Share of the rows below which a count is not divided by itself."""

MOST_EFFICIENT = 1e6
"""Where efficiency is cut off: estimates without an error have none."""


def capped_errors(estimates: Floats, truth: Floats, *, n_rows: int) -> Floats:
    """Return the capped relative error of each estimate.

    Parameters
    ----------
    estimates, truth
        float64 arrays of shape (n_questions,), counts of rows.
    n_rows
        Rows of the table, at least 1.

    Returns
    -------
    float64 array of shape (n_questions,)
        In 0..1, lower is better.

    Raises
    ------
    ValueError
        If shapes differ, or there are no rows.

    Examples
    --------
    >>> capped_errors(np.array([90.0, 30.0, -5.0]), np.array([100.0, 20.0, 0.0]), n_rows=5_000)
    array([0.1, 0.4, 0.2])
    """
    if np.shape(estimates) != np.shape(truth):
        raise ValueError(
            f"estimates of shape {np.shape(estimates)} came for {np.shape(truth)} questions"
        )
    if n_rows < 1:
        raise ValueError(f"a table has at least one row, got {n_rows}")
    errors = np.abs(estimates - truth) / np.maximum(truth, SANITY_SHARE * n_rows)
    return np.minimum(errors, 1.0)


@attrs.frozen(kw_only=True)
class Errors:
    """What became of the estimates of a table.

    Attributes
    ----------
    error
        Mean capped relative error, 0..1.
    rmse
        Root of the mean squared error, in rows.
    mae
        Mean absolute error, in rows.
    within_10_percent
        Share of estimates with a capped relative error of 0.1 at most.
    n_questions
        How many.
    """

    error: float
    rmse: float
    mae: float
    within_10_percent: float
    n_questions: int


def measure_errors(estimates: Floats, truth: Floats, *, n_rows: int) -> Errors:
    """Measure estimates against the truth; see `capped_errors`."""
    errors = capped_errors(estimates, truth, n_rows=n_rows)
    # estimates may be as large as floats are, and their squares larger
    distance = np.minimum(np.abs(estimates - truth), 1e150)
    return Errors(
        error=float(errors.mean()),
        rmse=float(np.sqrt(np.mean(np.square(distance)))),
        mae=float(distance.mean()),
        within_10_percent=float(np.mean(errors <= 0.1)),
        n_questions=len(errors),
    )


def efficiency(errors: Errors, *, epsilon: float) -> float:
    """Return how many times more epsilon Laplace noise with an even split would have needed.

    ``n_questions / (mae x epsilon)``: each of m counts with epsilon / m has a mean absolute error
    of m / epsilon, so that naive noise has an efficiency of 1.

    Parameters
    ----------
    errors
        Of the estimates.
    epsilon
        What was spent, at least 0.

    Returns
    -------
    float
        0 where nothing was spent, as nothing was bought; `MOST_EFFICIENT` at most.
    """
    if epsilon <= 0:
        return 0.0
    cost = errors.mae * epsilon
    if cost <= errors.n_questions / MOST_EFFICIENT or not math.isfinite(1 / cost):
        return MOST_EFFICIENT
    return errors.n_questions / cost
