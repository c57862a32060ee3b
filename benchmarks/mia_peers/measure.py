"""What the workers of `compare.py` share: arrays, a CPU clock, a report. Needs numpy alone."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

N_SIDE, N_CLASSES = 10_000, 10
N_SHADOWS = 64
N_BOUNDARY, N_FEATURES, N_HIDDEN = 60, 8, 16
Task = Callable[[Mapping[str, Any]], dict[str, Any]]


def draw_arrays(seed: int) -> dict[str, Any]:
    """Draw what every library attacks: logits, scores, shadow confidences, and a small network."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, N_CLASSES, (2, N_SIDE))
    logits = rng.normal(size=(2, N_SIDE, N_CLASSES))
    for side, lift in enumerate((2.2, 1.9)):
        logits[side, np.arange(N_SIDE), labels[side]] += lift
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    margins = rng.normal(size=2 * N_SIDE) + 0.4 * truth()
    records = rng.normal(size=(300, N_FEATURES))
    memberships = rng.random((N_SHADOWS, 2 * N_SIDE)).argsort(axis=0) < N_SHADOWS // 2
    return {
        "labels": labels,
        "logits": logits,
        "probabilities": weights / weights.sum(axis=2, keepdims=True),
        # Rounded, so that there are ties.
        "scores": np.round(1 / (1 + np.exp(-margins)), 3),
        "memberships": memberships,
        "confidences": rng.normal(2, 2, memberships.shape) + memberships,
        "target": rng.normal(2.5, 2, 2 * N_SIDE),
        "records": (records - records.mean(axis=0)) / records.std(axis=0),
        "hidden": rng.normal(size=(N_FEATURES, N_HIDDEN)),
        "output": rng.normal(size=(N_HIDDEN, 3)),
    }


def network(arrays: Mapping[str, Any], points: Any) -> Any:
    """Compute the small network's outputs, float (n_points, 3)."""
    return np.maximum(points @ arrays["hidden"], 0) @ arrays["output"]


def truth() -> Any:
    """Return 1 for each member, 0 for each non-member."""
    return np.repeat([1, 0], N_SIDE)


def run(version: str, tasks: Mapping[str, Task]) -> None:
    """Run tasks on the arrays whose path is the first argument; print times and values as JSON.

    The second argument is the number of runs of each task; the fastest counts.
    """
    with np.load(Path(sys.argv[1])) as stored:
        arrays = dict(stored)
    results = {}
    for name, task in tasks.items():
        times = []
        for _ in range(int(sys.argv[2])):
            start = time.process_time()
            values = task(arrays)
            times.append(time.process_time() - start)
        results[name] = {"cpu_s": min(times), "values": values}
    json.dump(
        {"version": version, "tasks": results}, sys.stdout, default=lambda value: value.tolist()
    )
