"""Score an anonymizer's prediction: metrics by name, or by a function of one's own."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import attrs
import numpy as np

from anomed_core import Direction, Metric

Evaluator = Callable[[np.ndarray, np.ndarray], Mapping[str, float]]
"""Takes prediction and ground truth, both of shape (n_records, ...); returns metrics by name."""


@attrs.frozen(kw_only=True)
class UtilityMetric:
    """A metric that can be named in the configuration.

    Attributes
    ----------
    compute
        Takes prediction and ground truth.
    direction, bounds, definition
        As declared to the core.
    classifies
        Whether it compares labels (and not numbers), so that other predictions are refused.
    """

    compute: Callable[[np.ndarray, np.ndarray], float]
    direction: Direction = Direction.HIGHER
    bounds: tuple[float, float] = (0.0, 1.0)
    definition: str
    classifies: bool = False


def strict_binary_accuracy(prediction: np.ndarray, ground_truth: np.ndarray) -> dict[str, float]:
    """Return the share of records that are predicted exactly.

    A record of several values counts only if all of them are right, so this is stricter than the
    share of right values; for one value a record the two are equal.

    Parameters
    ----------
    prediction
        Shape (n_records, ...), not empty.
    ground_truth
        Same shape. Dtypes may differ as long as values can be compared.

    Returns
    -------
    dict of str to float
        ``accuracy`` in [0, 1].

    Raises
    ------
    ValueError
        If the arrays are empty or differ in shape.

    Examples
    --------
    >>> import numpy as np
    >>> strict_binary_accuracy(np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 5]]))
    {'accuracy': 0.5}
    """
    return {"accuracy": strict_accuracy(prediction, ground_truth)}


def strict_accuracy(prediction: np.ndarray, ground_truth: np.ndarray) -> float:
    """Return the share of records that are predicted exactly; see `strict_binary_accuracy`."""
    prediction, ground_truth = np.asarray(prediction), np.asarray(ground_truth)
    if prediction.shape != ground_truth.shape:
        raise ValueError(
            f"prediction has shape {prediction.shape}, ground_truth has {ground_truth.shape}; "
            "they must be equal"
        )
    if len(prediction) == 0:
        raise ValueError("accuracy is undefined for empty arrays")
    right = prediction == ground_truth
    return float(right.reshape(len(right), -1).all(axis=1).mean())


def _from_sklearn(name: str, **options: object) -> Callable[[np.ndarray, np.ndarray], float]:
    """Compute a metric with scikit-learn, imported when it is first used."""

    def compute(prediction: np.ndarray, ground_truth: np.ndarray) -> float:
        function = getattr(importlib.import_module("sklearn.metrics"), name)
        return float(function(ground_truth, prediction, **options))

    return compute


def _of_numbers(name: str) -> Callable[[np.ndarray, np.ndarray], float]:
    """Compute a metric of numbers in double precision: small dtypes overflow in squares."""
    compute = _from_sklearn(name)

    def compute_precisely(prediction: np.ndarray, ground_truth: np.ndarray) -> float:
        return compute(prediction.astype(np.float64), ground_truth.astype(np.float64))

    return compute_precisely


UTILITY_METRICS: Mapping[str, UtilityMetric] = MappingProxyType(
    {
        "accuracy": UtilityMetric(
            compute=strict_accuracy,
            definition="Share of records that are predicted exactly; a record of several values "
            "counts only if all are right.",
            classifies=True,
        ),
        "balanced_accuracy": UtilityMetric(
            compute=_from_sklearn("balanced_accuracy_score"),
            definition="Mean recall over classes (sklearn.metrics.balanced_accuracy_score).",
            classifies=True,
        ),
        "macro_f1": UtilityMetric(
            compute=_from_sklearn("f1_score", average="macro", zero_division=0.0),
            definition="Unweighted mean of the F1 score over classes; 0 for a class that is never "
            "predicted (sklearn.metrics.f1_score, average='macro').",
            classifies=True,
        ),
        "mae": UtilityMetric(
            compute=_of_numbers("mean_absolute_error"),
            direction=Direction.LOWER,
            bounds=(0.0, float("inf")),
            definition="Mean absolute error, in the target's unit "
            "(sklearn.metrics.mean_absolute_error).",
        ),
        "rmse": UtilityMetric(
            compute=_of_numbers("root_mean_squared_error"),
            direction=Direction.LOWER,
            bounds=(0.0, float("inf")),
            definition="Root of the mean squared error, in the target's unit "
            "(sklearn.metrics.root_mean_squared_error).",
        ),
        "r2": UtilityMetric(
            compute=_of_numbers("r2_score"),
            bounds=(float("-inf"), 1.0),
            definition="Coefficient of determination; 0 for predicting the mean "
            "(sklearn.metrics.r2_score).",
        ),
    }
)
"""Metrics by the name that the configuration uses."""


def compares_labels(name: str) -> bool:
    """Return whether a metric compares labels; a function of one's own may."""
    return name not in UTILITY_METRICS or UTILITY_METRICS[name].classifies


