"""The commands ``anomed anomaly``."""

from anomed_anomaly_detection.commands.group import anomaly

__all__ = ["anomaly"]
