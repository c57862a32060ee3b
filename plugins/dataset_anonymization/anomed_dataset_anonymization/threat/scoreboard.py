"""Link by rare similarities, and only where one class stands out (Scoreboard-RH)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.threat._class_guesses import choose_classes, guess_from_classes
from anomed_dataset_anonymization.threat._pairs import (
    Comparison,
    PairScores,
    score_pairs,
    similarity,
)
from anomed_dataset_anonymization.threat.view import NO_ROW, AttackerView, Guesses
from anomed_dataset_anonymization.utility.cells import Cells

_LEAST_SUPPORT = 2.0
"""The weight of a value is 1 / log(support), which needs more than one supporter."""

_LEAST_VARIANCE = 1e-9
"""Scores that vary less are equal but for rounding."""


@attrs.frozen(kw_only=True)
class Scoreboard:
    """Score each class by its similarity to the target, rare values weighing more.

    Attributes
    ----------
    eccentricity : float
        A class is claimed only if its score exceeds the second best by this many standard
        deviations of the scores of all people.

    References
    ----------
    Narayanan & Shmatikov, Robust de-anonymization of large sparse datasets, IEEE S&P 2008,
    doi:10.1109/SP.2008.33, section 4.
    """

    name: str = "scoreboard"
    eccentricity: float = 1.5

    def guess(
        self,
        view: AttackerView,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is left to chance
    ) -> Guesses:
        """Guess by the majority of the class that stands out; without one, of everybody."""
        classes = view.classes
        comparisons: Sequence[Comparison] = [
            partial(_weigh, tolerance=column.tolerance, sizes=classes.sizes)
            for column in view.known_columns
        ]
        scores = score_pairs(view.background, classes.boxes, comparisons)
        best, margin = _stand_out(scores, sizes=classes.sizes)
        best = np.where(margin > self.eccentricity, best, NO_ROW)
        weights = choose_classes(best, n_classes=len(classes.sizes))
        return guess_from_classes(view, weights, best=best, confidence=margin)


def _weigh(
    asked: Coordinates, cells: Cells, *, tolerance: float, sizes: NDArray[np.int64]
) -> FloatArray:
    alike = similarity(asked, cells, tolerance=tolerance)
    people = np.bincount(cells.cell_of_row, weights=sizes, minlength=cells.n_cells)
    support = np.maximum(alike @ people, _LEAST_SUPPORT)
    return alike / np.log(support)[:, np.newaxis]


def _stand_out(
    scores: PairScores, *, sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the best class of each target, and its lead in standard deviations."""
    n_targets = len(scores.targets)
    best = np.zeros(n_targets, dtype=np.int64)
    margin = np.zeros(n_targets)
    if len(sizes) < 2:
        return best, margin
    shares = (sizes / sizes.sum()).astype(np.float32)
    for some, score in scores.chunks():
        mean = score @ shares
        deviation = np.sqrt(np.maximum((score**2) @ shares - mean**2, _LEAST_VARIANCE))
        best[some] = first = score.argmax(axis=1)
        rows = np.arange(len(score))
        highest = score[rows, first]
        score[rows, first] = -np.inf
        margin[some] = (highest - score.max(axis=1)) / deviation
    return best, margin
