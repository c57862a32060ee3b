"""Naive Bayes on histograms with Laplace-distributed integer noise: differential privacy in numpy.

Each record adds 1 to one bin of each feature's histogram of its class. Replacing a record thus
changes at most ``2 * n_features`` counts by 1, and adding or removing one changes ``n_features``.
Noise from the two-sided geometric distribution, ``P[k] ~ exp(-epsilon |k| / sensitivity)``, makes
all counts together epsilon-differentially private; being an integer, it is free of the
floating-point artefacts that betray real Laplace noise. All the rest is post-processing.

Arpita Ghosh, Tim Roughgarden, Mukund Sundararajan: Universally Utility-Maximizing Privacy
Mechanisms, SIAM Journal on Computing 41(6), 2012, section 2; Ilya Mironov: On Significance of the
Least Significant Bits for Differential Privacy, CCS 2012.
"""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from anomed_supervised_mia.anonymizers._public_bounds import (
    PublicBounds,
    check_epsilon,
)
from anomed_supervised_mia.attacks.arrays import FloatArray, IntArray

Neighbours = Literal["replace", "add-or-remove"]

#: What is added to each count after the noise, so that no bin is impossible.
PSEUDO_COUNT = 1.0


class PrivateNaiveBayes(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped library
    """Classify by differentially private histograms of the features in each class.

    The privacy of a fitted model is exactly ``(epsilon, 0)``, provided that bounds and classes are
    public. It follows scikit-learn's interface.

    Parameters
    ----------
    epsilon
        The privacy budget, positive; infinity adds no noise.
    bounds
        The lowest and highest value, of all features (two numbers) or of each (two arrays).
    classes
        All classes, ascending. `None` takes those of the training labels for public.
    n_bins
        Bins of equal width for each feature, at least 2.
    neighbours
        What a record's privacy means: that replacing it (``"replace"``; the number of records is
        public), or that adding or removing it (``"add-or-remove"``), changes no probability of an
        outcome by a factor of more than ``exp(epsilon)``.
    random_state
        Seeds the noise: an integer or a `numpy.random.Generator`; `None` draws fresh entropy.

    Examples
    --------
    >>> features, labels = [[0.1], [0.2], [0.8], [0.9]], [0, 0, 1, 1]
    >>> model = PrivateNaiveBayes(epsilon=100.0, bounds=(0, 1), random_state=0)
    >>> model.fit(features, labels).predict([[0.15], [0.95]])
    array([0, 1])
    """

    def __init__(
        self,
        *,
        epsilon: float = 1.0,
        bounds: tuple[npt.ArrayLike, npt.ArrayLike] = (0.0, 1.0),
        classes: npt.ArrayLike | None = None,
        n_bins: int = 4,
        neighbours: Neighbours = "replace",
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.bounds = bounds
        self.classes = classes
        self.n_bins = n_bins
        self.neighbours = neighbours
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """Count, add noise, and forget the records.

        Parameters
        ----------
        X : float (n_records, n_features)
        y : array (n_records,)

        Raises
        ------
        ValueError
            If a parameter or an array is malformed, or a label is none of the classes.
        """
        check_epsilon(self.epsilon)
        if self.n_bins < 2 or self.neighbours not in {"replace", "add-or-remove"}:
            raise ValueError(
                "n_bins must be at least 2 and neighbours 'replace' or 'add-or-remove', but "
                f"{self.n_bins} and {self.neighbours!r} came."
            )
        features, labels = np.asarray(X, dtype=np.float64), np.asarray(y)
        self.bounds_ = PublicBounds.parse(self.bounds, n_features=features.shape[-1])
        self.classes_ = np.unique(labels if self.classes is None else self.classes)
        self.n_features_in_ = features.shape[1]
        counts = self._counts(self._bins(features), labels).astype(np.float64)
        if np.isfinite(self.epsilon):
            counts += two_sided_geometric(
                self.sensitivity / self.epsilon,
                shape=counts.shape,
                rng=np.random.default_rng(self.random_state),
            )
        # Each histogram of a class totals the class's size: their mean estimates it best.
        sizes = np.maximum(counts.sum(axis=2).mean(axis=1), PSEUDO_COUNT)
        smoothed = np.maximum(counts, 0.0) + PSEUDO_COUNT
        self.log_priors_: FloatArray = np.log(sizes / sizes.sum())
        self.log_frequencies_: FloatArray = np.log(smoothed / smoothed.sum(axis=2, keepdims=True))
        return self

    @property
    def sensitivity(self) -> int:
        """Bound the sum of the changes of all counts between neighbouring data sets."""
        check_is_fitted(self, "n_features_in_")
        return int(self.n_features_in_) * (2 if self.neighbours == "replace" else 1)

    def predict_proba(self, X: npt.ArrayLike) -> FloatArray:
        """Return class probabilities, float64 (n_records, n_classes), in [0, 1]."""
        check_is_fitted(self)
        bins = self._bins(np.asarray(X, dtype=np.float64))
        joint = np.tile(self.log_priors_, (len(bins), 1))
        for feature in range(bins.shape[1]):
            joint += self.log_frequencies_[:, feature, bins[:, feature]].T
        weights = np.exp(joint - joint.max(axis=1, keepdims=True))
        probabilities: FloatArray = weights / weights.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return the most probable classes, array (n_records,)."""
        classes: npt.NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return classes

    def _bins(self, features: FloatArray) -> npt.NDArray[np.intp]:
        scaled = self.bounds_.scale(features)
        return np.minimum((scaled * self.n_bins).astype(np.intp), self.n_bins - 1)

    def _counts(self, bins: npt.NDArray[np.intp], labels: npt.NDArray[Any]) -> IntArray:
        """Count the records by class, feature and bin."""
        codes = np.minimum(np.searchsorted(self.classes_, labels), len(self.classes_) - 1)
        if labels.shape != (len(bins),) or (self.classes_[codes] != labels).any():
            raise ValueError(
                f"Labels must be of {len(bins)} records and among the classes "
                f"{self.classes_.tolist()}, but they are not."
            )
        shape = (len(self.classes_), bins.shape[1], self.n_bins)
        cells = np.ravel_multi_index((codes[:, None], np.arange(bins.shape[1]), bins), shape)
        return np.bincount(cells.ravel(), minlength=int(np.prod(shape))).reshape(shape)


def two_sided_geometric(
    scale: float, *, shape: tuple[int, ...], rng: np.random.Generator
) -> IntArray:
    """Draw integers with ``P[k]`` proportional to ``exp(-|k| / scale)``, of a given shape."""
    success = -np.expm1(-1.0 / scale)
    return rng.geometric(success, shape) - rng.geometric(success, shape)
