"""Which products of units are beyond what trusted inputs show: Beatrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.activations import ActivationDetector, Scored, Seen
from anomed_anomaly_detection.detectors.layered import State

Floats = NDArray[np.float64]

_BLOCK_BYTES = 64 * 2**20
_POWERS = (1, 2, 3, 4)


def gram(rows: Floats, power: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> Floats:
    """Return ``sign |a_i^p a_j^p|^(1/p)`` for pairs (i, j) of units, of shape (n, n_pairs)."""
    products = rows[:, first] * rows[:, second]
    return np.asarray(np.abs(products) if power % 2 == 0 else products)


@dataclass(frozen=True, kw_only=True)
class Beatrix(ActivationDetector):
    """Mean relative excess of Gram features of orders 1 to 4 over median and deviation.

    For every pair of units and order p the feature is ``sign |a_i^p a_j^p|^(1/p)``. What lies
    beyond median plus or minus k median absolute deviations counts by how far it is beyond, as a
    share of that bound. As only the sign of a power depends on its order, orders 1 and 3 agree, and
    so do 2 and 4: two features of each pair are computed.

    Attributes
    ----------
    k
        How many deviations are allowed.
    per_class
        One median and deviation for each predicted class, as the paper has it; classes without a
        trusted input are held against all.
    most_rows
        Trusted rows that are used at most.

    References
    ----------
    Ma, Wang, Sun, Shen, Wang and Ren (2023), arXiv 2209.11715, section IV.
    """

    name: ClassVar[str] = "beatrix"

    k: float = 10.0
    per_class: bool = False
    most_rows: int = 2000

    def fit_layer(self, trusted: Floats, untrusted: Floats, context: Seen) -> State:
        """See `ActivationDetector.fit_layer`."""
        chosen = np.arange(len(trusted))
        if len(chosen) > self.most_rows:
            chosen = np.sort(context.rng.choice(chosen, self.most_rows, replace=False))
        rows = trusted[chosen]
        groups = [rows]
        if self.per_class and context.trusted_predictions is not None:
            classes = context.trusted_predictions[chosen]
            parts = [rows[classes == c] for c in range(context.n_classes)]
            groups = [part if len(part) else rows for part in parts]
        bounds = np.stack([self._bounds(group) for group in groups])
        return {"low": bounds[:, 0], "high": bounds[:, 1]}

    def _bounds(self, rows: Floats) -> Floats:
        """Return lower and upper bounds of the features, float64 of shape (2, 2, n_pairs)."""
        first, second = np.triu_indices(rows.shape[1])
        bounds = np.empty((2, 2, len(first)))
        step = max(1, _BLOCK_BYTES // (8 * len(rows)))
        for order in (0, 1):
            for start in range(0, len(first), step):
                where = slice(start, start + step)
                features = gram(rows, _POWERS[order], first[where], second[where])
                median = np.median(features, axis=0)
                allowed = self.k * np.median(np.abs(features - median), axis=0)
                bounds[:, order, where] = median - allowed, median + allowed
        return bounds

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        first, second = np.triu_indices(activations.shape[1])
        scores = np.zeros(len(activations))
        step = max(1, _BLOCK_BYTES // (8 * len(first) * 4))
        for start in range(0, len(activations), step):
            where = slice(start, start + step)
            group = context.predictions[where] if len(state["low"]) > 1 else 0
            for order in (0, 1):
                features = gram(activations[where], _POWERS[order], first, second)
                low, high = (state[side][group, order] for side in ("low", "high"))
                scores[where] += (_excess(features, high) + _excess(-features, -low)).mean(axis=1)
        return scores / 2


def _excess(features: Floats, bound: Floats) -> Floats:
    """Return how far features are above a bound, as a share of it; of themselves, if it is 0."""
    above = np.maximum(features - bound, 0)
    unit = np.where(bound == 0, np.abs(features), np.abs(bound))
    return np.divide(above, unit, out=np.zeros_like(above), where=above > 0)
