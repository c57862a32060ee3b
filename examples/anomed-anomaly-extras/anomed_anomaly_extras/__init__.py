"""A detector, a trigger and a task of somebody else's."""

from anomed_anomaly_extras.detector import ClassDistance
from anomed_anomaly_extras.task import Negative
from anomed_anomaly_extras.trigger import Stripe

__all__ = ["ClassDistance", "Negative", "Stripe"]
