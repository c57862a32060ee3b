"""Numerically stable logarithms of probabilities, of their complements and of their odds."""

from __future__ import annotations

import numpy as np

from anomed_supervised_mia.attacks.arrays import FloatArray, IntArray

#: Probabilities of exactly 0 are lifted to this, so that logarithms stay finite. It is the
#: smallest positive single-precision number: no difference that such a model can express is hidden.
PROBABILITY_FLOOR = 1.4e-45

#: Above this, a probability is recomputed from the sum of the others, since rounding towards 1
#: would hide differences. Below it is taken as it came, so that ties among the fractions that
#: forests and neighbours vote for stay ties.
NEARLY_CERTAIN = 1 - 1e-6


def ordered_sum(terms: FloatArray) -> FloatArray:
    """Sum rows, float64 (n_records, n_classes), contiguous: equal for rows of the same terms.

    Rounding depends on the order of summing; ranks would tell apart what differs in nothing else.
    """
    totals: FloatArray = np.sort(terms, axis=1).sum(axis=1)
    return totals


def log_softmax(logits: FloatArray) -> FloatArray:
    """Normalise logits, float64 (n_records, n_classes), to log-probabilities of the same shape."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    weights = np.exp(shifted)
    totals = ordered_sum(weights)[:, None]
    return _sharpen(shifted - np.log(totals), weights / totals)


def log_probabilities_of(probabilities: FloatArray) -> FloatArray:
    """Take the logarithms of probabilities, float64 (n_records, n_classes), lifted to the floor."""
    return _sharpen(np.log(np.maximum(probabilities, PROBABILITY_FLOOR)), probabilities)


def _sharpen(log_probabilities: FloatArray, probabilities: FloatArray) -> FloatArray:
    """Recompute the logarithms near 0 from the sum of the other probabilities."""
    rows, columns = np.nonzero(probabilities > NEARLY_CERTAIN)
    others = probabilities[rows]
    others[np.arange(len(rows)), columns] = 0.0
    log_probabilities[rows, columns] = np.log1p(-np.minimum(ordered_sum(others), 0.5))
    return log_probabilities


def log_complement(log_probabilities: FloatArray) -> FloatArray:
    """Compute ``ln (1 - p)`` from ``ln p``, float64 (n_records, n_classes), rows totalling 1."""
    complement = -np.expm1(log_probabilities)
    return np.log(np.maximum(complement, PROBABILITY_FLOOR))


def log_odds(log_probabilities: FloatArray, labels: IntArray) -> FloatArray:
    """Compute ``ln p_y - ln sum_{j != y} p_j`` for labels ``y``, int64 (n_records,)."""
    rows = np.arange(len(labels))
    others = log_probabilities.copy()
    others[rows, labels] = -np.inf
    largest = others.max(axis=1)
    rest = largest + np.log(ordered_sum(np.exp(others - largest[:, None])))
    odds: FloatArray = log_probabilities[rows, labels] - rest
    return odds
