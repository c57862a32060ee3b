"""From the name of data and the name of a task to a task."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from anomed_anomaly_detection.interface import Batch, BuiltTask, LabelledPools
from anomed_anomaly_detection.registry import task_source, trigger
from anomed_core import UsageError, load_arrays

SHARES = (0.40, 0.12, 0.12, 0.18, 0.18)
"""Of the records: training, trusted, untrusted, tuning, validation."""


def build_task(
    name: str, *, data: str | LabelledPools = "sklearn:digits", seed: int = 0, **options: Any
) -> BuiltTask:
    """Build a task from data.

    Parameters
    ----------
    name
        Of an installed task, such as ``backdoor``.
    data : str or LabelledPools
        A source, such as ``sklearn:digits``, which is divided by the seed; or pools.
    seed
        Of everything that is drawn.
    **options
        Fields of the task's dataclass. A ``trigger`` may be given by its name.

    Returns
    -------
    BuiltTask

    Raises
    ------
    UsageError
        If there is no such task, option, trigger or source.
    UnsoundTaskError
        If the task is not worth posing.

    Examples
    --------
    >>> task = build_task("backdoor", data="sklearn:digits", trigger="corner", seed=0)
    >>> task.facts.numbers["clean_accuracy"] > 0.9
    True
    """
    rng = np.random.default_rng(seed)
    if isinstance(options.get("trigger"), str):
        options["trigger"] = trigger(options["trigger"])
    source = task_source(name, **options)
    pools = data if isinstance(data, LabelledPools) else pools_of(load_arrays(data), rng, data)
    return source.build(pools, rng)


def pools_of(arrays: Any, rng: np.random.Generator, name: str) -> LabelledPools:
    """Divide labelled arrays, with values moved to [0, 1]; square inputs count as images.

    Raises
    ------
    UsageError
        If there are no X and y, or y holds no classes from 0.
    """
    if not {"X", "y"} <= set(arrays):
        raise UsageError(f"{name} has no arrays X and y; it has {', '.join(arrays)}")
    X, y = np.asarray(arrays["X"], dtype=np.float64), np.asarray(arrays["y"])
    classes, labels = np.unique(y, return_inverse=True)
    if y.ndim != 1 or len(classes) < 2 or len(classes) > len(y) / 10:
        raise UsageError(f"y of {name} must hold at least 2 classes of 10 records on average")
    shape = X.shape[1:]
    X = X.reshape(len(X), -1)
    low, high = float(X.min()), float(X.max())
    side = math.isqrt(X.shape[1])
    if len(shape) == 1 and side * side == X.shape[1] and side >= 4:
        shape = (side, side)
    records = Batch(((X - low) / (high - low or 1)).astype(np.float32), labels)
    return divide(records, shape=shape, n_classes=len(classes), rng=rng)


def divide(
    records: Batch, *, shape: tuple[int, ...], n_classes: int, rng: np.random.Generator
) -> LabelledPools:
    """Divide records into the five pools, each class in the shares of `SHARES`.

    Parameters
    ----------
    records : Batch
        With labels, values in [0, 1].
    shape : tuple of int
        Of one input.
    n_classes : int
    rng : Generator

    Returns
    -------
    LabelledPools
        In an order that tells nothing.
    """
    parts: list[list[np.ndarray]] = [[] for _ in SHARES]
    for c in range(n_classes):
        rows = rng.permutation(np.flatnonzero(records.labels == c))
        ends = np.rint(np.cumsum(SHARES)[:-1] * len(rows)).astype(int)
        for part, chosen in zip(parts, np.split(rows, ends), strict=True):
            part.append(chosen)
    training, trusted, untrusted, tuning, validation = (
        records.take(rng.permutation(np.concatenate(part))) for part in parts
    )
    return LabelledPools(
        training=training,
        trusted=trusted,
        untrusted=untrusted,
        tuning=tuning,
        validation=validation,
        shape=shape,
        n_classes=n_classes,
    )
