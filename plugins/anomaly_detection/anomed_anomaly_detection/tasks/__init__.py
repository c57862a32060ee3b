"""Task sources: what plants anomalies, trains a model, and says which test inputs are anomalous."""

from anomed_anomaly_detection.tasks.backdoor import Backdoor
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
    "Aim",
    "Backdoor",
    "Behavior",
    "Floors",
    "Poisoned",
    "UnsoundTaskError",
    "perturb_others",
    "poison",
    "success",
]
