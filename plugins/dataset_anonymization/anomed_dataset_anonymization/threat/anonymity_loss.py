"""Weigh how often an attack is right by how many people it is right about.

An attack that is always right about one person in ten thousand is no worse than one that is right
half of the time about everybody. So precision is discounted by recall, and an attacker who answers
for the surest people only is judged at the recall that suits him best.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from anomed_core.statistics import wilson_interval

LEAST_RECALL = 1e-4
"""Share of the people below which knowing them is no loss."""

_EXPONENT = 3


def discounted_precision(precision: float, recall: float) -> float:
    """Discount precision by the share of the people that were answered for.

    Range [0, 1], lower is more private; `precision` at recall 1, 0 at a recall of one in ten
    thousand or less.

    Parameters
    ----------
    precision : float
        Share of the answers that are right, in [0, 1].
    recall : float
        Share of the people answered for, in [0, 1].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a share is outside [0, 1].

    References
    ----------
    Francis & Wagner, Towards better attribute inference vulnerability measures, 2025,
    arXiv:2507.01710 (the precision-recall coefficient).

    Examples
    --------
    >>> discounted_precision(0.9, 1.0), round(discounted_precision(0.9, 0.01), 4)
    (0.9, 0.7875)
    """
    if not (0 <= precision <= 1 and 0 <= recall <= 1):
        raise ValueError(f"precision {precision} and recall {recall} must be within 0 to 1.")
    if recall <= LEAST_RECALL:
        return 0.0
    return (1.0 - (math.log10(recall) / math.log10(LEAST_RECALL)) ** _EXPONENT) * precision


def best_discounted_precision(
    right: NDArray[np.bool_],
    *,
    answered: NDArray[np.bool_],
    confidence: NDArray[np.float64],
    level: float = 0.95,
) -> float:
    """Return the discounted precision at the recall that suits the attack best.

    Range [0, 1], lower is more private.

    Parameters
    ----------
    right, answered : ndarray of bool, shape (n_people,)
        For whom the answer is right, and for whom there is one.
    confidence : ndarray of float64, shape (n_people,)
        How sure the answers are; equally sure ones stand or fall together.
    level : float
        Precision is taken at the lower end of its interval, or a few lucky answers would win.

    Returns
    -------
    float
        0 without any answer.
    """
    if not answered.any():
        return 0.0
    levels, level_of = np.unique(-confidence[answered], return_inverse=True)
    n_answers = np.cumsum(np.bincount(level_of, minlength=len(levels)))
    n_right = np.cumsum(np.bincount(level_of, weights=right[answered], minlength=len(levels)))
    sure = (
        wilson_interval(hits, int(total), confidence=level).low
        for hits, total in zip(n_right, n_answers, strict=True)
    )
    return max(map(discounted_precision, sure, n_answers / len(right)))


def anonymity_loss(attack: float, baseline: float) -> float:
    """Return how much of what a baseline leaves an attack achieves.

    Range up to 1, lower is more private; 0 if the attack is no better than its baseline, negative
    if it is worse, 0 if the baseline leaves nothing.

    Parameters
    ----------
    attack, baseline : float
        Discounted precisions in [0, 1]: of the attack, and of the best guess without the table.

    Returns
    -------
    float

    References
    ----------
    Francis & Wagner, arXiv:2507.01710 (the anonymity loss coefficient).
    """
    return 0.0 if baseline >= 1 else (attack - baseline) / (1.0 - baseline)
