"""Bases of detectors that know activations only: by rows, or by moments."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.layered import LayeredDetector, State
from anomed_anomaly_detection.detectors.moments import Moments
from anomed_anomaly_detection.detectors.reading import (
    as_rows,
    predicted,
    read_layers,
    sampled_rows,
)
from anomed_anomaly_detection.interface import Batch, DetectionTask, FlaggedTask, Model

Array = NDArray[Any]
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@attrs.frozen(kw_only=True, eq=False)
class Seen:
    """What is known beside the activations while a layer is fitted.

    Attributes
    ----------
    layer : str
    n_classes : int
    rng : Generator
    labels : int64 array of shape (n_trusted,), or None
        Of trusted inputs.
    trusted_predictions, untrusted_predictions : int64 array, or None
        What the model says of them.
    flags : bool array of shape (n_untrusted,), or None
        For detectors that need ``flags``.
    """

    layer: str
    n_classes: int
    rng: np.random.Generator
    labels: Labels | None = None
    trusted_predictions: Labels | None = None
    untrusted_predictions: Labels | None = None
    flags: NDArray[np.bool_] | None = None


@attrs.frozen(kw_only=True, eq=False)
class Scored:
    """What is known beside the activations while inputs are scored.

    Attributes
    ----------
    layer : str
    predictions : int64 array of shape (n,)
        What the model says of them.
    """

    layer: str
    predictions: Labels


@dataclass(frozen=True, kw_only=True)
class ByLayer(LayeredDetector):
    """Scores each layer by its state."""

    @abstractmethod
    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """Score inputs by their activations at one layer.

        Parameters
        ----------
        state : dict of str to array
            What fitting returned.
        activations : float64 array of shape (n, width)
        context : Scored

        Returns
        -------
        float64 array of shape (n,)
            Finite; higher is more anomalous. A score must not depend on the other rows.
        """

    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """See `LayeredDetector.score_block`."""
        layers = {name: as_rows(values) for name, values in model.activations(X).items()}
        predictions = predicted(model, layers)
        return {
            layer: self.score_layer(
                parts, layers[layer], Scored(layer=layer, predictions=predictions)
            )
            for layer, parts in state.items()
        }


@dataclass(frozen=True, kw_only=True)
class ActivationDetector(ByLayer):
    """A detector that is fitted to rows of activations; a new one needs two methods.

    At most 10,000 rows a pool are kept, drawn without replacement.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Distance(ActivationDetector):
    ...     name = "distance"
    ...     def fit_layer(self, trusted, untrusted, context):
    ...         return {"mean": trusted.mean(axis=0)}
    ...     def score_layer(self, state, activations, context):
    ...         return ((activations - state["mean"]) ** 2).sum(axis=1)
    >>> Distance().needs
    frozenset({'trusted'})
    """

    keeps_rows: ClassVar[bool] = True

    @abstractmethod
    def fit_layer(self, trusted: Floats, untrusted: Floats, context: Seen) -> State:
        """Return what is learnt at one layer, as plain arrays.

        Parameters
        ----------
        trusted, untrusted : float64 array of shape (n, width)
            Activations; without rows if the task has none.
        context : Seen
        """

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        trusted = _Kept.of(task.model, task.trusted, rng)
        untrusted = _Kept.of(task.model, task.untrusted, rng)
        flags = task.untrusted_flags if isinstance(task, FlaggedTask) else None
        return {
            layer: self.fit_layer(
                trusted.layers[layer],
                untrusted.layers[layer],
                Seen(
                    layer=layer,
                    n_classes=task.model.n_classes,
                    rng=rng,
                    labels=trusted.labels,
                    trusted_predictions=trusted.predictions,
                    untrusted_predictions=untrusted.predictions,
                    flags=None if flags is None else flags[untrusted.rows],
                ),
            )
            for layer in task.model.layers
        }


@attrs.frozen(kw_only=True, eq=False)
class _Kept:
    """Rows of activations of a pool that are kept."""

    layers: Mapping[str, Floats]
    predictions: Labels
    labels: Labels | None
    rows: Array

    @classmethod
    def of(cls, model: Model, batch: Batch | None, rng: np.random.Generator) -> _Kept:
        if batch is None:
            nothing = {layer: np.empty((0, 0)) for layer in model.layers}
            none = np.empty(0, dtype=np.int64)
            return cls(layers=nothing, predictions=none, labels=None, rows=none)
        rows = sampled_rows(len(batch), rng)
        chosen = batch if len(rows) == len(batch) else batch.take(rows)
        parts = [layers for _, layers in read_layers(model, chosen.X)]
        layers = {name: np.concatenate([part[name] for part in parts]) for name in model.layers}
        return cls(layers=layers, predictions=predicted(model, layers), labels=chosen.y, rows=rows)


@dataclass(frozen=True, kw_only=True)
class BlockDetector(ByLayer):
    """A detector that reads its data block by block and keeps none of them.

    Attributes
    ----------
    batch_size
        Rows that are read at once while it is fitted; it changes no score.
    max_batches
        How many blocks of a pool are read; 0 reads all.
    """

    batch_size: int = 4096
    max_batches: int = 0

    def read(self, model: Model, batch: Batch) -> Iterator[tuple[slice, dict[str, Floats]]]:
        """Return the layers of each block of a pool, as many blocks as there shall be."""
        n = min(len(batch), self.max_batches * self.batch_size) if self.max_batches else len(batch)
        return read_layers(model, batch.X[:n], block_rows=self.batch_size)


@dataclass(frozen=True, kw_only=True)
class MomentDetector(BlockDetector):
    """A detector that is fitted to means and covariances; memory does not grow with the data."""

    @abstractmethod
    def fit_moments(self, trusted: Moments, untrusted: Moments | None, context: Seen) -> State:
        """Return what is learnt at one layer, as plain arrays.

        Parameters
        ----------
        trusted, untrusted : Moments
            Of the activations; ``None`` if the detector does not need them.
        context : Seen
            Without predictions and labels, which have as many rows as the data.
        """

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        trusted = self._moments(task.model, task.trusted, "trusted" in self.needs)
        untrusted = self._moments(task.model, task.untrusted, "untrusted" in self.needs)
        return {
            layer: self.fit_moments(
                trusted[layer] if layer in trusted else Moments.empty(0),
                untrusted.get(layer),
                Seen(layer=layer, n_classes=task.model.n_classes, rng=rng),
            )
            for layer in task.model.layers
        }

    def _moments(self, model: Model, batch: Batch | None, is_needed: bool) -> dict[str, Moments]:
        moments: dict[str, Moments] = {}
        if batch is None or not is_needed:
            return moments
        for _, layers in self.read(model, batch):
            for layer, rows in layers.items():
                moments.setdefault(layer, Moments.empty(rows.shape[1])).add(rows)
        return moments
