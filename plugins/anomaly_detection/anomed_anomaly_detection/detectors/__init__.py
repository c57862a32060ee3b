"""Detectors: each one is a frozen dataclass of its options, fitted to a task."""

from anomed_anomaly_detection.detectors.activations import (
    ActivationDetector,
    MomentDetector,
    Scored,
    Seen,
)
from anomed_anomaly_detection.detectors.layered import LayeredDetector, LayerFit
from anomed_anomaly_detection.detectors.mahalanobis import Mahalanobis
from anomed_anomaly_detection.detectors.moments import Moments

__all__ = [
    "ActivationDetector",
    "LayerFit",
    "LayeredDetector",
    "Mahalanobis",
    "MomentDetector",
    "Moments",
    "Scored",
    "Seen",
]
