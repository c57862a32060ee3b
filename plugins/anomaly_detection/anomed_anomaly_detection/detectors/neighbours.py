"""Detectors that ask how near the nearest trusted inputs are: k-NN, LOF, TED."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.activations import ActivationDetector, Scored, Seen
from anomed_anomaly_detection.detectors.layered import State
from anomed_anomaly_detection.detectors.moments import Moments, squared_length, whitener
from anomed_anomaly_detection.interface import DetectionTask, Model

Array = NDArray[Any]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_BLOCK_BYTES = 64 * 2**20
_LEAST_LENGTH = 1e-10


def nearest(rows: Floats, queries: Floats, k: int) -> tuple[Floats, Indices]:
    """Find the k nearest rows of each query, by Euclidean distance.

    Parameters
    ----------
    rows, queries : float64 array of shape (n_rows, d) and (n, d)
    k : int
        At least 1; as many as there are rows if it is more.

    Returns
    -------
    (distances, indices) : arrays of shape (n, k)
        Ascending. Products only find the neighbours; distances are then those of differences, which
        don't cancel and don't depend on the other queries.
    """
    k = min(k, len(rows))
    distances, indices = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
    lengths = squared_length(rows)
    step = max(1, _BLOCK_BYTES // (8 * max(len(rows), k * rows.shape[1])))
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        relative = lengths - 2 * (part @ rows.T)
        chosen = np.argpartition(relative, k - 1, axis=1)[:, :k]
        exact = np.sqrt(np.square(rows[chosen] - part[:, None]).sum(axis=2))
        order = np.argsort(exact, axis=1, kind="stable")
        distances[start : start + step] = np.take_along_axis(exact, order, axis=1)
        indices[start : start + step] = np.take_along_axis(chosen, order, axis=1)
    return distances, indices


def nearest_others(rows: Floats, k: int) -> tuple[Floats, Indices]:
    """Find the k nearest other rows of each row; see `nearest`."""
    distances, indices = nearest(rows, rows, k + 1)
    is_self = indices == np.arange(len(rows))[:, None]
    # Among equal rows the row itself may be missing; then the last neighbour is left out.
    is_self[~is_self.any(axis=1), -1] = True
    shape = (len(rows), indices.shape[1] - 1)
    return distances[~is_self].reshape(shape), indices[~is_self].reshape(shape)


@dataclass(frozen=True, kw_only=True)
class NearestNeighbours(ActivationDetector):
    """Distance to the k-th trusted neighbour over the median of the same within trusted data.

    Attributes
    ----------
    k
        Which neighbour.

    References
    ----------
    Ramaswamy, Rastogi and Shim (2000), doi:10.1145/335191.335437; the division lets layers of
    unlike scale be averaged.
    """

    name: ClassVar[str] = "knn"

    k: int = 10

    def fit_layer(self, trusted: Floats, untrusted: Floats, context: Seen) -> State:
        """See `ActivationDetector.fit_layer`."""
        k = min(self.k, len(trusted) - 1)
        typical = float(np.median(nearest_others(trusted, k)[0][:, -1])) if k else 0.0
        return {"rows": trusted, "typical": np.array(typical if typical > 0 else 1.0)}

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        return np.asarray(nearest(state["rows"], activations, self.k)[0][:, -1] / state["typical"])


@dataclass(frozen=True, kw_only=True)
class LocalOutlierFactor(ActivationDetector):
    """How much sparser it is around an input than around its trusted neighbours (LOF).

    Equal trusted rows count once, as the paper's k-distinct-distance has it: more than k equal
    rows would have no finite density.

    Attributes
    ----------
    k
        Number of neighbours.

    References
    ----------
    Breunig, Kriegel, Ng and Sander (2000), doi:10.1145/335191.335388, definitions 5 to 7.
    """

    name: ClassVar[str] = "lof"

    k: int = 20

    def fit_layer(self, trusted: Floats, untrusted: Floats, context: Seen) -> State:
        """See `ActivationDetector.fit_layer`."""
        rows = np.unique(trusted, axis=0)
        k = min(self.k, len(rows) - 1)
        if not k:
            return {"rows": rows, "reach": np.zeros(1), "density": np.ones(1)}
        distances, indices = nearest_others(rows, k)
        reach = distances[:, -1]
        return {
            "rows": rows,
            "reach": reach,
            "density": _density(distances, reach[indices]),
        }

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        k = max(1, min(self.k, len(state["rows"]) - 1))
        distances, indices = nearest(state["rows"], activations, k)
        if len(state["rows"]) == 1:
            return distances[:, 0]
        density = _density(distances, state["reach"][indices])
        return np.asarray(state["density"][indices].mean(axis=1) / density)


def _density(distances: Floats, reach: Floats) -> Floats:
    """Return the local reachability density, definition 6."""
    return np.asarray(1 / (np.maximum(distances, reach).mean(axis=1) + _LEAST_LENGTH))


@dataclass(frozen=True, kw_only=True)
class RankEvolution(ActivationDetector):
    """How the rank of the nearest trusted input of the predicted class moves through layers (TED).

    At each layer trusted inputs are ordered by distance; r is the rank, from 0, of the first that
    the model gives the same class. The score is the Mahalanobis distance of ``log(1 + r)`` of all
    layers, by trusted inputs, each among the others.

    Attributes
    ----------
    rcond
        Directions with a variance under this share of the largest are left out.

    References
    ----------
    Mo, Zhang, Zhang, Luo, Hu, Li, Ma and Xiang (2024), arXiv 2312.02673.
    """

    name: ClassVar[str] = "ted"

    rcond: float = 1e-5

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        kept = super().learn(task, rng)
        ranks = np.stack([state.pop("ranks") for state in kept.values()], axis=1)
        moments = Moments.of(np.log1p(ranks))
        spread = {"mean": moments.mean, "whitener": whitener(moments.covariance, self.rcond)}
        return {**kept, "spread": spread}

    def fit_layer(self, trusted: Floats, untrusted: Floats, context: Seen) -> State:
        """Return the rows, their classes, and the rank of each of them among the others."""
        classes = context.trusted_predictions
        if classes is None:
            raise ValueError("ted needs to know what the model says of trusted inputs")
        ranks = first_ranks(trusted, classes, trusted, classes, is_within=True)
        return {"rows": trusted, "classes": classes, "ranks": ranks}

    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """See `LayeredDetector.score_block`."""
        ranks = super().score_block(
            {layer: parts for layer, parts in state.items() if layer != "spread"}, model, X
        )
        spread = state["spread"]
        logs = np.log1p(np.stack(list(ranks.values()), axis=1))
        return {"all": squared_length((logs - spread["mean"]) @ spread["whitener"])}

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """Return the rank at one layer."""
        return first_ranks(state["rows"], state["classes"], activations, context.predictions)


def first_ranks(
    rows: Floats,
    classes: Indices,
    queries: Floats,
    sought: Indices,
    *,
    is_within: bool = False,
) -> Floats:
    """Return how many rows are nearer than the nearest one of the sought class.

    Parameters
    ----------
    rows, classes : arrays of shape (n_rows, d) and (n_rows,)
    queries, sought : arrays of shape (n, d) and (n,)
    is_within : bool
        Whether queries are the rows, of which none is its own neighbour.

    Returns
    -------
    float64 array of shape (n,)
        The number of rows where none is of the class.
    """
    ranks = np.empty(len(queries))
    lengths = squared_length(rows)
    step = max(1, _BLOCK_BYTES // (8 * max(len(rows), 1) * 4))
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        # One query at a time: a product of many would round each one by what is beside it.
        squares = np.stack([lengths - 2 * (rows @ query) for query in part])
        if is_within:
            squares[np.arange(len(part)), start + np.arange(len(part))] = np.inf
        is_sought = classes == sought[start : start + step, None]
        if is_within:
            is_sought[np.arange(len(part)), start + np.arange(len(part))] = False
        first = np.where(is_sought, squares, np.inf).min(axis=1, keepdims=True)
        ranks[start : start + step] = np.where(
            np.isfinite(first[:, 0]), (squares < first).sum(axis=1), len(rows)
        )
    return ranks
