"""Baseline anonymizers: reference models, from leaky to differentially private."""

from anomed_supervised_mia.anonymizers.baseline import (
    BaselineAnonymizer,
    overfitted_anonymizers,
    private_anonymizers,
    underfitted_anonymizers,
)
from anomed_supervised_mia.anonymizers.private_logistic_regression import (
    PrivateLogisticRegression,
)
from anomed_supervised_mia.anonymizers.private_naive_bayes import PrivateNaiveBayes

__all__ = [
    "BaselineAnonymizer",
    "PrivateLogisticRegression",
    "PrivateNaiveBayes",
    "overfitted_anonymizers",
    "private_anonymizers",
    "underfitted_anonymizers",
]
