"""Distance from what is normal, in units of how much normal inputs vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.activations import (
    BlockDetector,
    MomentDetector,
    Scored,
    Seen,
)
from anomed_anomaly_detection.detectors.layered import State
from anomed_anomaly_detection.detectors.moments import (
    Moments,
    PooledMoments,
    shrunk,
    squared_length,
    whitener,
)
from anomed_anomaly_detection.interface import DetectionTask, given

Floats = NDArray[np.float64]
Shrinkage = float | Literal["ledoit-wolf"]


def amount_of(shrinkage: float | str, moments: Moments) -> float:
    """Return a shrinkage as a number in [0, 1].

    Raises
    ------
    ValueError
        If it is neither such a number nor ``ledoit-wolf``.
    """
    if shrinkage == "ledoit-wolf":
        return moments.ledoit_wolf()
    if isinstance(shrinkage, str) or not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage is {shrinkage!r}; give a number from 0 to 1, or ledoit-wolf")
    return float(shrinkage)


@dataclass(frozen=True, kw_only=True)
class Mahalanobis(MomentDetector):
    """``(a - mu)' pinv(S) (a - mu) / d`` of trusted activations (Lee et al. 2018, one class).

    Attributes
    ----------
    relative
        Subtract the distance by the diagonal of S alone (Ren et al. 2021, arXiv 2106.09022, whose
        background is another model; here it is independent activations).
    rcond
        Directions with an eigenvalue under this share of the largest are left out.
    shrinkage
        s of ``(1 - s) S + s tr(S)/d I``, or ``ledoit-wolf``.

    References
    ----------
    Lee, Lee, Lee and Shin (2018), arXiv 1807.03888, equation 2.
    """

    name: ClassVar[str] = "mahalanobis"

    relative: bool = False
    rcond: float = 1e-5
    shrinkage: Shrinkage = 0.0

    def fit_moments(self, trusted: Moments, untrusted: Moments | None, context: Seen) -> State:
        """See `MomentDetector.fit_moments`."""
        covariance = shrunk(trusted.covariance, amount_of(self.shrinkage, trusted))
        variances = np.diag(covariance)
        # Relative to the largest one, as for eigenvalues, so that ranks ignore the scale.
        kept = variances > self.rcond * max(float(variances.max(initial=0.0)), 0.0)
        independent = np.divide(1.0, variances, out=np.zeros_like(variances), where=kept)
        return {
            "mean": trusted.mean,
            "whitener": whitener(covariance, self.rcond),
            "independent": independent if self.relative else np.zeros_like(variances),
        }

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        centred = activations - state["mean"]
        distance = squared_length(centred @ state["whitener"])
        if state["independent"].any():
            distance = distance - np.square(centred) @ state["independent"]
        return np.asarray(distance / activations.shape[1])


@dataclass(frozen=True, kw_only=True)
class ClassMahalanobis(BlockDetector):
    """The least ``(a - mu_c)' pinv(S) (a - mu_c) / d`` over the classes c, with one pooled S.

    Classes are the labels of the trusted data; those without a record are left out.

    Attributes
    ----------
    rcond
        Directions with an eigenvalue under this share of the largest are left out.
    shrinkage
        s of ``(1 - s) S + s tr(S)/d I``, in [0, 1].

    References
    ----------
    Lee, Lee, Lee and Shin (2018), arXiv 1807.03888, equations 1 and 2.
    """

    name: ClassVar[str] = "mahalanobis_class"
    needs: ClassVar[frozenset[str]] = frozenset({"trusted", "labels"})

    rcond: float = 1e-5
    shrinkage: float = 0.0

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        trusted = given(task.trusted)
        labels = trusted.labels
        n_classes = max(task.model.n_classes, int(labels.max(initial=0)) + 1)
        moments: dict[str, PooledMoments] = {}
        for where, layers in self.read(task.model, trusted):
            for layer, rows in layers.items():
                empty = PooledMoments.empty(n_classes, rows.shape[1])
                moments.setdefault(layer, empty).add(rows, labels[where])
        return {
            layer: {
                "means": pooled.means[pooled.n > 0],
                "whitener": whitener(shrunk(pooled.covariance, self.shrinkage), self.rcond),
            }
            for layer, pooled in moments.items()
        }

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        least = np.full(len(activations), np.inf)
        for mean in state["means"]:
            centred = (activations - mean) @ state["whitener"]
            np.minimum(least, squared_length(centred), out=least)
        return np.asarray(least / activations.shape[1])
