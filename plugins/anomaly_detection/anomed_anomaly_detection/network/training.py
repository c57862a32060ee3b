"""Training by Adam: the same numbers from the same generator, on whatever thread."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit, log_softmax
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from anomed_anomaly_detection.network.mlp import MLP

Array = NDArray[Any]
Floats = NDArray[np.float64]

BETAS = (0.9, 0.999)
EPSILON = 1e-8


@attrs.frozen(kw_only=True)
class TrainingLog:
    """What happened while a network was trained.

    Attributes
    ----------
    losses : tuple of float
        Mean loss of each epoch, while its weights moved.
    n_steps : int
    """

    losses: tuple[float, ...]
    n_steps: int


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is made and trained.

    Attributes
    ----------
    hidden
        Width of each hidden layer.
    epochs, batch_size
        Passes over the records, and records a step.
    learning_rate
        Of Adam.
    l2
        Weight of half the squared weights in the loss of a batch, divided by its size as in
        scikit-learn. Without it Adam leaves the random weights of inputs that never vary.
    max_steps
        Steps after which training ends, whatever the epoch; 0 for no end.
    patience
        Epochs without a loss that is 1e-4 better than the best, after which training ends; 0 for no
        end.
    """

    hidden: tuple[int, ...] = (64, 64)
    epochs: int = 100
    batch_size: int = 128
    learning_rate: float = 1e-3
    l2: float = 1e-4
    max_steps: int = 0
    patience: int = 0


def train(
    X: Array, y: Array, *, n_classes: int, rng: np.random.Generator, recipe: Recipe | None = None
) -> MLP:
    """Train a network on labelled inputs.

    Weights and biases are drawn as Glorot and Bengio (2010) say, uniform within
    ``sqrt(6 / (n_in + n_out))``, and moved by Adam (Kingma and Ba 2015, arXiv 1412.6980).

    Parameters
    ----------
    X : float array of shape (n, d)
    y : int array of shape (n,)
        In [0, n_classes).
    n_classes : int
    rng : Generator
        Draws the weights and the order of records.
    recipe : Recipe, optional

    Returns
    -------
    MLP
        Of float64.

    Raises
    ------
    ValueError
        If a label is outside the classes, or there are no records.
    """
    recipe = recipe or Recipe()
    start = initial(X.shape[1], n_classes, recipe=recipe, rng=rng)
    model, _ = train_further(start, X, y, rng=rng, recipe=recipe)
    return model


def initial(n_inputs: int, n_classes: int, *, recipe: Recipe, rng: np.random.Generator) -> MLP:
    """Return a network before its training, whose weights are drawn as `train` says."""
    drawn = []
    for n_in, n_out in itertools.pairwise((n_inputs, *recipe.hidden, n_classes)):
        bound = np.sqrt(6 / (n_in + n_out))
        drawn.append((rng.uniform(-bound, bound, (n_in, n_out)), rng.uniform(-bound, bound, n_out)))
    return MLP(drawn)


def train_further(
    model: MLP, X: Array, y: Array, *, rng: np.random.Generator, recipe: Recipe | None = None
) -> tuple[MLP, TrainingLog]:
    """Train a network from the weights that it has, whatever widths the recipe says.

    Returns
    -------
    (MLP, TrainingLog)
        The given network stays as it is.
    """
    recipe = recipe or Recipe()
    labels = np.asarray(y, dtype=np.int64)
    if not len(labels) or labels.min() < 0 or labels.max() >= model.n_classes:
        raise ValueError(
            f"labels must be from 0 to {model.n_classes - 1}, and there must be some; "
            f"{len(labels)} came, from {labels.min(initial=0)} to {labels.max(initial=0)}"
        )
    state = _State(model, recipe)
    losses: list[float] = []
    # Batches are small: threads would cost more than they bring, and change the last digits.
    with threadpool_limits(1):
        for _ in range(recipe.epochs):
            losses.append(state.epoch(X, labels, rng.permutation(len(labels))))
            if state.is_over() or _has_settled(losses, recipe.patience):
                break
    return state.model(), TrainingLog(losses=tuple(losses), n_steps=state.n_steps)


