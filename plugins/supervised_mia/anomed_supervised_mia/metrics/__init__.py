"""Metrics of a membership inference attack."""

from anomed_supervised_mia.metrics.confusion import Confusion, confusion
from anomed_supervised_mia.metrics.roc import (
    OperatingPoint,
    Roc,
    auc,
    roc_curve,
    tpr_at_fpr,
)

__all__ = [
    "Confusion",
    "OperatingPoint",
    "Roc",
    "auc",
    "confusion",
    "roc_curve",
    "tpr_at_fpr",
]
