"""Metrics of a membership inference attack, each with the interval that holds the truth."""

from anomed_core.statistics import (
    OperatingPoint,
    Roc,
    advantage_ceiling,
    auc,
    auc_ceiling,
    balanced_accuracy_ceiling,
    clopper_pearson,
    delong_variance,
    roc_curve,
    tpr_at_fpr,
    tpr_ceiling,
)
from anomed_supervised_mia.metrics.advantage import (
    MaxAdvantage,
    estimate_advantage,
    estimate_balanced_accuracy,
    estimate_best_balanced_accuracy,
    estimate_max_advantage,
    null_advantage,
)
from anomed_supervised_mia.metrics.area import estimate_auc
from anomed_supervised_mia.metrics.confusion import Confusion, confusion
from anomed_supervised_mia.metrics.epsilon import (
    EpsilonBound,
    epsilon_of_decision,
    epsilon_of_scores,
    epsilon_of_split,
)
from anomed_supervised_mia.metrics.estimate import Estimate
from anomed_supervised_mia.metrics.low_fpr import TprAtFpr, estimate_tpr_at_fpr
from anomed_supervised_mia.metrics.one_run import (
    Guesses,
    epsilon_of_one_run,
    one_run_epsilon,
    one_run_p_value,
)

__all__ = [
    "Confusion",
    "EpsilonBound",
    "Estimate",
    "Guesses",
    "MaxAdvantage",
    "OperatingPoint",
    "Roc",
    "TprAtFpr",
    "advantage_ceiling",
    "auc",
    "auc_ceiling",
    "balanced_accuracy_ceiling",
    "clopper_pearson",
    "confusion",
    "delong_variance",
    "epsilon_of_decision",
    "epsilon_of_one_run",
    "epsilon_of_scores",
    "epsilon_of_split",
    "estimate_advantage",
    "estimate_auc",
    "estimate_balanced_accuracy",
    "estimate_best_balanced_accuracy",
    "estimate_max_advantage",
    "estimate_tpr_at_fpr",
    "null_advantage",
    "one_run_epsilon",
    "one_run_p_value",
    "roc_curve",
    "tpr_at_fpr",
    "tpr_ceiling",
]
