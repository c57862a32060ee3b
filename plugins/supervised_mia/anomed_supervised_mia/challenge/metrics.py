"""What a challenge declares about its metrics, and which predictions it can score."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from anomed_core import Direction, Metric, SubmissionRejected
from anomed_supervised_mia.challenge.arena import Arena
from anomed_supervised_mia.challenge.membership import DECISION_THRESHOLD, FPR_LEVELS
from anomed_supervised_mia.challenge.scoring import declared_metrics

_KIND = "deanonymizer"


def _metric(
    name: str, definition: str, *, high: float = 1.0, chance: float | None = None
) -> Metric:
    return Metric(name=name, bounds=(0.0, high), chance=chance, definition=definition)


SERVED_MODEL_METRICS = (
    _metric(
        "auc",
        "Area under the ROC curve of the strongest attack on the served model's answers.",
        chance=0.5,
    ),
    _metric("auc_low", "Lower end of its 95 % interval."),
    _metric("auc_high", "Upper end of its 95 % interval."),
    _metric("max_advantage", "Largest TPR - FPR over all thresholds of that attack."),
    _metric(
        "null_advantage", "95 % of worthless attacks have a smaller max_advantage.", high=np.inf
    ),
    _metric(
        "tpr_at_fpr_0.01", "Highest TPR of a threshold whose FPR does not exceed 0.01.", chance=0.01
    ),
    _metric(
        "epsilon_lower_bound",
        "Largest epsilon that the answers of this attack prove, with 95 % confidence.",
        high=np.inf,
        chance=0.0,
    ),
    _metric("n_members", "Training records that were asked for.", high=np.inf),
    _metric("n_non_members", "Other records that were asked for.", high=np.inf),
    Metric(
        name="answers_as_submitted",
        direction=Direction.LOWER,
        bounds=(0.0, 1.0),
        definition="Share of the answers that equal what was submitted.",
    ),
    Metric(
        name="answers_repeatable",
        direction=Direction.LOWER,
        bounds=(0.0, 1.0),
        definition="Share of the answers that come again when asked again; 1 if the model is "
        "deterministic.",
    ),
    Metric(
        name="one_model_p_value",
        direction=Direction.LOWER,
        bounds=(0.0, 1.0),
        definition="P value of an exact sign test that the answers are of the model that was "
        "scored.",
    ),
    _metric("flagged", "1 if that p value is below 0.001: another model answers; else 0."),
)
"""What the house finds out about the model that an anonymizer serves; higher is better for it."""


def attack_metrics(arena: Arena) -> list[Metric]:
    """Declare the metrics of attacks; those of an own evaluator are learnt from the truth itself.

    Raises
    ------
    ValueError
        If the evaluator does not return a mapping.
    """
    truth = np.arange(2 * arena.length) < arena.length
    declared = declared_metrics(arena.evaluate_memberships, truth, _KIND)
    known = {metric.name: metric for metric in _known_metrics(arena.rank_attacks_by)}
    if set(known) == {metric.name for metric in declared}:
        return list(known.values())
    return declared


def _known_metrics(primary: str) -> list[Metric]:
    def metric(name: str, definition: str, *, chance: float | None = None) -> Metric:
        direction = Direction.LOWER if name == "fpr" or "realised" in name else Direction.HIGHER
        return Metric(
            name=name,
            kind=_KIND,
            direction=direction,
            bounds=(0.0, 1.0),
            chance=chance,
            primary=name == primary,
            tie_breaker=1 if name == "acc" and primary != "acc" else None,
            definition=definition,
        )

    decided = f"scores of {DECISION_THRESHOLD} and above count as 'member'"
    metrics = [
        metric("acc", f"Share of right decisions; {decided}.", chance=0.5),
        metric("tpr", f"Share of members that are called members; {decided}."),
        metric("fpr", f"Share of non-members that are called members; {decided}."),
        metric(
            "auc",
            "Probability that a member scores higher than a non-member, ties counting half "
            "(Mann-Whitney).",
            chance=0.5,
        ),
    ]
    for level in FPR_LEVELS:
        metrics += [
            metric(
                f"tpr_at_fpr_{level:g}",
                f"Highest TPR of a threshold whose FPR does not exceed {level:g}, without "
                "interpolation, ties as one block (Carlini et al. 2022).",
                chance=level,
            ),
            metric(f"realised_fpr_at_fpr_{level:g}", "FPR of that threshold."),
            Metric(
                name=f"threshold_at_fpr_{level:g}",
                kind=_KIND,
                definition="That threshold: records that score at least this are called members.",
            ),
        ]
    return metrics


def refuse_non_labels(prediction: np.ndarray, targets: np.ndarray) -> None:
    """Refuse numbers that cannot be labels where labels are asked for.

    Parameters
    ----------
    prediction
        What came.
    targets
        What it is to be compared with; only its dtype is looked at.

    Raises
    ------
    SubmissionRejected
        If labels are whole numbers and some predictions are not.
    """
    if targets.dtype.kind not in "biu" or prediction.dtype.kind != "f":
        return
    whole = np.equal(np.trunc(prediction), prediction)
    n_broken = int(whole.size - np.count_nonzero(whole))
    if n_broken:
        raise SubmissionRejected(
            f"prediction holds {n_broken} values that are no whole numbers; the labels are whole "
            "numbers, so send labels and not probabilities."
        )
    if prediction.size and float(np.abs(prediction).max()) > np.iinfo(np.int32).max:
        raise SubmissionRejected("prediction holds values beyond 2147483647, which are no labels.")


def refuse_impossible_claims(parameters: Mapping[str, str]) -> None:
    """Refuse an epoch or an epsilon that is no such number.

    Raises
    ------
    SubmissionRejected
        With what is allowed.
    """
    epoch = parameters.get("epoch")
    if epoch is not None and not (epoch.isascii() and epoch.isdigit() and len(epoch) <= 9):
        raise SubmissionRejected(f"epoch is {epoch[:40]!r}; send a whole number from 0.")
    claimed = parameters.get("claimed_epsilon")
    if claimed is not None and not 0 < _number(claimed) < float("inf"):
        raise SubmissionRejected(
            f"claimed_epsilon is {claimed[:40]!r}; send a positive number, or leave it out."
        )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
