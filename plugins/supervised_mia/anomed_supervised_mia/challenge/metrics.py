"""What is measured: each metric in one row, with the function that computes it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType

import attrs
import numpy as np

from anomed_core import Direction, Metric
from anomed_core.statistics import (
    Confusion,
    Estimate,
    OperatingPoint,
    Roc,
    confusion,
    estimate_auc,
    roc_curve,
    tpr_at_fpr,
)
from anomed_supervised_mia.metrics.accuracy import strict_accuracy

ANONYMIZER, DEANONYMIZER = "anonymizer", "deanonymizer"
"""Submission kinds."""

Evaluator = Callable[[np.ndarray, np.ndarray], Mapping[str, float]]
"""Takes prediction and ground truth, both of shape (n_records, ...); returns metrics by name."""

FPR_LEVELS = (0.001, 0.01, 0.1)
"""False-positive rates at which true-positive rates are reported (Carlini et al. 2022)."""

DECISION_THRESHOLD = 0.5
"""Scores of at least this much count as "member" where a hard decision is needed."""


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


@attrs.define(kw_only=True, slots=False)
class Attacked:
    """What the metrics of an attack are read from.

    Attributes
    ----------
    truth
        bool of shape (n_records,), True for members.
    scores
        Of the same shape; higher means "more likely a member".
    """

    truth: np.ndarray
    scores: np.ndarray

    @cached_property
    def counts(self) -> Confusion:
        """Right and wrong decisions at `DECISION_THRESHOLD`."""
        return confusion(self.truth, self.scores >= DECISION_THRESHOLD)

    @cached_property
    def curve(self) -> Roc:
        """The whole ROC curve."""
        return roc_curve(self.truth, self.scores)

    @cached_property
    def auc(self) -> Estimate:
        """The area under the curve with its 95 % interval."""
        return estimate_auc(self.curve)

    def at(self, fpr: float) -> OperatingPoint:
        """Return the best threshold whose false-positive rate does not exceed a level."""
        return tpr_at_fpr(self.curve, fpr)


@attrs.frozen(kw_only=True)
class AttackMetric:
    """A metric of membership inference.

    Attributes
    ----------
    name
        As in answers.
    compute
        Reads it off an attack.
    declared
        Further attributes of the core's `Metric`.
    """

    name: str
    compute: Callable[[Attacked], float]
    declared: Mapping[str, object]


def _row(name: str, compute: Callable[[Attacked], float], **declared: object) -> AttackMetric:
    return AttackMetric(name=name, compute=compute, declared={"bounds": (0.0, 1.0)} | declared)


_DECIDED = f"scores of {DECISION_THRESHOLD} and above count as 'member'"
_UNBOUNDED = (float("-inf"), float("inf"))

ATTACK_METRICS: tuple[AttackMetric, ...] = (
    _row(
        "acc",
        lambda seen: seen.counts.acc,
        chance=0.5,
        definition=f"Share of right decisions; {_DECIDED}.",
    ),
    _row(
        "tpr",
        lambda seen: seen.counts.tpr,
        definition=f"Share of members that are called members; {_DECIDED}.",
    ),
    _row(
        "fpr",
        lambda seen: seen.counts.fpr,
        direction=Direction.LOWER,
        definition=f"Share of non-members that are called members; {_DECIDED}.",
    ),
    _row(
        "auc",
        lambda seen: seen.auc.value,
        chance=0.5,
        limits=("auc_low", "auc_high"),
        definition="Probability that a member scores higher than a non-member, ties counting half "
        "(Mann-Whitney).",
    ),
    _row(
        "auc_low",
        lambda seen: seen.auc.low,
        definition="Lower 95 % confidence limit of auc, as the audit computes it; rankings of "
        "anonymizers read it.",
    ),
    _row(
        "auc_high",
        lambda seen: seen.auc.high,
        definition="Upper 95 % confidence limit of auc, as the audit computes it.",
    ),
    *(
        row
        for level in FPR_LEVELS
        for row in (
            _row(
                f"tpr_at_fpr_{level:g}",
                lambda seen, level=level: seen.at(level).tpr,  # type: ignore[misc]
                chance=level,
                definition=f"Highest TPR of a threshold whose FPR does not exceed {level:g}, "
                "without interpolation, ties as one block (Carlini et al. 2022).",
            ),
            _row(
                f"realised_fpr_at_fpr_{level:g}",
                lambda seen, level=level: seen.at(level).fpr,  # type: ignore[misc]
                direction=Direction.LOWER,
                definition="FPR of that threshold.",
            ),
            _row(
                f"threshold_at_fpr_{level:g}",
                lambda seen, level=level: seen.at(level).threshold,  # type: ignore[misc]
                bounds=_UNBOUNDED,
                definition="That threshold: records that score at least this are called members.",
            ),
        )
    ),
)
"""Upstream's three first, in its order; clients rely on it."""


def attack_metrics(
    evaluate: Evaluator, *, length: int, rank_by: str, kind: str = DEANONYMIZER
) -> list[Metric]:
    """Declare the metrics of attacks; those of an own evaluator are learnt from the truth itself.

    Parameters
    ----------
    evaluate
        Scores attacks.
    length
        Members, and also non-members, that an attack is evaluated on.
    rank_by
        The primary metric.
    kind
        Name of the submission kind.

    Raises
    ------
    ValueError
        If the evaluator does not return a mapping.
    """
    truth = np.arange(2 * length) < length
    declared = declared_metrics(evaluate, truth, kind)
    if {metric.name for metric in declared} != {row.name for row in ATTACK_METRICS}:
        return declared
    return [
        Metric(
            name=row.name,
            kind=kind,
            primary=row.name == rank_by,
            tie_breaker=1 if row.name == "acc" and rank_by != "acc" else None,
            **row.declared,  # type: ignore[arg-type]
        )
        for row in ATTACK_METRICS
    ]
