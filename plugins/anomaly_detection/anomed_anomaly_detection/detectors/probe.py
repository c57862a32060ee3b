"""What a detector could reach that knew which inputs of the mix are anomalous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.activations import ActivationDetector, Scored, Seen
from anomed_anomaly_detection.detectors.layered import State

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SupervisedProbe(ActivationDetector):
    """Logistic regression on the flags of the mix: a skyline, which no participant can compute.

    Attributes
    ----------
    C
        Inverse weight of the squared coefficients of standardised activations.
    """

    name: ClassVar[str] = "supervised_probe"
    needs: ClassVar[frozenset[str]] = frozenset({"untrusted", "flags"})

    C: float = 1.0

    def fit_layer(self, trusted: Floats, untrusted: Floats, context: Seen) -> State:
        """See `ActivationDetector.fit_layer`."""
        from sklearn.linear_model import LogisticRegression

        flags = context.flags
        if flags is None or len(np.unique(flags)) < 2:
            raise ValueError("supervised_probe needs normal and anomalous inputs in the mix")
        mean, scale = untrusted.mean(axis=0), untrusted.std(axis=0)
        scale[scale == 0] = 1
        fitted = LogisticRegression(C=self.C, max_iter=2000).fit((untrusted - mean) / scale, flags)
        return {"mean": mean, "weights": fitted.coef_[0] / scale}

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        return np.asarray((activations - state["mean"]) @ state["weights"])
