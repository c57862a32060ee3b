"""Hold the target to be in the tightest of the nearest boxes."""

from __future__ import annotations

import attrs
import numpy as np

from anomed_dataset_anonymization.threat._class_guesses import guess_from_classes, stack_weights
from anomed_dataset_anonymization.threat._pairs import log_mass, outside, score_pairs
from anomed_dataset_anonymization.threat.view import AttackerView, Guesses

_TIE = 1e-6


@attrs.frozen(kw_only=True)
class NearestBox:
    """Link by distance: of the boxes nearest to the target, the one that says most about it.

    On a table of exact rows this is nearest-neighbour record linkage; on class means, linkage to
    the nearest centroid; on overlapping boxes it prefers those that allow little else.

    References
    ----------
    Domingo-Ferrer & Torra, Distance-based and probabilistic record linkage for re-identification
    of records with categorical variables, Butlletí de l'ACIA 28 (2002) 243.
    """

    name: str = "nearest_box"

    def guess(
        self,
        view: AttackerView,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is left to chance
    ) -> Guesses:
        """Guess by the majority of the one class chosen, and claim a row of it."""
        boxes = view.classes.boxes
        distances = score_pairs(view.background, boxes, outside)
        masses = score_pairs(view.background, boxes, log_mass)
        best = np.empty(view.n_targets, dtype=np.int64)
        confidence = np.empty(view.n_targets)
        for some in distances.chunks():
            distance = distances[some]
            nearest = distance.min(axis=1)
            rivals = distance <= nearest[:, np.newaxis] + _TIE
            best[some] = np.where(rivals, masses[some], -np.inf).argmax(axis=1)
            confidence[some] = np.exp(-nearest)
        confidence /= view.classes.sizes[best]
        targets = np.arange(view.n_targets)
        chosen = (targets, best, np.ones(view.n_targets))
        weights = stack_weights([chosen], shape=(view.n_targets, len(boxes.counts)))
        return guess_from_classes(view, weights, best=best, confidence=confidence)
