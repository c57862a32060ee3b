"""Membership-inference attacks, one family: fit on members and non-members, then score."""

from anomed_supervised_mia.attacks.attack import Attack, FittedAttack
from anomed_supervised_mia.attacks.cross_fitting import AttackScores, cross_fit
from anomed_supervised_mia.attacks.features import FeatureMap, outputs_and_loss
from anomed_supervised_mia.attacks.label_only import (
    BoundaryDistanceAttack,
    FittedBoundaryDistance,
    GapAttack,
)
from anomed_supervised_mia.attacks.likelihood_ratio import (
    FittedLikelihoodRatio,
    LikelihoodRatioAttack,
)
from anomed_supervised_mia.attacks.logistic_regression import (
    FittedLogisticRegression,
    LogisticRegressionAttack,
)
from anomed_supervised_mia.attacks.observation import observe
from anomed_supervised_mia.attacks.quantile_regression import (
    FittedQuantileRegression,
    QuantileRegressionAttack,
)
from anomed_supervised_mia.attacks.relative_membership import (
    FittedRelativeMembership,
    RelativeMembershipAttack,
)
from anomed_supervised_mia.attacks.shadow_signals import ShadowSignals
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
    "FittedBoundaryDistance",
    "FittedClassifier",
    "FittedLikelihoodRatio",
    "FittedLogisticRegression",
    "FittedQuantileRegression",
    "FittedRelativeMembership",
    "GapAttack",
    "LikelihoodRatioAttack",
    "LogisticRegressionAttack",
    "LossThreshold",
    "ModifiedEntropyThreshold",
    "NearestNeighboursAttack",
    "QuantileRegressionAttack",
    "RelativeMembershipAttack",
    "ShadowSignals",
    "Signals",
    "TrainedAttack",
    "cross_fit",
    "gradient_boosting_attack",
    "multilayer_perceptron_attack",
    "observe",
    "outputs_and_loss",
    "random_forest_attack",
]
