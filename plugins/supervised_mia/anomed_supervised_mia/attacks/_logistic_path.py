"""Logistic regression over a path of penalties by Newton's method, for many records, few features.

A trained attack fits hundreds of small problems: slices times folds times penalties. Newton's
method needs two or three passes over the records for each, when it starts from the solution for
the previous penalty; the Hessian of a dozen features costs next to nothing.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from anomed_supervised_mia.attacks.arrays import FloatArray, IntArray

#: The step that promises to lower the mean loss by less than this, in nats, is the last. Since
#: errors are squared by a step, it leaves the weights right to about eight digits.
TOLERANCE = 1e-7
MAXIMAL_STEPS = 100
MAXIMAL_HALVINGS = 30


def fit_path(design: FloatArray, targets: FloatArray, *, strengths: FloatArray) -> FloatArray:
    """Fit one weight vector for each inverse penalty.

    Minimises ``sum_i ln(1 + exp(z_i)) - t_i z_i + ||w||^2 / (2 C)``, where the first weight, that
    of the constant row, is free of the penalty.

    Parameters
    ----------
    design : float64 (n_features, n_records)
        Features by row; the first row is constantly 1.
    targets : float64 (n_records,)
        1 for members, 0 for non-members.
    strengths : float64 (n_strengths,)
        Inverse penalties C, positive and ascending.

    Returns
    -------
    float64 (n_strengths, n_features)
    """
    weights = np.zeros(len(design))
    path = np.empty((len(strengths), len(design)))
    penalised = np.ones(len(design))
    penalised[0] = 0.0
    for position, strength in enumerate(strengths):
        weights = _minimise(design, targets, penalties=penalised / strength, weights=weights)
        path[position] = weights
    return path


def choose_strength(
    design: FloatArray, targets: FloatArray, *, strengths: FloatArray, folds: IntArray
) -> int:
    """Return the position of the inverse penalty with the smallest held-out logarithmic loss.

    The parameters are those of `fit_path`; `folds`, int64 (n_records,), tells the fold of each
    record.
    """
    losses = np.zeros(len(strengths))
    for fold in range(folds.max() + 1):
        kept, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        path = fit_path(design[:, kept], targets[kept], strengths=strengths)
        margins = path @ design[:, held_out]
        losses += np.logaddexp(0.0, margins).sum(axis=1) - margins @ targets[held_out]
    return int(losses.argmin())


def _minimise(
    design: FloatArray, targets: FloatArray, *, penalties: FloatArray, weights: FloatArray
) -> FloatArray:
    margins = weights @ design
    for _ in range(MAXIMAL_STEPS):
        probabilities = expit(margins)
        gradient = design @ (probabilities - targets) + penalties * weights
        hessian = (design * (probabilities * (1 - probabilities))) @ design.T
        hessian[np.diag_indices_from(hessian)] += penalties
        # The free constant's curvature vanishes as predictions become certain.
        hessian[0, 0] += 1e-12 * len(targets)
        step = np.linalg.solve(hessian, gradient)
        if gradient @ step / 2 < TOLERANCE * len(targets):
            return weights - step
        step_margins = step @ design
        # The curvature of the loss changes by a factor of e at most where margins change by 1 at
        # most: then a full step goes down for certain. (Bach, Electronic Journal of Statistics 4,
        # 2010, proposition 1.) Longer steps are tried.
        if np.abs(step_margins).max() > 1:
            value = _objective(margins, targets, penalty=penalties @ weights**2)
            for _ in range(MAXIMAL_HALVINGS):
                tried = weights - step
                penalty = penalties @ tried**2
                if _objective(margins - step_margins, targets, penalty=penalty) <= value:
                    break
                step, step_margins = step / 2, step_margins / 2
        weights, margins = weights - step, margins - step_margins
    return weights


def _objective(margins: FloatArray, targets: FloatArray, *, penalty: FloatArray) -> float:
    return float(np.logaddexp(0.0, margins).sum() - margins @ targets + penalty / 2)
