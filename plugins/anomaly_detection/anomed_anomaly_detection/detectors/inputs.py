"""Controls: detectors that look at inputs alone, and tell whether a task is about mechanisms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.layered import LayeredDetector, State
from anomed_anomaly_detection.detectors.moments import Moments, squared_length, whitener
from anomed_anomaly_detection.detectors.neighbours import nearest
from anomed_anomaly_detection.detectors.reading import as_rows, blocks
from anomed_anomaly_detection.interface import DetectionTask, Model, given

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class InputMahalanobis(LayeredDetector):
    """Mahalanobis distance of the input itself from trusted inputs.

    Attributes
    ----------
    rcond
        Directions with a variance under this share of the largest are left out.
    """

    name: ClassVar[str] = "input_mahalanobis"

    rcond: float = 1e-5

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        X = given(task.trusted).X
        moments = Moments.empty(as_rows(X[:1]).shape[1])
        for where in blocks(len(X)):
            moments.add(as_rows(X[where]))
        return {"all": {"mean": moments.mean, "whitener": whitener(moments.covariance, self.rcond)}}

    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """See `LayeredDetector.score_block`."""
        centred = as_rows(X) - state["all"]["mean"]
        return {"all": squared_length(centred @ state["all"]["whitener"]) / centred.shape[1]}


@dataclass(frozen=True, kw_only=True)
class InputRange(LayeredDetector):
    """How far values of the input lie outside the range of the trusted ones, in total."""

    name: ClassVar[str] = "input_range"

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        X = given(task.trusted).X
        parts = [np.asarray(X[where], dtype=np.float64) for where in blocks(len(X))]
        low = np.min([part.min(axis=0) for part in parts], axis=0)
        high = np.max([part.max(axis=0) for part in parts], axis=0)
        return {"all": {"low": low, "high": high}}

    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """See `LayeredDetector.score_block`."""
        below, above = state["all"]["low"] - X, X - state["all"]["high"]
        return {"all": np.maximum(np.maximum(below, above), 0).sum(axis=1)}


@dataclass(frozen=True, kw_only=True)
class NearestPublic(LayeredDetector):
    """Distance of the input to the nearest record that is public, given as trusted data."""

    name: ClassVar[str] = "nearest_public"
    keeps_rows: ClassVar[bool] = True

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """Keep all records, as a look-up in a sample finds little."""
        return {"all": {"rows": np.asarray(given(task.trusted).X, dtype=np.float64)}}

    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """See `LayeredDetector.score_block`."""
        queries = np.asarray(X, dtype=np.float64)
        return {"all": nearest(state["all"]["rows"], queries, 1)[0][:, 0]}
