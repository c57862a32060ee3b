"""Distance from the mean activations of the predicted class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from anomed_anomaly_detection import ActivationDetector


@dataclass(frozen=True, kw_only=True)
class ClassDistance(ActivationDetector):
    """Mean squared distance from the trusted inputs of the class that the model predicts."""

    name: ClassVar[str] = "class-distance"
    needs: ClassVar[frozenset[str]] = frozenset({"trusted", "labels"})

    def fit_layer(self, trusted: Any, untrusted: Any, context: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return the mean of each class."""
        classes = [trusted[context.labels == label] for label in range(context.n_classes)]
        return {"means": np.stack([rows.mean(axis=0) for rows in classes])}

    def score_layer(self, state: Any, activations: Any, context: Any) -> Any:
        """Return the distance from the mean of the predicted class."""
        return ((activations - state["means"][context.predictions]) ** 2).mean(axis=1)
