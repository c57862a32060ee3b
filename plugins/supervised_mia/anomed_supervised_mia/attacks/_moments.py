"""Moments of each record's confidences, apart for models that knew it and that did not."""

from __future__ import annotations

import attrs
import numpy as np

from anomed_supervised_mia.attacks.arrays import BoolArray, FloatArray

#: Records worked on at once, so that a block of some dozen models stays in the processor's cache.
BLOCK_RECORDS = 1024


@attrs.frozen(kw_only=True, eq=False)
class Moments:
    """Count, mean and variance (around the mean, over the count), float64 (n_records,) each.

    Where the count is 0, mean and variance are NaN: whoever reads them checks the count first.
    """

    count: FloatArray
    mean: FloatArray
    variance: FloatArray

    def pooled_variance(self) -> float:
        """Average the squared residuals around the records' means over all models and records."""
        seen = self.count > 0
        return float(self.count[seen] @ self.variance[seen] / self.count[seen].sum())


def split_moments(
    confidences: FloatArray, memberships: BoolArray, *, smoothing: float
) -> tuple[Moments, Moments]:
    """Return the moments over models that knew each record, and over those that did not.

    Parameters
    ----------
    confidences : float64 (n_shadows, n_records)
    memberships : bool (n_shadows, n_records)
    smoothing
        See `smooth`, which is applied first.
    """
    blocks = [
        _block_moments(
            smooth(confidences[:, first : first + BLOCK_RECORDS], smoothing=smoothing),
            memberships[:, first : first + BLOCK_RECORDS],
        )
        for first in range(0, confidences.shape[1], BLOCK_RECORDS)
    ]
    sides = np.concatenate(blocks, axis=2) if blocks else np.empty((2, 3, 0))
    known, unknown = (Moments(count=c, mean=m, variance=v) for c, m, v in sides)
    return known, unknown


def smooth(confidences: FloatArray, *, smoothing: float) -> FloatArray:
    """Add a probability to both sides of the odds: ``ln (p + s) - ln (1 - p + s)``.

    Takes and returns scaled confidences, float64 of any shape.
    """
    if smoothing == 0:
        return confidences
    odds_against = np.exp(-np.clip(confidences, -700.0, 700.0))
    added = smoothing * (1 + odds_against)
    smoothed: FloatArray = np.log((1 + added) / (odds_against + added))
    return smoothed


def _block_moments(confidences: FloatArray, memberships: BoolArray) -> FloatArray:
    """Return float64 (2, 3, n_records): for both sides count, mean, variance."""
    weights = memberships.astype(np.float64)
    n_known = weights.sum(axis=0)
    counts = np.array([n_known, len(weights) - n_known])
    # Of equal confidences the mean may differ in its last digit.
    low, high = confidences.min(axis=0), confidences.max(axis=0)
    centre = np.clip(confidences.mean(axis=0), low, high)
    # The differences from the centre keep the subtraction of squares below from cancelling.
    deviations = confidences - centre
    sum_known = np.einsum("sr,sr->r", deviations, weights)
    deviations *= deviations
    squares_known = np.einsum("sr,sr->r", deviations, weights)
    squares = np.array([squares_known, deviations.sum(axis=0) - squares_known])
    with np.errstate(invalid="ignore", divide="ignore"):
        shifts = np.array([sum_known, -sum_known]) / counts
        variances = np.maximum(squares / counts - shifts**2, 0.0)
    return np.stack([counts, centre + shifts, variances], axis=1)
