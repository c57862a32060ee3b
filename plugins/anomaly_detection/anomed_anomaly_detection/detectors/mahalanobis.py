"""Distance from what is normal, in units of how much normal inputs vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.activations import MomentDetector, Scored, Seen
from anomed_anomaly_detection.detectors.layered import State
from anomed_anomaly_detection.detectors.moments import Moments, shrunk, squared_length, whitener

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
        """See `_ByLayer.score_layer`."""
        centred = activations - state["mean"]
        distance = squared_length(centred @ state["whitener"])
        if state["independent"].any():
            distance = distance - np.square(centred) @ state["independent"]
        return np.asarray(distance / activations.shape[1])
