"""Detectors: each one is a frozen dataclass of its options, fitted to a task."""

from anomed_anomaly_detection.detectors.activations import (
    ActivationDetector,
    BlockDetector,
    MomentDetector,
    Scored,
    Seen,
)
from anomed_anomaly_detection.detectors.clusters import (
    ActivationClustering,
    GaussianLikelihood,
    IsolationForest,
    LikelihoodRatio,
    PrincipalResidual,
)
from anomed_anomaly_detection.detectors.correlations import Beatrix
from anomed_anomaly_detection.detectors.inputs import InputMahalanobis, InputRange, NearestPublic
from anomed_anomaly_detection.detectors.layered import LayeredDetector, LayerFit
from anomed_anomaly_detection.detectors.mahalanobis import ClassMahalanobis, Mahalanobis
from anomed_anomaly_detection.detectors.moments import Moments
from anomed_anomaly_detection.detectors.neighbours import (
    LocalOutlierFactor,
    NearestNeighbours,
    RankEvolution,
)
from anomed_anomaly_detection.detectors.outputs import (
    Energy,
    Entropy,
    Finetuning,
    LabelLoss,
    MaxSoftmax,
    OutputLift,
    Strip,
)
from anomed_anomaly_detection.detectors.probe import SupervisedProbe
from anomed_anomaly_detection.detectors.spectral import QuantumEntropy, Spectral, Spectre

__all__ = [
    "ActivationClustering",
    "ActivationDetector",
    "Beatrix",
    "BlockDetector",
    "ClassMahalanobis",
    "Energy",
    "Entropy",
    "Finetuning",
    "GaussianLikelihood",
    "InputMahalanobis",
    "InputRange",
    "IsolationForest",
    "LabelLoss",
    "LayerFit",
    "LayeredDetector",
    "LikelihoodRatio",
    "LocalOutlierFactor",
    "Mahalanobis",
    "MaxSoftmax",
    "MomentDetector",
    "Moments",
    "NearestNeighbours",
    "NearestPublic",
    "OutputLift",
    "PrincipalResidual",
    "QuantumEntropy",
    "RankEvolution",
    "Scored",
    "Seen",
    "Spectral",
    "Spectre",
    "Strip",
    "SupervisedProbe",
]
