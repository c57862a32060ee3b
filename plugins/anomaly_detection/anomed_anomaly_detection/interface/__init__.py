"""What tasks and detectors agree on: values, and what each of them must be able to do."""

from anomed_anomaly_detection.interface.needs import MissingNeedError, check_needs, given
from anomed_anomaly_detection.interface.protocols import (
    Detector,
    DrawnTrigger,
    Fitted,
    Model,
    TaskSource,
    Trigger,
)
from anomed_anomaly_detection.interface.values import (
    Batch,
    BuiltTask,
    DetectionTask,
    FlaggedTask,
    LabelledPools,
    TaskFacts,
)

__all__ = [
    "Batch",
    "BuiltTask",
    "DetectionTask",
    "Detector",
    "DrawnTrigger",
    "Fitted",
    "FlaggedTask",
    "LabelledPools",
    "MissingNeedError",
    "Model",
    "TaskFacts",
    "TaskSource",
    "Trigger",
    "check_needs",
    "given",
]
