"""A small network in numpy: weights are plain arrays, and no library's version changes a score."""

from anomed_anomaly_detection.network.mlp import MLP
from anomed_anomaly_detection.network.training import (
    Recipe,
    TrainingLog,
    initial,
    train,
    train_further,
)

__all__ = ["MLP", "Recipe", "TrainingLog", "initial", "train", "train_further"]
