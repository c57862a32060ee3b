"""Guess what most people say who are published as the target could be.

The classic homogeneity attack: it needs no more than to look up the target's class.
"""

from __future__ import annotations

import attrs
import numpy as np

from anomed_dataset_anonymization.threat._class_guesses import guess_from_classes, stack_weights
from anomed_dataset_anonymization.threat._pairs import outside, score_pairs
from anomed_dataset_anonymization.threat.view import AttackerView, Guesses

_TIE = 1e-6


@attrs.frozen(kw_only=True)
class ClassMajority:
    """Pool all classes that hold the target, or, if none does, all that are nearest.

    References
    ----------
    Machanavajjhala et al., l-Diversity, ACM TKDD 1 (2007) 3, doi:10.1145/1217299.1217302.
    """

    name: str = "class_majority"

    def guess(
        self,
        view: AttackerView,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is left to chance
    ) -> Guesses:
        """Guess by majority, and claim a row of the smallest of the classes pooled."""
        sizes = view.classes.sizes
        distances = score_pairs(view.background, view.classes.boxes, outside)
        best = np.empty(view.n_targets, dtype=np.int64)
        confidence = np.empty(view.n_targets)
        chunks = []
        for some in distances.chunks():
            distance = distances[some]
            nearest = distance.min(axis=1)
            pooled = distance <= nearest[:, np.newaxis] + _TIE
            targets, classes = np.nonzero(pooled)
            chunks.append((targets + some.start, classes, np.ones(len(classes))))
            best[some] = np.where(pooled, sizes, sizes.max() + 1).argmin(axis=1)
            confidence[some] = np.exp(-nearest) / (pooled @ sizes)
        weights = stack_weights(chunks, shape=(view.n_targets, len(sizes)))
        return guess_from_classes(view, weights, best=best, confidence=confidence)
