"""Score what was handed in: predictions by named metrics, memberships against the truth."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from anomed_core import ConfigError, CreationContext, Metric, Split, Submission
from anomed_supervised_mia.challenge.arena import Arena, open_arena
from anomed_supervised_mia.challenge.data import parts_of_settings
from anomed_supervised_mia.challenge.metrics import (
    ANONYMIZER,
    ATTACK_METRICS,
    UTILITY_METRICS,
    Attacked,
    Evaluator,
    attack_metrics,
    compares_labels,
    declared_metrics,
)
from anomed_supervised_mia.challenge.upstream import SupervisedLearningMIAChallenge


def create(config: Any, context: CreationContext) -> Arena:
    """Load the data, once for all workers, and draw the pools.

    Parameters
    ----------
    config
        The type's configuration, or the challenge object that anomed-challenge's users write.
    context
        Loads, draws and keeps.
    """
    if isinstance(config, SupervisedLearningMIAChallenge):
        return open_arena(
            config.parts(),
            length=config.MIA_evaluation_dataset_length,
            evaluate_prediction=config.anonymizer_evaluator,
            evaluate_memberships=config.MIA_evaluator,
            lottery=context.lottery,
            freeze=context.freeze,
        )
    arena = open_arena(
        parts_of_settings(config.data, context),
        length=config.mia_evaluation_dataset_length,
        evaluate_prediction=_named_evaluator(config.utility or ("accuracy",)),
        evaluate_memberships=evaluate_MIA,
        rank_attacks_by=config.rank_attacks_by,
        audit_hosts=config.audit_hosts,
        lottery=context.lottery,
        freeze=context.freeze,
    )
    has_numbers = arena.targets(Split.VALIDATION).dtype.kind == "f"
    names = config.utility or ("mae" if has_numbers else "accuracy",)
    return attrs.evolve(
        arena,
        evaluate_prediction=_named_evaluator(names),
        classifies=any(map(compares_labels, names)),
        least_utility=config.least_utility,
        queries=config.queries,
    )


def _named_evaluator(names: tuple[str, ...]) -> Evaluator:
    try:
        return evaluator_of(names)
    except ValueError as error:
        raise ConfigError("utility", str(error)) from error


def metrics_of(arena: Arena) -> list[Metric]:
    """Declare what the evaluators of both sides return.

    Raises
    ------
    ConfigError
        If a metric does not suit the data.
    """
    targets = arena.targets(Split.VALIDATION)
    try:
        return [
            *declared_metrics(arena.evaluate_prediction, targets, ANONYMIZER),
            *attack_metrics(
                arena.evaluate_memberships, length=arena.length, rank_by=arena.rank_attacks_by
            ),
        ]
    except ValueError as error:
        raise ConfigError("utility", f"it does not suit the data: {error}") from error


def evaluate_utility(arena: Arena, submission: Submission) -> Mapping[str, float]:
    """Compare a prediction with the targets."""
    targets = arena.targets(submission.split)
    prediction = submission.payload["prediction"]
    if targets.dtype.kind == "f" or arena.expects_labels(submission.split):
        kind = targets.dtype.kind
        prediction = prediction if kind == "U" else prediction.astype(targets.dtype, copy=False)
    return arena.evaluate_prediction(prediction, targets)


def evaluate_threat(arena: Arena, submission: Submission) -> Mapping[str, float]:
    """Compare memberships with the truth that was drawn for this pair."""
    truth = arena.memberships(
        anonymizer=submission.anonymizer,
        deanonymizer=submission.deanonymizer,
        split=submission.split,
    )
    prediction = submission.payload["prediction"]
    if prediction.dtype.kind != "b":
        prediction = prediction.astype(np.float64)
    return arena.evaluate_memberships(prediction, truth)


def evaluate_membership_inference_attack(
    prediction: np.ndarray, ground_truth: np.ndarray
) -> dict[str, float]:
    """Score memberships, or membership scores, against the truth.

    Parameters
    ----------
    prediction
        bool of shape (n_records,): True means "member". Or float of shape (n_records,): higher
        means "more likely a member"; for `acc`, `tpr` and `fpr`, 0.5 and above means "member".
        Memberships are scores of two levels, so both forms get all metrics.
    ground_truth
        bool of shape (n_records,), with at least one member and one non-member.

    Returns
    -------
    dict of str to float
        ``acc``, ``tpr``, ``fpr = fp / (fp + tn)``, then ``auc`` with its limits ``auc_low`` and
        ``auc_high``, and for each of `FPR_LEVELS` the
        highest TPR whose FPR does not exceed the level, without interpolation and with ties as one
        block, beside the FPR and the threshold that were realised.

    Raises
    ------
    ValueError
        If the arrays are empty, differ in length, hold NaN, or lack members or non-members.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([True, True, False, False])
    >>> scores = evaluate_membership_inference_attack(np.ones(4, dtype=bool), truth)
    >>> scores["acc"], scores["tpr"], scores["fpr"], scores["auc"]
    (0.5, 1.0, 1.0, 0.5)
    """
    seen = Attacked(truth=np.asarray(ground_truth), scores=np.asarray(prediction))
    return {row.name: row.compute(seen) for row in ATTACK_METRICS}


def evaluate_MIA(prediction: np.ndarray, ground_truth: np.ndarray) -> dict[str, float]:
    """Score memberships; a shorter name for `evaluate_membership_inference_attack`."""
    return evaluate_membership_inference_attack(prediction, ground_truth)


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