def _has_settled(losses: list[float], patience: int) -> bool:
    """Return whether as many epochs as allowed have passed without a better loss."""
    best, since_best = np.inf, 0
    for loss in losses:
        since_best = 0 if loss < best - 1e-4 else since_best + 1
        best = min(best, loss)
    return 0 < patience <= since_best


class _State:
    """Weights as one vector, with views for each layer, so that Adam is a few vector operations."""

    def __init__(self, model: MLP, recipe: Recipe) -> None:
        shapes = [array.shape for pair in model.weights for array in pair]
        sizes = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
        self._slices = [
            (slice(low, high), shape)
            for low, high, shape in zip(sizes[:-1], sizes[1:], shapes, strict=True)
        ]
        self._values = np.concatenate(
            [np.asarray(a, dtype=np.float64).ravel() for pair in model.weights for a in pair]
        )
        self._gradient = np.zeros_like(self._values)
        self._moments = (np.zeros_like(self._values), np.zeros_like(self._values))
        self._parameters = self._views(self._values)
        self._slopes = self._views(self._gradient)
        self._recipe = recipe
        self.n_steps = 0

    def _views(self, vector: Floats) -> list[tuple[Floats, Floats]]:
        views = [vector[where].reshape(shape) for where, shape in self._slices]
        return list(zip(views[::2], views[1::2], strict=True))

    def model(self) -> MLP:
        return MLP([(W.copy(), b.copy()) for W, b in self._parameters])

    def is_over(self) -> bool:
        return 0 < self._recipe.max_steps <= self.n_steps

    def epoch(self, X: Array, y: NDArray[np.int64], order: NDArray[np.int64]) -> float:
        """Take all steps of an epoch and return its mean loss."""
        total, n_seen = 0.0, 0
        for start in range(0, len(order), self._recipe.batch_size):
            rows = order[start : start + self._recipe.batch_size]
            total += len(rows) * self.step(np.asarray(X[rows], dtype=np.float64), y[rows])
            n_seen += len(rows)
            if self.is_over():
                break
        return total / n_seen

    def step(self, X: Floats, y: NDArray[np.int64]) -> float:
        """Move the weights by one batch and return its mean loss before that."""
        inputs, z = [X], X
        for i, (W, b) in enumerate(self._parameters):
            z = inputs[-1] @ W + b
            if i + 1 < len(self._parameters):
                inputs.append(np.maximum(z, 0))
        loss, delta = _loss_and_slope(z, y)
        delta /= len(X)
        for i in reversed(range(len(self._parameters))):
            W, _ = self._parameters[i]
            slope_W, slope_b = self._slopes[i]
            np.matmul(inputs[i].T, delta, out=slope_W)
            slope_W += (self._recipe.l2 / len(X)) * W
            np.sum(delta, axis=0, out=slope_b)
            if i:
                delta = (delta @ W.T) * (inputs[i] > 0)
        squares = sum(float(np.vdot(W, W)) for W, _ in self._parameters)
        self._adam()
        return loss + self._recipe.l2 / 2 * squares / len(X)

    def _adam(self) -> None:
        self.n_steps += 1
        first, second = self._moments
        first *= BETAS[0]
        first += (1 - BETAS[0]) * self._gradient
        second *= BETAS[1]
        second += (1 - BETAS[1]) * np.square(self._gradient)
        rate = (
            self._recipe.learning_rate
            * np.sqrt(1 - BETAS[1] ** self.n_steps)
            / (1 - BETAS[0] ** self.n_steps)
        )
        self._values -= rate * first / (np.sqrt(second) + EPSILON)


def _loss_and_slope(z: Floats, y: NDArray[np.int64]) -> tuple[float, Floats]:
    """Return the mean cross-entropy of a batch, and its slope in the logits, times the size."""
    if z.shape[1] == 1:
        sign = 2 * y[:, None] - 1
        log_p = log_expit(sign * z)
        return -float(np.mean(log_p)), np.asarray(-sign * -np.expm1(log_p))
    log_p = log_softmax(z, axis=1)
    rows = np.arange(len(z))
    slope = np.exp(log_p)
    slope[rows, y] -= 1
    return -float(np.mean(log_p[rows, y])), np.asarray(slope)
