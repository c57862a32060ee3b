"""Membership-inference attacks, one family: fit on members and non-members, then score."""

from anomed_supervised_mia.attacks.attack import Attack, FittedAttack
from anomed_supervised_mia.attacks.cross_fitting import AttackScores, cross_fit
from anomed_supervised_mia.attacks.features import FeatureMap, outputs_and_loss
from anomed_supervised_mia.attacks.label_only import BoundaryDistanceAttack, GapAttack
from anomed_supervised_mia.attacks.logistic_regression import (
    FittedLogisticRegression,
    LogisticRegressionAttack,
)
from anomed_supervised_mia.attacks.signals import Signals
from anomed_supervised_mia.attacks.threshold import (
    ConfidenceThreshold,
    EntropyThreshold,
    LossThreshold,
    ModifiedEntropyThreshold,
)
from anomed_supervised_mia.attacks.trained import (
    FittedClassifier,
    NearestNeighboursAttack,
    TrainedAttack,
    gradient_boosting_attack,
    multilayer_perceptron_attack,
    random_forest_attack,
)

__all__ = [
    "Attack",
    "AttackScores",
    "BoundaryDistanceAttack",
    "ConfidenceThreshold",
    "EntropyThreshold",
    "FeatureMap",
    "FittedAttack",
    "FittedClassifier",
    "FittedLogisticRegression",
    "GapAttack",
    "LogisticRegressionAttack",
    "LossThreshold",
    "ModifiedEntropyThreshold",
    "NearestNeighboursAttack",
    "Signals",
    "TrainedAttack",
    "cross_fit",
    "gradient_boosting_attack",
    "multilayer_perceptron_attack",
    "outputs_and_loss",
    "random_forest_attack",
]
