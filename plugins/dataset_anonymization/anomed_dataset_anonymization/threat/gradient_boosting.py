"""Learn the unknown columns from the published mass with gradient boosting."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Column, Coordinates
from anomed_dataset_anonymization.threat._candidates import (
    Candidates,
    answer,
    published_candidates,
)
from anomed_dataset_anonymization.threat._drawing import draw_listed, draw_people
from anomed_dataset_anonymization.threat._learning import learn_and_predict
from anomed_dataset_anonymization.threat.view import AttackerView, Guesses


@attrs.frozen(kw_only=True)
class GradientBoosting:
    """Draw exact people from the published rows, and learn from them.

    It finds what the table says about everybody like the target; what it says about members alone
    is what is left after the correction by non-members.
    """

    name: str = "gradient_boosting"

    def guess(self, view: AttackerView, *, rng: np.random.Generator) -> Guesses:
        """Guess all unknown columns; no rows are claimed."""
        features = draw_people(view.boxes.select(view.known), rng=rng)
        columns = [
            self._guess_column(view, column, features=features, rng=rng)
            for column in view.unknown_columns
        ]
        return Guesses(values=np.column_stack(columns))

    def _guess_column(
        self,
        view: AttackerView,
        column: Column,
        *,
        features: Coordinates,
        rng: np.random.Generator,
    ) -> Coordinates:
        candidates = published_candidates(view, column)
        labels = _draw_labels(view, candidates, rng=rng)
        predicted = learn_and_predict(
            features, labels, view.background, columns=view.known_columns, rng=rng
        )
        votes = np.zeros((view.n_targets, len(candidates.bins)))
        if predicted is not None:
            votes[np.arange(view.n_targets), predicted] = 1.0
        prior = np.bincount(labels[labels >= 0], minlength=len(candidates.bins))
        return answer(votes, view, candidates, prior=prior.astype(np.float64))


def _draw_labels(
    view: AttackerView, candidates: Candidates, *, rng: np.random.Generator
) -> NDArray[np.int64]:
    cells = view.boxes.columns[candidates.column.name]
    mass = candidates.mass(cells)
    says_something = mass.sum(axis=1) > 0
    mass[~says_something] = 1.0
    labels = draw_listed(mass, cells.cell_of_row, rng=rng)
    return np.where(says_something[cells.cell_of_row], labels, -1)
