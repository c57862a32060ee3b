"""Hold the target to be in the tightest of the nearest boxes."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.threat._class_guesses import choose_classes, guess_from_classes
from anomed_dataset_anonymization.threat._pairs import log_mass, score_pairs
from anomed_dataset_anonymization.threat.view import AttackerView, Guesses


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
        nearest, classes = view.nearest, view.classes
        best = _nearest_classes(view)
        weights = choose_classes(best, n_classes=len(classes.sizes))
        confidence = np.exp(-nearest.distances) / classes.sizes[best]
        return guess_from_classes(view, weights, best=best, confidence=confidence)


def nearest_rows(view: AttackerView) -> NDArray[np.int64]:
    """Name a row of the class that `NearestBox` holds each target to be in.

    Parameters
    ----------
    view : AttackerView
        All there is to use.

    Returns
    -------
    ndarray of int64, shape (n_targets,)
    """
    rows: NDArray[np.int64] = view.classes.first_rows[_nearest_classes(view)]
    return rows


def _nearest_classes(view: AttackerView) -> NDArray[np.int64]:
    nearest = view.nearest
    masses = score_pairs(view.background, view.classes.boxes, log_mass)
    return nearest.best(masses.at(nearest.targets, nearest.boxes).astype(np.float64))
