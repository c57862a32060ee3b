"""Guess what most people say who are published as the target could be.

The classic homogeneity attack: it needs no more than to look up the target's class.
"""

from __future__ import annotations

import attrs
import numpy as np
from scipy import sparse

from anomed_dataset_anonymization.threat._class_guesses import guess_from_classes
from anomed_dataset_anonymization.threat.view import AttackerView, Guesses


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
        nearest, sizes = view.nearest, view.classes.sizes
        people = sizes[nearest.boxes].astype(np.float64)
        weights = sparse.csr_array(
            (np.ones(len(people)), (nearest.targets, nearest.boxes)),
            shape=(view.n_targets, len(sizes)),
        )
        return guess_from_classes(
            view,
            weights,
            best=nearest.best(-people),
            confidence=np.exp(-nearest.distances) / nearest.n_people,
        )