def evaluator_of(names: Sequence[str]) -> Evaluator:
    """Return one evaluator that computes several metrics.

    Parameters
    ----------
    names
        Keys of `UTILITY_METRICS`, or ``"module:function"`` of an evaluator of one's own.

    Returns
    -------
    callable
        Returns the metrics in the order of the names.

    Raises
    ------
    ValueError
        If a name is unknown, a function cannot be imported, or there is no name.
    """
    if not names:
        raise ValueError(f"name at least one metric of {', '.join(UTILITY_METRICS)}")
    parts = [_part(name) for name in names]

    def evaluate(prediction: np.ndarray, ground_truth: np.ndarray) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for part in parts:
            metrics.update(part(prediction, ground_truth))
        return metrics

    return evaluate


def _part(name: str) -> Evaluator:
    if name in UTILITY_METRICS:
        compute = UTILITY_METRICS[name].compute
        return lambda prediction, ground_truth: {name: compute(prediction, ground_truth)}
    module, separator, attribute = name.partition(":")
    if not separator:
        raise ValueError(
            f"there is no utility metric {name!r}; choose of {', '.join(UTILITY_METRICS)}, or name "
            "a function of your own as module:function"
        )
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the utility function {name!r} cannot be imported: {error}") from error
    if not callable(found):
        raise ValueError(f"{name!r} is not a function")  # noqa: TRY004 - a wrong value in the configuration
    evaluator: Evaluator = found
    return evaluator


def declared_metrics(evaluator: Evaluator, ground_truth: np.ndarray, kind: str) -> list[Metric]:
    """Declare the metrics that an evaluator returns, learnt from a perfect prediction.

    Parameters
    ----------
    evaluator
        Any evaluator.
    ground_truth
        Targets of shape (n_records, ...), not empty.
    kind
        Name of the submission kind.

    Returns
    -------
    list of Metric
        The first one is primary, the others break its ties in order.

    Raises
    ------
    ValueError
        If the evaluator returns no mapping, or an empty one.
    """
    trial = evaluator(ground_truth, ground_truth)
    if not (isinstance(trial, Mapping) and trial):
        raise ValueError(
            f"the evaluator of {kind} must return a mapping of names to numbers, got {trial!r}"
        )
    return [_declared(name, number, kind) for number, name in enumerate(trial)]


def _declared(name: str, number: int, kind: str) -> Metric:
    known = UTILITY_METRICS.get(name)
    return Metric(
        name=name,
        kind=kind,
        direction=known.direction if known else Direction.HIGHER,
        bounds=known.bounds if known else (float("-inf"), float("inf")),
        primary=number == 0,
        tie_breaker=number or None,
        definition=known.definition if known else "Computed by the organiser's own function.",
    )
