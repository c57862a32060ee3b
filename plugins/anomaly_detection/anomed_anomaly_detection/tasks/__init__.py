"""Task sources: what plants anomalies, trains a model, and says which test inputs are anomalous."""

from anomed_anomaly_detection.tasks.attacks import Attack
from anomed_anomaly_detection.tasks.backdoor import Backdoor
from anomed_anomaly_detection.tasks.dealt import Dealing
from anomed_anomaly_detection.tasks.other import ToyFeatures, WrongLabel
from anomed_anomaly_detection.tasks.planted import Adversarial, Clean, Masked, PlantedTask, Shift
from anomed_anomaly_detection.tasks.poisoning import (
    Aim,
    Behavior,
    Poisoned,
    perturb_others,
    poison,
    success,
)
from anomed_anomaly_detection.tasks.sound import Floors, UnsoundTaskError

__all__ = [
    "Adversarial",
    "Aim",
    "Attack",
    "Backdoor",
    "Behavior",
    "Clean",
    "Dealing",
    "Floors",
    "Masked",
    "PlantedTask",
    "Poisoned",
    "Shift",
    "ToyFeatures",
    "UnsoundTaskError",
    "WrongLabel",
    "perturb_others",
    "poison",
    "success",
]
