"""Inputs, pools of them, and tasks: with the answer, and without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.interface.protocols import Model


def _as_inputs(value: Any) -> NDArray[np.floating[Any]]:
    array = np.asarray(value)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    return np.ascontiguousarray(array)


def _as_labels(value: Any) -> NDArray[np.int64] | None:
    return None if value is None else np.ascontiguousarray(value, dtype=np.int64)


def _as_shape(value: Iterable[int]) -> tuple[int, ...]:
    return tuple(int(size) for size in value)


@attrs.frozen(eq=False)
class Batch:
    """Inputs of a model, with or without their labels.

    Attributes
    ----------
    X : float32 or float64 array of shape (n, d)
        Images are flattened. Other dtypes become float32; memory maps are not read.
    y : int64 array of shape (n,), or None

    Raises
    ------
    ValueError
        If X has not two axes, or y not one label a row.
    """

    X: NDArray[np.floating[Any]] = attrs.field(converter=_as_inputs)
    y: NDArray[np.int64] | None = attrs.field(converter=_as_labels, default=None)

    def __attrs_post_init__(self) -> None:
        if self.X.ndim != 2:
            raise ValueError(f"X has shape {self.X.shape}; give one row of numbers an input")
        if self.y is not None and self.y.shape != self.X.shape[:1]:
            raise ValueError(
                f"y has shape {self.y.shape} where X has {len(self.X)} rows; give one label a row"
            )

    def __len__(self) -> int:
        return len(self.X)

    @property
    def labels(self) -> NDArray[np.int64]:
        """The labels.

        Raises
        ------
        ValueError
            If there are none.
        """
        if self.y is None:
            raise ValueError(f"these {len(self)} inputs have no labels; give y, too")
        return self.y

    def take(self, rows: Any) -> Batch:
        """Return some rows, by a mask, a slice or their numbers."""
        return Batch(self.X[rows], None if self.y is None else self.y[rows])


@attrs.frozen(kw_only=True, eq=False)
class LabelledPools:
    """The records that a task is built from, divided so that no original is in two pools.

    Attributes
    ----------
    training, trusted, untrusted, tuning, validation : Batch
        With labels: to train the model on, to hand out, to mix anomalies into, to test on.
    shape : tuple of int
        ``(h, w)`` or ``(h, w, c)`` of images, else ``(d,)``.
    n_classes : int
    low, high : float
        Range of values.
    """

    training: Batch
    trusted: Batch
    untrusted: Batch
    tuning: Batch
    validation: Batch
    shape: tuple[int, ...] = attrs.field(converter=_as_shape)
    n_classes: int
    low: float = 0.0
    high: float = 1.0


@attrs.frozen(kw_only=True, eq=False)
class TaskFacts:
    """What may be told of a task.

    Attributes
    ----------
    task : str
        Name of the kind of task.
    shape : tuple of int
        Of one input.
    low, high : float
        Range of values.
    numbers : mapping of str to float
        What was measured or set: ``clean_accuracy``, ``success``, ``contamination``, sizes.
    """

    task: str
    shape: tuple[int, ...] = attrs.field(converter=_as_shape)
    low: float = 0.0
    high: float = 1.0
    numbers: Mapping[str, float] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True, eq=False)
class DetectionTask:
    """What a detector is given; it holds no flag, by its type.

    Attributes
    ----------
    model : Model
    trusted : Batch or None
        Handled normally; labelled.
    untrusted : Batch or None
        A mix of normal and anomalous inputs, without labels.
    facts : TaskFacts
    """

    model: Model
    trusted: Batch | None = None
    untrusted: Batch | None = None
    facts: TaskFacts


@attrs.frozen(kw_only=True, eq=False)
class FlaggedTask(DetectionTask):
    """A task with the flags of the untrusted mix, for a detector that shows what is possible.

    Attributes
    ----------
    untrusted_flags : bool array of shape (n_untrusted,)
    """

    untrusted_flags: NDArray[np.bool_]


@attrs.frozen(kw_only=True, eq=False)
class BuiltTask:
    """What a task source returns: the task and its answer. It never leaves the server as a whole.

    Attributes
    ----------
    task : DetectionTask
    tests : mapping of str to Batch
        Test inputs of each split, ``tuning`` and ``validation``; no labels are handed out.
    flags : mapping of str to bool array of shape (n_test,)
        Which of them are anomalous.
    untrusted_flags : bool array of shape (n_untrusted,), or None
    secrets : mapping of str to array
        What was drawn, such as the trigger's arrays.
    """

    task: DetectionTask
    tests: Mapping[str, Batch]
    flags: Mapping[str, NDArray[np.bool_]]
    untrusted_flags: NDArray[np.bool_] | None = None
    secrets: Mapping[str, NDArray[Any]] = attrs.field(factory=dict)

    @property
    def facts(self) -> TaskFacts:
        """What may be told of the task."""
        return self.task.facts

    def flagged(self) -> FlaggedTask:
        """Return the task with the flags of its untrusted mix.

        Raises
        ------
        ValueError
            If it has no such mix.
        """
        if self.untrusted_flags is None:
            raise ValueError("this task has no untrusted mix whose flags could be given")
        return FlaggedTask(
            model=self.task.model,
            trusted=self.task.trusted,
            untrusted=self.task.untrusted,
            facts=self.task.facts,
            untrusted_flags=self.untrusted_flags,
        )
