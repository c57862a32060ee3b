"""What a model, a trigger, a task source and a detector must be able to do.

Whatever an entry point names is a frozen dataclass of the standard library: its fields are its
options, the same in a configuration file, on the command line and in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from anomed_anomaly_detection.interface.values import BuiltTask, DetectionTask, LabelledPools

Array = NDArray[Any]
Floats = NDArray[np.float64]


class Model(Protocol):
    """A classifier whose layers can be read."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers in order; the last one holds the logits."""

    @property
    def n_classes(self) -> int:
        """Number of classes, at least 2."""

    def activations(self, X: Array) -> Mapping[str, Array]:
        """Return the values of every layer before its non-linearity, each of shape (n, ...)."""

    def probabilities(self, X: Array) -> Floats:
        """Return the probability of each class, of shape (n, n_classes)."""

    def predict(self, X: Array) -> NDArray[np.int64]:
        """Return the likeliest class of each input, of shape (n,)."""

    def to_arrays(self) -> dict[str, Array]:
        """Return the weights as plain arrays."""


class Fitted(Protocol):
    """A detector that has seen a task."""

    def layer_scores(self, model: Model, X: Array) -> Mapping[str, Floats]:
        """Score inputs by each layer.

        Returns
        -------
        mapping of str to float64 array of shape (n,)
            Finite; higher is more anomalous. One key ``all`` if there are no layers.
        """

    def scores(self, model: Model, X: Array) -> Floats:
        """Score inputs, float64 of shape (n,): the layers taken together."""

    def to_arrays(self) -> dict[str, Array]:
        """Return what was fitted as plain arrays, which the detector's `restore` takes."""


@runtime_checkable
class Detector(Protocol):
    """A way of telling how anomalous inputs are: a frozen dataclass of its options.

    Attributes
    ----------
    name
        As in the group ``anomed.anomaly_detectors``.
    needs
        Of ``trusted``, ``untrusted``, ``labels``, ``flags``, ``gradient``, ``finetuning``; checked
        before it is fitted.
    transductive
        Whether the scores of an input may depend on the inputs beside it.
    """

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]]
    transductive: ClassVar[bool]

    def fit(self, task: DetectionTask, rng: np.random.Generator) -> Fitted:
        """Learn what is normal.

        Raises
        ------
        MissingNeedError
            If the task lacks what the detector needs.
        """

    def restore(self, arrays: Mapping[str, Array]) -> Fitted:
        """Return what was fitted, from the arrays that it gave."""


class DrawnTrigger(Protocol):
    """A trigger with everything drawn but the noise of each record."""

    def __call__(self, X: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Return triggered copies of inputs, with the same shape, dtype and range."""

    def to_arrays(self) -> dict[str, Array]:
        """Return what was drawn as plain arrays."""


@runtime_checkable
class Trigger(Protocol):
    """What an attacker adds to an input: a frozen dataclass of its options.

    It may have a method ``innocent(drawn)``, too, which returns another `DrawnTrigger`: what looks
    alike, is no trigger, and is learnt with the right labels.

    Attributes
    ----------
    name
        As in the group ``anomed.anomaly_triggers``.
    """

    name: ClassVar[str]

    def draw(
        self, shape: tuple[int, ...], rng: np.random.Generator, *, low: float = 0, high: float = 1
    ) -> DrawnTrigger:
        """Draw the trigger for inputs of a shape and a range of values.

        Raises
        ------
        ValueError
            If it does not fit the shape.
        """


@runtime_checkable
class TaskSource(Protocol):
    """A way of building tasks: a frozen dataclass of its options.

    Attributes
    ----------
    name
        As in the group ``anomed.anomaly_tasks``.
    """

    name: ClassVar[str]

    def build(self, pools: LabelledPools, rng: np.random.Generator) -> BuiltTask:
        """Build a task from labelled records; equal pools and generators give equal tasks.

        Raises
        ------
        ValueError
            If the task would not be sound, with the measured numbers.
        """
