"""The figures of audits, as charts that draw themselves in notebooks and on pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from anomed_core.report import (
    Chart,
    Standing,
    epochs_chart,
    histogram_chart,
    roc_chart,
    slices_chart,
    utility_risk_chart,
)
from anomed_core.statistics import tpr_limits
from anomed_supervised_mia.auditing.conclusions import auc_of_strongest
from anomed_supervised_mia.auditing.results import AttackResult, AuditResults
from anomed_supervised_mia.metrics import Estimate, tpr_ceiling

Measure = Literal["auc", "advantage"]

N_BAND_LEVELS = 33
"""Where the bands of ROC curves are computed."""

_MEASURES = {"auc": ("AUC of the strongest attack", 0.5), "advantage": ("advantage", 0.0)}


def roc_figure(
    results: Sequence[AttackResult],
    *,
    claimed_epsilon: float | None = None,
    claimed_delta: float = 0.0,
) -> Chart:
    """Return ROC curves of several attacks, with a confidence band for the strongest.

    Parameters
    ----------
    results : sequence of AttackResult
        Of one slice, the strongest first.
    claimed_epsilon, claimed_delta : float
        Draw the ceiling that they imply, if there is a claim.

    Returns
    -------
    Chart

    Raises
    ------
    ValueError
        If there are no results.
    """
    if not results:
        raise ValueError("a ROC figure needs the results of an attack, but there are none.")
    strongest = results[0]
    n_non_members = max(result.n_non_members for result in results)
    levels = np.geomspace(1 / (10 * n_non_members), 1, N_BAND_LEVELS).tolist()
    confidence = strongest.auc.confidence
    limits = [tpr_limits(strongest.roc, level, confidence=confidence) for level in levels]
    ceiling, name = None, ""
    if claimed_epsilon is not None:
        ceiling = [tpr_ceiling(x, epsilon=claimed_epsilon, delta=claimed_delta) for x in levels]
        name = f"ceiling of epsilon {claimed_epsilon:g}"
    return roc_chart(
        {
            f"{result.attack} (AUC {result.auc.value:.3f})": (result.roc.fpr, result.roc.tpr)
            for result in results
        },
        n_non_members=n_non_members,
        band=(levels, [low for low, _ in limits], [high for _, high in limits]),
        ceiling=None if ceiling is None else (levels, ceiling),
        ceiling_name=name,
        title=f"ROC curves, {strongest.slice.in_words}",
    )


def slices_figure(results: Sequence[AttackResult]) -> Chart:
    """Return the AUC of one attack on each slice, with its interval.

    Parameters
    ----------
    results : sequence of AttackResult
        Of one attack.

    Returns
    -------
    Chart

    Raises
    ------
    ValueError
        If there are no results.
    """
    if not results:
        raise ValueError("a figure of slices needs results by slice, but there are none.")
    return slices_chart(
        [str(result.slice) for result in results],
        [result.auc.value for result in results],
        [result.auc.low for result in results],
        [result.auc.high for result in results],
        title=f"AUC of {results[0].attack} by slice",
    )


def scores_figure(result: AttackResult) -> Chart:
    """Return how an attack's scores are distributed over members and non-members.

    Parameters
    ----------
    result : AttackResult

    Returns
    -------
    Chart
    """
    sides = [
        np.repeat(result.roc.thresholds[1:], np.diff(counts))
        for counts in (result.roc.n_true_positives, result.roc.n_false_positives)
    ]
    title = f"Scores of {result.attack}, {result.slice.in_words}"
    return histogram_chart(*sides, measure="score of the attack", title=title)


def epochs_figure(audits: Sequence[AuditResults], *, measure: Measure = "auc") -> Chart:
    """Return what the strongest attack reaches over the epochs, a line for each model.

    Parameters
    ----------
    audits : sequence of AuditResults
        With epochs; models are told apart by their names.
    measure : {"auc", "advantage"}
        What to draw.

    Returns
    -------
    Chart

    Raises
    ------
    ValueError
        If no audit has an epoch and a result.
    """
    label, chance = _MEASURES[measure]
    models: dict[str, list[tuple[int, Estimate]]] = {}
    for audited in audits:
        if audited.metadata.epoch is not None and audited.results:
            found = (audited.metadata.epoch, _estimate(audited, measure))
            models.setdefault(audited.metadata.model, []).append(found)
    if not models:
        raise ValueError("a figure over epochs needs audits with an epoch, but there are none.")
    return epochs_chart(
        {
            model: (
                [epoch for epoch, _ in findings],
                [found.value for _, found in findings],
                [found.low for _, found in findings],
                [found.high for _, found in findings],
            )
            for model, findings in models.items()
        },
        measure=label,
        chance=chance,
    )


def privacy_utility_figure(audits: Sequence[AuditResults], *, measure: Measure = "auc") -> Chart:
    """Return test accuracy against what the strongest attack reaches, a line for each model.

    Parameters
    ----------
    audits : sequence of AuditResults
        With test accuracies; others are left out.
    measure : {"auc", "advantage"}
        What is leaked.

    Returns
    -------
    Chart

    Raises
    ------
    ValueError
        If no audit has a test accuracy and a result.
    """
    label, chance = _MEASURES[measure]
    standings = []
    for audited in sorted(audits, key=lambda audited: audited.metadata.epoch or 0):
        metadata = audited.metadata
        if audited.results and metadata.test_accuracy is not None:
            found = _estimate(audited, measure)
            standings.append(
                Standing(
                    name=metadata.model if metadata.epoch is None else f"epoch {metadata.epoch}",
                    utility=metadata.test_accuracy,
                    risk=found.value,
                    low=found.low,
                    high=found.high,
                    group="" if metadata.epoch is None else metadata.model,
                )
            )
    if not standings:
        raise ValueError(
            "a figure of privacy and utility needs audits with a test accuracy, but there are none."
        )
    return utility_risk_chart(
        standings, utility="test accuracy", risk=label, chance=chance, title="Privacy and utility"
    )


def _estimate(audited: AuditResults, measure: Measure) -> Estimate:
    if measure == "auc":
        return auc_of_strongest(audited)
    return audited.strongest().max_advantage.estimate
