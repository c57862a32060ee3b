"""Detectors that look at how an untrusted mix varies: spectral signatures, entropy, SPECTRE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.activations import (
    ActivationDetector,
    BlockDetector,
    MomentDetector,
    Scored,
    Seen,
)
from anomed_anomaly_detection.detectors.layered import State
from anomed_anomaly_detection.detectors.moments import Moments, squared_length, whitener
from anomed_anomaly_detection.detectors.reading import predicted
from anomed_anomaly_detection.interface import DetectionTask, given

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Spectral(BlockDetector):
    """``((a - mu) . v)^2`` with the mean and the top eigenvector of an untrusted mix.

    Attributes
    ----------
    per_class
        One mean and one eigenvector for each predicted class, as the paper has it for labels.

    References
    ----------
    Tran, Li and Madry (2018), arXiv 1811.00636, algorithm 1.
    """

    name: ClassVar[str] = "spectral"
    needs: ClassVar[frozenset[str]] = frozenset({"untrusted"})

    per_class: bool = False

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        n_groups = task.model.n_classes if self.per_class else 1
        groups: dict[str, list[Moments]] = {}
        for _, layers in self.read(task.model, given(task.untrusted)):
            group = self._group(predicted(task.model, layers))
            for layer, rows in layers.items():
                nothing = [Moments.empty(rows.shape[1]) for _ in range(n_groups)]
                for i, moments in enumerate(groups.setdefault(layer, nothing)):
                    moments.add(rows[group == i])
        return {
            layer: {
                "means": np.stack([moments.mean for moments in parts]),
                "directions": np.stack([_top(moments) for moments in parts]),
            }
            for layer, parts in groups.items()
        }

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        group = self._group(context.predictions)
        centred = activations - state["means"][group]
        return np.asarray(np.einsum("ij,ij->i", centred, state["directions"][group]) ** 2)

    def _group(self, predictions: NDArray[np.int64]) -> NDArray[np.int64]:
        return predictions if self.per_class else np.zeros_like(predictions)


def _top(moments: Moments) -> Floats:
    """Return the eigenvector of the largest eigenvalue; zeros where nothing varies."""
    values, vectors = np.linalg.eigh(moments.covariance)
    return np.asarray(vectors[:, -1] * (values[-1] > 0))


def amplified(covariance: Floats, alpha: float, n_missing: int) -> Floats:
    """Return P with ``P P' = exp(alpha (S - I) / norm2(S - I)) / trace``, of shape (r, r).

    The exponential is that of eigenvalues. Directions in which trusted data do not vary count as
    variance 0 in norm and trace, and nothing else.

    Parameters
    ----------
    covariance : float64 array of shape (r, r)
        Of the whitened mix.
    alpha : float
    n_missing : int
        Directions that whitening has left out.
    """
    values, vectors = np.linalg.eigh(covariance)
    largest = float(np.abs(values - 1).max(initial=1.0 if n_missing else 0.0))
    weights = np.exp(alpha * (values - 1) / largest) if largest > 0 else np.ones_like(values)
    trace = weights.sum() + n_missing * np.exp(-alpha / max(largest, 1.0))
    return np.asarray(vectors * np.sqrt(weights / trace))


@dataclass(frozen=True, kw_only=True)
class QuantumEntropy(MomentDetector):
    """``a~' Q a~`` of activations that trusted data whiten, Q from how the mix varies (QUE).

    ``Q = exp(alpha (S~ - I) / norm2(S~ - I)) / trace`` with the covariance S~ of the whitened mix.
    The published code divides by ``norm2(S~) - 1``, which is the same where the mix varies more
    than trusted data, and unstable where it does not.

    Attributes
    ----------
    alpha
        How much directions of larger variance count.
    rcond
        Directions with a variance under this share of the largest are left out.

    References
    ----------
    Dong, Hopkins and Li (2019), arXiv 1906.11366; Hayase, Kong, Somani and Oh (2021),
    arXiv 2104.11315, section 3.2.
    """

    name: ClassVar[str] = "que"
    needs: ClassVar[frozenset[str]] = frozenset({"trusted", "untrusted"})

    alpha: float = 4.0
    rcond: float = 1e-5

    def fit_moments(self, trusted: Moments, untrusted: Moments | None, context: Seen) -> State:
        """See `MomentDetector.fit_moments`."""
        whitening = whitener(trusted.covariance, self.rcond)
        mix = trusted if untrusted is None else untrusted
        covariance = whitening.T @ mix.covariance @ whitening
        n_missing = len(whitening) - whitening.shape[1]
        projection = whitening @ amplified(covariance, self.alpha, n_missing)
        return {"mean": trusted.mean, "projection": projection}

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        return squared_length((activations - state["mean"]) @ state["projection"])


@dataclass(frozen=True, kw_only=True)
class Spectre(ActivationDetector):
    """QUE of an untrusted mix that is whitened by a robust estimate from the mix itself.

    Principal components, a robust mean and covariance of them (minimum covariance determinant,
    Rousseeuw 1984), whitening, and Q as in `QuantumEntropy`. It needs no trusted data, and is lost
    where half of the mix is anomalous.

    Attributes
    ----------
    n_components
        Principal components that are kept.
    alpha
        How much directions of larger variance count.
    support
        Share of the mix that is taken for normal.
    rcond
        Directions with a variance under this share of the largest are left out.

    References
    ----------
    Hayase, Kong, Somani and Oh (2021), arXiv 2104.11315.
    """

    name: ClassVar[str] = "spectre"
    needs: ClassVar[frozenset[str]] = frozenset({"untrusted"})

    n_components: int = 10
    alpha: float = 4.0
    support: float = 0.75
    rcond: float = 1e-5

    def fit_layer(self, trusted: Floats, untrusted: Floats, context: Seen) -> State:
        """See `ActivationDetector.fit_layer`."""
        moments = Moments.of(untrusted)
        values, vectors = np.linalg.eigh(moments.covariance)
        # Equal inputs vary by rounding alone, which is no direction.
        rounding = (1e-9 * float(np.abs(untrusted).max(initial=0.0))) ** 2
        varies = values > max(self.rcond * float(values[-1]), rounding)
        components = vectors[:, varies][:, ::-1][:, : self.n_components]
        rows = (untrusted - moments.mean) @ components
        location, covariance = self._robust(rows, context.rng)
        whitening = whitener(covariance, self.rcond)
        spread = whitening.T @ Moments.of(rows).covariance @ whitening
        n_missing = len(whitening) - whitening.shape[1]
        projection = components @ whitening @ amplified(spread, self.alpha, n_missing)
        return {"mean": moments.mean + components @ location, "projection": projection}

    def _robust(self, rows: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        from sklearn.covariance import MinCovDet

        n, d = rows.shape
        # With fewer rows than this the determinant of a subset is 0 whatever it holds.
        if d == 0 or self.support * n <= d + 1:
            moments = Moments.of(rows)
            return moments.mean, moments.covariance
        seed = int(rng.integers(2**31))
        scale = rows.std(axis=0)  # The estimate moves along, but its test of rank is absolute.
        fitted = MinCovDet(support_fraction=self.support, random_state=seed).fit(rows / scale)
        return fitted.location_ * scale, fitted.covariance_ * np.outer(scale, scale)

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        return squared_length((activations - state["mean"]) @ state["projection"])
