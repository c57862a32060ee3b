"""What detectors that score by layers have in common: state as arrays, scores in blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.reading import BLOCK_ROWS, blocks
from anomed_anomaly_detection.interface import DetectionTask, Model, check_needs

Array = NDArray[Any]
Floats = NDArray[np.float64]
State = dict[str, Array]
"""What was fitted at one layer, as plain arrays."""


@dataclass(frozen=True, kw_only=True)
class LayeredDetector(ABC):
    """A detector whose state is some arrays a layer, which score a block of inputs.

    Attributes
    ----------
    layer_aggregation
        How scores of the layers become one: their ``mean`` or their ``max``.
    max_batch_size
        Inputs that are scored at once; it changes no score.
    """

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]] = frozenset({"trusted"})
    keeps_rows: ClassVar[bool] = False
    transductive: ClassVar[bool] = False

    layer_aggregation: Literal["mean", "max"] = "mean"
    max_batch_size: int = BLOCK_ROWS

    def fit(self, task: DetectionTask, rng: np.random.Generator) -> LayerFit:
        """Learn what is normal.

        Raises
        ------
        MissingNeedError
            If the task lacks what the detector needs.
        ValueError
            If the model's activations are not finite.
        """
        check_needs(self, task)
        return LayerFit(self, self.learn(task, rng))

    def restore(self, arrays: Mapping[str, Array]) -> LayerFit:
        """Return what was fitted, from the arrays that it gave."""
        state: dict[str, State] = {}
        for name, array in arrays.items():
            layer, _, part = name.partition("/")
            state.setdefault(layer, {})[part] = np.asarray(array)
        return LayerFit(self, state)

    @abstractmethod
    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """Return the state of each layer."""

    @abstractmethod
    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """Score a block of inputs by each layer, whatever blocks come before or after."""


@attrs.frozen(eq=False)
class LayerFit:
    """A detector that has seen a task.

    Attributes
    ----------
    detector : LayeredDetector
    state : mapping of str to mapping of str to array
        By layer.
    """

    detector: LayeredDetector
    state: Mapping[str, State]

    def layer_scores(self, model: Model, X: Array) -> dict[str, Floats]:
        """Score inputs by each layer.

        Returns
        -------
        dict of str to float64 array of shape (n,)
            Finite; higher is more anomalous.

        Raises
        ------
        ValueError
            If a score is not finite.
        """
        n, whole = len(X), self.detector.transductive
        size = max(n, 1) if whole else self.detector.max_batch_size
        scores: dict[str, Floats] = {}
        for where in blocks(n, size):
            for layer, part in self.detector.score_block(self.state, model, X[where]).items():
                scores.setdefault(layer, np.empty(n))[where] = part
        for layer, values in scores.items():
            if not np.isfinite(values).all():
                raise ValueError(f"{self.detector.name} gave scores that are not finite at {layer}")
        return scores

    def scores(self, model: Model, X: Array) -> Floats:
        """Score inputs, float64 of shape (n,): mean or maximum over the layers."""
        return self.together(self.layer_scores(model, X))

    def together(self, layers: Mapping[str, Floats]) -> Floats:
        """Return one score an input from those of its layers."""
        stacked = np.stack(list(layers.values()))
        is_max = self.detector.layer_aggregation == "max"
        return np.asarray(stacked.max(axis=0) if is_max else stacked.mean(axis=0))

    def to_arrays(self) -> dict[str, Array]:
        """Return the state as plain arrays, named ``layer/part``."""
        return {
            f"{layer}/{part}": np.asarray(array)
            for layer, parts in self.state.items()
            for part, array in parts.items()
        }
