"""What is installed: detectors, tasks and triggers, by entry points, ours as anybody's."""

from anomed_anomaly_detection.registry.offers import (
    DETECTORS,
    TASKS,
    TRIGGERS,
    Offer,
    detector,
    load,
    offers,
    task_source,
    trigger,
)

__all__ = [
    "DETECTORS",
    "TASKS",
    "TRIGGERS",
    "Offer",
    "detector",
    "load",
    "offers",
    "task_source",
    "trigger",
]
