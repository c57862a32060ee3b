"""Reading a model's layers block by block, so that memory does not grow with the data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.interface import Model

Array = NDArray[Any]
Floats = NDArray[np.float64]

BLOCK_ROWS = 4096
MOST_KEPT_ROWS = 10_000
WIDEST_LAYER = 2048


@lru_cache(maxsize=4)
def _projection(width: int) -> Floats:
    matrix = np.random.default_rng(width).standard_normal((width, WIDEST_LAYER))
    matrix /= np.sqrt(WIDEST_LAYER)
    matrix.flags.writeable = False
    return matrix


def as_rows(activations: Array) -> Floats:
    """Return activations as float64 of shape (n, width), with at most 2,048 columns.

    Wider layers are projected by a Gaussian matrix that depends on their width only, which keeps
    distances (Johnson and Lindenstrauss 1984).

    Raises
    ------
    ValueError
        If a value is not finite, or is beyond 1e12.
    """
    rows = np.asarray(activations, dtype=np.float64).reshape(len(activations), -1)
    if not max(rows.max(initial=0.0), -rows.min(initial=0.0)) <= 1e12:
        raise ValueError("the model's activations must be finite and at most 1e12; these are not")
    return rows @ _projection(rows.shape[1]) if rows.shape[1] > WIDEST_LAYER else rows


def blocks(n: int, block_rows: int = BLOCK_ROWS) -> Iterator[slice]:
    """Return slices that cover n rows in order."""
    for start in range(0, n, block_rows):
        yield slice(start, min(start + block_rows, n))


def read_layers(
    model: Model, X: Array, *, block_rows: int = BLOCK_ROWS
) -> Iterator[tuple[slice, dict[str, Floats]]]:
    """Return the layers of each block of inputs.

    Returns
    -------
    iterator of (slice, dict of str to float64 array of shape (n_block, width))
    """
    for where in blocks(len(X), block_rows):
        values = model.activations(X[where])
        yield where, {layer: as_rows(values[layer]) for layer in model.layers}


def predicted(model: Model, layers: dict[str, Floats]) -> NDArray[np.int64]:
    """Return the classes that the last layer of a block says, int64 of shape (n,)."""
    logits = layers[model.layers[-1]]
    if logits.shape[1] == 1:
        return (logits[:, 0] > 0).astype(np.int64)
    return np.asarray(logits.argmax(axis=1))


def sampled_rows(n: int, rng: np.random.Generator, most: int = MOST_KEPT_ROWS) -> Array:
    """Return the numbers of at most so many rows, drawn without replacement, ascending."""
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))
