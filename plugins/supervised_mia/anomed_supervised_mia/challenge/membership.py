"""Score a membership inference attack, with the names that anomed-challenge gave it."""

from __future__ import annotations

import numpy as np

from anomed_supervised_mia.metrics import auc, confusion, roc_curve, tpr_at_fpr

FPR_LEVELS = (0.001, 0.01, 0.1)
"""False-positive rates at which true-positive rates are reported (Carlini et al. 2022)."""

DECISION_THRESHOLD = 0.5
"""Scores of at least this much count as "member" where a hard decision is needed."""


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
        ``acc``, ``tpr``, ``fpr = fp / (fp + tn)``, then ``auc``, and for each of `FPR_LEVELS` the
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
    scores = np.asarray(prediction)
    counts = confusion(ground_truth, scores >= DECISION_THRESHOLD)
    curve = roc_curve(ground_truth, scores)
    metrics = {"acc": counts.acc, "tpr": counts.tpr, "fpr": counts.fpr, "auc": auc(curve)}
    for level in FPR_LEVELS:
        point = tpr_at_fpr(curve, level)
        metrics[f"tpr_at_fpr_{level:g}"] = point.tpr
        metrics[f"realised_fpr_at_fpr_{level:g}"] = point.fpr
        metrics[f"threshold_at_fpr_{level:g}"] = point.threshold
    return metrics


def evaluate_MIA(prediction: np.ndarray, ground_truth: np.ndarray) -> dict[str, float]:
    """Score memberships; a shorter name for `evaluate_membership_inference_attack`."""
    return evaluate_membership_inference_attack(prediction, ground_truth)
