"""Multinomial logistic regression by output perturbation: differential privacy of the weights.

The weights W minimise ``mean_i loss(W; x_i, y_i) + ||W||^2 * penalty / 2``. Records have norm 1,
so each loss's gradient, ``(p - e_y) x^T``, has norm at most ``sqrt 2``. Replacing a record changes
the mean gradient by at most ``2 sqrt 2 / n``, and strong convexity turns that into a distance of
minimisers of at most ``2 sqrt 2 / (n * penalty)``: the sensitivity. Noise b with a density
proportional to ``exp(-epsilon ||b|| / sensitivity)`` on the whole matrix makes W private.

A solver stops at a gradient of some small norm g, and thus within ``g / penalty`` of the minimiser;
twice that is added to the sensitivity, so that the proof holds for the weights as found.

Kamalika Chaudhuri, Claire Monteleoni, Anand D. Sarwate: Differentially Private Empirical Risk
Minimization, JMLR 12, 2011: algorithm 1, theorem 6 (privacy) and lemma 7 (distance of minimisers).
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from anomed_supervised_mia.anonymizers._public_bounds import (
    PublicBounds,
    check_epsilon,
)
from anomed_supervised_mia.attacks.arrays import FloatArray

#: The gradient's norm at which the solver must arrive.
GRADIENT_TOLERANCE = 1e-5


class PrivateLogisticRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """Classify by differentially private weights.

    The privacy of a fitted model is exactly ``(epsilon, 0)`` for the replacement of a record,
    provided that bounds, classes and the number of records are public, and up to the rounding of
    floating-point noise. It follows scikit-learn's interface.

    Parameters
    ----------
    epsilon
        The privacy budget, positive; infinity adds no noise.
    bounds
        The lowest and highest value, of all features (two numbers) or of each (two arrays).
    classes
        All classes, ascending. `None` takes those of the training labels for public.
    penalty
        Half the weights' squared norm costs this much, in units of the mean loss; positive. A
        larger one wants less noise.
    random_state
        Seeds the noise: an integer or a `numpy.random.Generator`; `None` draws fresh entropy.

    Examples
    --------
    >>> features, labels = [[0.1], [0.2], [0.8], [0.9]] * 100, [0, 0, 1, 1] * 100
    >>> model = PrivateLogisticRegression(epsilon=10.0, bounds=(0, 1), random_state=0)
    >>> model.fit(features, labels).predict([[0.15], [0.95]])
    array([0, 1])
    """

    def __init__(
        self,
        *,
        epsilon: float = 1.0,
        bounds: tuple[npt.ArrayLike, npt.ArrayLike] = (0.0, 1.0),
        classes: npt.ArrayLike | None = None,
        penalty: float = 0.01,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.bounds = bounds
        self.classes = classes
        self.penalty = penalty
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """Minimise, add noise, and forget the records.

        Parameters
        ----------
        X : float (n_records, n_features)
        y : array (n_records,)

        Raises
        ------
        ValueError
            If a parameter or an array is malformed, or a label is none of the classes.
        ArithmeticError
            If the solver does not arrive at the minimum.
        """
        check_epsilon(self.epsilon)
        if not self.penalty > 0:
            raise ValueError(
                f"The penalty must be positive, but {self.penalty} came: "
                "without it no amount of noise is enough."
            )
        features, labels = np.asarray(X, dtype=np.float64), np.asarray(y)
        self.bounds_ = PublicBounds.parse(self.bounds, n_features=features.shape[-1])
        self.classes_ = np.unique(labels if self.classes is None else self.classes)
        self.n_features_in_ = features.shape[1]
        rows = self._unit_rows(features)
        targets = (labels[:, None] == self.classes_).astype(np.float64)
        if len(targets) != len(rows) or not (targets.sum(axis=1) == 1).all():
            raise ValueError(
                f"Labels must be of {len(rows)} records and among the classes "
                f"{self.classes_.tolist()}, but they are not."
            )
        self.sensitivity_ = sensitivity(len(rows), penalty=self.penalty)
        self.weights_: FloatArray = _minimise(rows, targets, penalty=self.penalty)
        if np.isfinite(self.epsilon):
            self.weights_ += spherical_laplace(
                self.sensitivity_ / self.epsilon,
                shape=self.weights_.shape,
                rng=np.random.default_rng(self.random_state),
            )
        return self

    def decision_function(self, X: npt.ArrayLike) -> FloatArray:
        """Return logits, float64 (n_records, n_classes), for two classes their difference (n,)."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: npt.ArrayLike) -> FloatArray:
        """Return class probabilities, float64 (n_records, n_classes), in [0, 1]."""
        return np.asarray(softmax(self._logits(X), axis=1), dtype=np.float64)

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return the most probable classes, array (n_records,)."""
        classes: npt.NDArray[Any] = self.classes_[self._logits(X).argmax(axis=1)]
        return classes

    def _logits(self, X: npt.ArrayLike) -> FloatArray:
        check_is_fitted(self)
        logits: FloatArray = self._unit_rows(np.asarray(X, dtype=np.float64)) @ self.weights_.T
        return logits

    def _unit_rows(self, features: FloatArray) -> FloatArray:
        """Append a constant and project to the unit sphere, which loses nothing."""
        centred = 2 * self.bounds_.scale(features) - 1
        rows = np.hstack([np.ones((len(centred), 1)), centred])
        unit: FloatArray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def sensitivity(n_records: int, *, penalty: float) -> float:
    """Bound the distance between the weights found for two data sets that differ in one record.

    Examples
    --------
    >>> sensitivity(1000, penalty=0.01)  # 2 sqrt 2 / 10, and 0.002 for the solver
    0.284842712474619
    """
    return 2 * math.sqrt(2) / (n_records * penalty) + 2 * GRADIENT_TOLERANCE / penalty


def spherical_laplace(
    scale: float, *, shape: tuple[int, ...], rng: np.random.Generator
) -> FloatArray:
    """Draw an array with a density proportional to ``exp(-norm / scale)``, float64 of a shape."""
    direction = rng.normal(size=shape)
    length = rng.gamma(direction.size, scale)
    noise: FloatArray = direction * (length / np.linalg.norm(direction))
    return noise


def _minimise(rows: FloatArray, targets: FloatArray, *, penalty: float) -> FloatArray:
    """Return weights, float64 (n_classes, n_columns), with a gradient below the tolerance."""
    shape = (targets.shape[1], rows.shape[1])

    def objective(flat: FloatArray) -> tuple[float, FloatArray]:
        weights = flat.reshape(shape)
        log_probabilities = log_softmax(rows @ weights.T, axis=1)
        value = -np.vdot(log_probabilities, targets) / len(rows) + penalty / 2 * (flat @ flat)
        residuals = (np.exp(log_probabilities) - targets) / len(rows)
        return float(value), (residuals.T @ rows + penalty * weights).ravel()

    found = minimize(
        objective,
        np.zeros(math.prod(shape)),
        jac=True,
        method="L-BFGS-B",
        options={
            "gtol": GRADIENT_TOLERANCE / math.sqrt(math.prod(shape)),
            "ftol": 0.0,
            "maxiter": 10_000,
        },
    )
    length = np.linalg.norm(objective(found.x)[1])
    if not length <= GRADIENT_TOLERANCE:
        raise ArithmeticError(
            f"The solver stopped at a gradient of norm {length:g}, above {GRADIENT_TOLERANCE:g}, "
            "for which privacy is not proven; take a penalty nearer to 0.01."
        )
    return np.asarray(found.x, dtype=np.float64).reshape(shape)
