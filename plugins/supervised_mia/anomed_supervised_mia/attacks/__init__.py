"""Membership-inference attacks, one family: fit on members and non-members, then score."""

from anomed_supervised_mia.attacks.attack import Attack, FittedAttack
from anomed_supervised_mia.attacks.cross_fitting import AttackScores, cross_fit
from anomed_supervised_mia.attacks.signals import Signals
from anomed_supervised_mia.attacks.threshold import (
    ConfidenceThreshold,
    EntropyThreshold,
    LossThreshold,
    ModifiedEntropyThreshold,
)

__all__ = [
    "Attack",
    "AttackScores",
    "ConfidenceThreshold",
    "EntropyThreshold",
    "FittedAttack",
    "LossThreshold",
    "ModifiedEntropyThreshold",
    "Signals",
    "cross_fit",
]
