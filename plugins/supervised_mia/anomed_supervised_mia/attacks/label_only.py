"""Attacks on models that say nothing but the predicted class.

Samuel Yeom et al., Privacy Risk in Machine Learning, CSF 2018 (the gap); Christopher A.
Choquette-Choo et al., Label-Only Membership Inference Attacks, ICML 2021 (the boundary distance).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from anomed_supervised_mia.attacks._boundary_search import BoundarySearch
from anomed_supervised_mia.attacks.arrays import BoolArray, FloatArray, IntArray
from anomed_supervised_mia.attacks.attack import ReadyAttack
from anomed_supervised_mia.attacks.signals import Signals

#: Numbers held at once while probing, so that memory does not grow with the records.
BLOCK_NUMBERS = 4_000_000


@attrs.frozen(kw_only=True)
class GapAttack(ReadyAttack):
    """Take correctly classified records for members.

    Its advantage is the generalisation gap: the accuracy on members less that on non-members.

    Examples
    --------
    >>> GapAttack().score(Signals.from_labels([0, 1], labels=[0, 0]))
    array([1., 0.])
    """

    name: ClassVar[str] = "gap"

    def score(self, signals: Signals) -> FloatArray:
        """Return 1 for correctly classified records, else 0, float64 (n_records,).

        Raises
        ------
        ValueError
            If labels are missing, or all of predicted labels, probabilities and logits are.
        """
        return signals.correct().astype(np.float64)


@attrs.frozen(kw_only=True)
class BoundaryDistanceAttack:
    """Take records for members that lie far on the right side of the model's decision boundary.

    The signals' features are the records' feature vectors, and their labels the true classes. The
    distance is Euclidean, each feature measured in its standard deviations over the records that
    the attack is fitted on. Records of another predicted class there serve as starting points;
    nothing else is learned from them.

    Parameters
    ----------
    predict : callable
        The model: classes, int (n_points,), of feature vectors, float64 (n_points, n_features).
    n_iterations
        Improvements of the distance, at least 0.
    n_probes
        Queries that estimate the boundary's direction, in each iteration, at least 2.

    Notes
    -----
    A record costs about ``1 + 14 + n_iterations * (n_probes + 20)`` queries.
    """

    name: ClassVar[str] = "boundary-distance"
    learns: ClassVar[bool] = False

    predict: Callable[[FloatArray], npt.ArrayLike]
    n_iterations: int = attrs.field(default=4, validator=attrs.validators.ge(0))
    n_probes: int = attrs.field(default=60, validator=attrs.validators.ge(2))

    def fit(
        self, members: Signals, non_members: Signals, *, rng: np.random.Generator
    ) -> FittedBoundaryDistance:
        """Keep the records as starting points; `rng` seeds the probing.

        Raises
        ------
        ValueError
            If feature vectors are missing, or the model predicts one class for all records.
        """
        points = np.vstack([_feature_vectors(members), _feature_vectors(non_members)])
        classes = np.asarray(self.predict(points))
        if len(np.unique(classes)) < 2:
            raise ValueError(
                "A boundary attack needs records of at least two predicted classes, but the model "
                f"predicts one class for all {len(points)}; give it more varied records."
            )
        deviation = points.std(axis=0)
        return FittedBoundaryDistance(
            attack=self,
            starts=points,
            start_classes=classes,
            scale=np.where(deviation > 0, deviation, 1.0),
            seed=int(rng.integers(2**63)),
        )


@attrs.frozen(kw_only=True, eq=False)
class FittedBoundaryDistance:
    """Score records by their distance to the boundary; the same records always score the same."""

    attack: BoundaryDistanceAttack
    starts: FloatArray
    start_classes: IntArray
    scale: FloatArray
    seed: int

    def score(self, signals: Signals) -> FloatArray:
        """Return distances in standard deviations, float64 (n_records,); 0 if misclassified.

        Raises
        ------
        ValueError
            If feature vectors or labels are missing.
        """
        features = _feature_vectors(signals)
        if signals.labels is None:
            raise ValueError(
                "A boundary attack needs the true labels of the records, but they are missing; "
                "give labels."
            )
        rng = np.random.default_rng(self.seed)
        distances = np.zeros(len(features))
        correct = np.asarray(self.attack.predict(features)) == signals.labels
        n_block = max(1, BLOCK_NUMBERS // (self.attack.n_probes * features.shape[1]))
        positions = np.flatnonzero(correct)
        for first in range(0, len(positions), n_block):
            block = positions[first : first + n_block]
            distances[block] = self._distances(features[block], signals.labels[block], rng=rng)
        return distances

    def _distances(
        self, features: FloatArray, classes: IntArray, *, rng: np.random.Generator
    ) -> FloatArray:
        def is_other_side(points: FloatArray, owners: npt.NDArray[np.intp]) -> BoolArray:
            return np.not_equal(self.attack.predict(points * self.scale), classes[owners])

        origins, starts = features / self.scale, np.empty_like(features)
        for label in np.unique(classes):
            own = classes == label
            candidates = self.starts[self.start_classes != label] / self.scale
            starts[own] = candidates[_nearest(origins[own], candidates)]
        search = BoundarySearch(
            is_other_side=is_other_side,
            n_iterations=self.attack.n_iterations,
            n_probes=self.attack.n_probes,
        )
        return search.distances(origins, starts, rng=rng)


def _nearest(points: FloatArray, candidates: FloatArray) -> npt.NDArray[np.intp]:
    squares = (candidates**2).sum(axis=1) - 2 * (points @ candidates.T)
    positions: npt.NDArray[np.intp] = squares.argmin(axis=1)
    return positions


def _feature_vectors(signals: Signals) -> FloatArray:
    if signals.features is None:
        raise ValueError(
            "A boundary attack needs the records' feature vectors, but the signals hold only "
            f"{', '.join(signals.arrays())}; give them as features."
        )
    return signals.features.astype(np.float64, copy=False)
