"""Whether a task has what a detector needs."""

from __future__ import annotations

from collections.abc import Callable

from anomed_anomaly_detection.interface.protocols import Detector
from anomed_anomaly_detection.interface.values import Batch, DetectionTask, FlaggedTask

_HAS: dict[str, tuple[str, Callable[[DetectionTask], bool]]] = {
    "trusted": ("trusted data", lambda task: task.trusted is not None and len(task.trusted) > 0),
    "untrusted": (
        "untrusted data",
        lambda task: task.untrusted is not None and len(task.untrusted) > 0,
    ),
    "labels": (
        "labels of trusted data",
        lambda task: task.trusted is not None and task.trusted.y is not None,
    ),
    "flags": ("the flags of untrusted data", lambda task: isinstance(task, FlaggedTask)),
    "gradient": ("gradients of the model", lambda task: hasattr(task.model, "input_gradient")),
    "finetuning": ("a model that can be tuned", lambda task: hasattr(task.model, "finetuned")),
}


class MissingNeedError(ValueError):
    """A task lacks what a detector needs."""


def check_needs(detector: Detector, task: DetectionTask) -> None:
    """Check that a task has what a detector needs.

    Raises
    ------
    MissingNeedError
        With one sentence that names the detector and what is missing.
    ValueError
        If the detector needs something that no task has.
    """
    for need in sorted(detector.needs):
        if need not in _HAS:
            raise ValueError(
                f"{detector.name} needs {need!r}, which no task has; choose of {', '.join(_HAS)}"
            )
        words, has = _HAS[need]
        if not has(task):
            raise MissingNeedError(f"{detector.name} needs {words}; this task has none")


def given(batch: Batch | None) -> Batch:
    """Return a part of a task that `check_needs` has found to be there.

    Raises
    ------
    ValueError
        If it is not there all the same.
    """
    if batch is None:
        raise ValueError("a part of the task is missing that the detector does not say it needs")
    return batch
