"""Fitting a detector to a task, and judging its scores."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import numpy as np

from anomed_anomaly_detection.evaluation.results import Evaluation, judge
from anomed_anomaly_detection.interface import BuiltTask, Detector, Fitted, Model

_N_CHECKED = 32


def evaluate(
    detector: Detector, task: BuiltTask, *, split: str = "validation", seed: int = 0
) -> Evaluation:
    """Fit a detector to a task and judge it on the test inputs of a split.

    Parameters
    ----------
    detector : Detector
        It is given the flags of the mix only if it says that it needs them.
    task : BuiltTask
    split : str
        ``tuning`` or ``validation``.
    seed : int
        Of what the detector draws.

    Returns
    -------
    Evaluation

    Raises
    ------
    MissingNeedError
        If the task lacks what the detector needs.
    ValueError
        If scores are not finite, or depend on the inputs beside them while the detector does not
        say that it is transductive.
    """
    given = task.flagged() if "flags" in detector.needs else task.task
    fitted = detector.fit(given, np.random.default_rng(seed))
    X = task.tests[split].X
    layers = fitted.layer_scores(task.task.model, X)
    scores = fitted.scores(task.task.model, X)
    if not detector.transductive:
        _check_apart(detector, fitted, task.task.model, X, scores)
    options: dict[str, Any] = dataclasses.asdict(cast("Any", detector))
    return judge(
        task.flags[split],
        scores,
        layers,
        facts=task.facts.numbers,
        settings={
            "detector": {"name": detector.name, **options},
            "task": task.facts.task,
            "split": split,
            "seed": seed,
        },
    )


def _check_apart(detector: Detector, fitted: Fitted, model: Model, X: Any, scores: Any) -> None:
    """Check that some inputs are scored alike without the others."""
    rows = np.linspace(0, len(X) - 1, min(_N_CHECKED, len(X))).astype(int)[::-1]
    apart = fitted.scores(model, X[rows])
    scale = float(np.abs(scores).max(initial=0.0))
    if not np.allclose(apart, scores[rows], rtol=1e-4, atol=1e-6 * scale):
        raise ValueError(
            f"scores of {detector.name} depend on the inputs that are scored together; score each "
            "input by what was fitted alone, or set transductive = True"
        )
