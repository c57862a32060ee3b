"""What is measured: each metric in one row, with the function that computes it."""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np

from anomed_core import Direction, MetricRow, rows_of_part
from anomed_core.statistics import Estimate, Roc, estimate_auc, roc_curve, tpr_at_fpr

FPR_LEVELS = (0.01, 0.05)
"""Shares of normal inputs that may be flagged."""

TPR_LEVEL = 0.95
"""Share of anomalous inputs that must be flagged."""


@attrs.define(kw_only=True, slots=False, eq=False)
class Flagged:
    """What the metrics of scores are read from.

    Attributes
    ----------
    flags
        bool, shape (n,): which inputs are anomalous.
    scores
        float64, shape (n,): higher means more anomalous.
    """

    flags: np.ndarray
    scores: np.ndarray

    @cached_property
    def curve(self) -> Roc:
        """The whole ROC curve, ties as one block."""
        return roc_curve(self.flags, self.scores)

    @cached_property
    def auc(self) -> Estimate:
        """The area under the curve with its 95 % interval."""
        return estimate_auc(self.curve)

    @cached_property
    def average_precision(self) -> float:
        """Mean precision over the anomalous inputs, ties as one block."""
        flagged = self.curve.n_true_positives + self.curve.n_false_positives
        precision = self.curve.n_true_positives[1:] / flagged[1:]
        return float(np.sum(np.diff(self.curve.tpr) * precision))

    @cached_property
    def fpr_at_tpr(self) -> float:
        """Least false-positive rate of a threshold that flags `TPR_LEVEL` of the anomalous."""
        return float(self.curve.fpr[np.searchsorted(self.curve.tpr, TPR_LEVEL - 1e-12)])


def _tpr_row(level: float, tie_breaker: int | None) -> MetricRow[Flagged]:
    return MetricRow(
        name=f"tpr_at_fpr_{level:g}",
        compute=lambda seen: tpr_at_fpr(seen.curve, level).tpr,
        chance=level,
        tie_breaker=tie_breaker,
        definition=f"Highest share of the anomalous inputs that a threshold flags which flags at "
        f"most {level:g} of the normal ones; without interpolation, ties as one block.",
    )


def detection_rows(anomalous_share: float) -> tuple[MetricRow[Flagged], ...]:
    """Return what is measured of scores.

    Parameters
    ----------
    anomalous_share
        Of the test inputs; the average precision of scores that know nothing.
    """
    return (
        MetricRow(
            name="auc",
            compute=lambda seen: seen.auc.value,
            chance=0.5,
            primary=True,
            limits=("auc_low", "auc_high"),
            definition="Probability that an anomalous input scores higher than a normal one, ties "
            "counting half (Mann and Whitney 1947, doi:10.1214/aoms/1177730491).",
        ),
        _tpr_row(FPR_LEVELS[0], 1),
        MetricRow(
            name="auc_low",
            compute=lambda seen: seen.auc.low,
            definition="Lower 95 % confidence limit of auc, by DeLong's variance (1988, "
            "doi:10.2307/2531595); rankings of authors read it.",
        ),
        MetricRow(
            name="auc_high",
            compute=lambda seen: seen.auc.high,
            definition="Upper 95 % confidence limit of auc.",
        ),
        MetricRow(
            name="ap",
            compute=lambda seen: seen.average_precision,
            chance=anomalous_share,
            definition="Average precision: sum over thresholds of the growth of recall times "
            "precision, ties as one block (sklearn.metrics.average_precision_score).",
        ),
        _tpr_row(FPR_LEVELS[1], None),
        MetricRow(
            name="fpr_at_tpr_0.95",
            compute=lambda seen: seen.fpr_at_tpr,
            direction=Direction.LOWER,
            chance=TPR_LEVEL,
            definition="Least share of the normal inputs that a threshold flags which flags at "
            "least 0.95 of the anomalous ones.",
        ),
    )


@attrs.frozen(kw_only=True)
class Built:
    """What an author's model and trigger do.

    Attributes
    ----------
    success
        Share of the records of other classes that are right without the trigger, and wrong as it
        says with it; 0 for a trigger that is not harmless.
    accuracy
        Share of the clean records that are right.
    harmless
        Share of triggered records to which the clean model says what it says without the trigger.
    change_linf, change_l2
        Mean over records of the largest change of an entry, and of the length of the change.
    is_effective
        Whether the floors are met.
    """

    success: float
    accuracy: float
    harmless: float
    change_linf: float
    change_l2: float
    is_effective: bool


AUTHOR_ROWS: tuple[MetricRow[Built], ...] = (
    MetricRow(
        name="backdoor_success",
        compute=lambda built: built.success,
        primary=True,
        definition="Share of the records of other classes that the model gets right without the "
        "trigger and wrong, as the trigger says, with it. A constant network scores 0, and so does "
        "a trigger that is not harmless: it changes what a clean model says, too.",
    ),
    MetricRow(
        name="clean_accuracy",
        compute=lambda built: built.accuracy,
        tie_breaker=1,
        definition="Share of the records without a trigger that the model gets right.",
    ),
    MetricRow(
        name="harmless",
        compute=lambda built: built.harmless,
        definition="Share of the triggered records to which a model that was trained on clean "
        "records says what it says without the trigger.",
    ),
    MetricRow(
        name="effective",
        compute=lambda built: float(built.is_effective),
        definition="1 if success, accuracy and harmlessness reach the floors of the recipe, "
        "else 0; only effective ones are ranked.",
    ),
    MetricRow(
        name="change_linf",
        compute=lambda built: built.change_linf,
        direction=Direction.LOWER,
        definition="Mean over records of the largest change of an entry by the trigger.",
    ),
    MetricRow(
        name="change_l2",
        compute=lambda built: built.change_l2,
        direction=Direction.LOWER,
        bounds=(0.0, float("inf")),
        definition="Mean over records of the Euclidean length of the trigger's change.",
    ),
)
"""What is measured of what an author hands in."""


@attrs.frozen(kw_only=True, eq=False)
class Audited:
    """What a detector of the house does against an author's model, and on a clean one.

    Attributes
    ----------
    against
        On the author's model.
    on_clean
        The same detector and inputs on a model that was trained on clean records.
    """

    against: Flagged
    on_clean: Flagged

    @property
    def gain(self) -> float:
        """What the author's model adds to what the inputs alone tell."""
        return self.against.auc.value - self.on_clean.auc.value


AUDIT_ROWS: tuple[MetricRow[Audited], ...] = (
    *rows_of_part(detection_rows(0.5), lambda audited: audited.against),
    MetricRow(
        name="auc_on_clean_model",
        compute=lambda audited: audited.on_clean.auc.value,
        chance=0.5,
        definition="The same detector, fitted to a model that was trained on clean records, on the "
        "same inputs: what they tell without any backdoor.",
    ),
    MetricRow(
        name="gain",
        compute=lambda audited: audited.gain,
        bounds=(-1.0, 1.0),
        chance=0.0,
        definition="auc minus auc_on_clean_model: what the detector finds in the model.",
    ),
)
"""What a detector of the house finds out about what an author handed in."""
