"""Audit results as rows of a data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anomed_supervised_mia.metrics import Estimate

if TYPE_CHECKING:
    from anomed_supervised_mia.auditing.results import AttackResult


def flat(result: AttackResult) -> dict[str, Any]:
    """Return one result as a flat mapping of column names to numbers.

    Parameters
    ----------
    result : AttackResult

    Returns
    -------
    dict
    """
    row: dict[str, Any] = {
        "attack": result.attack,
        "partition": result.slice.partition,
        "slice": result.slice.value,
        "n_members": result.n_members,
        "n_non_members": result.n_non_members,
    }
    _add(row, "auc", result.auc)
    _add(row, "max_advantage", result.max_advantage.estimate)
    row["max_advantage_null"] = result.max_advantage.null_limit
    _add(row, "balanced_accuracy", result.balanced_accuracy)
    for found in result.tpr_at_fpr:
        name = f"tpr_at_fpr_{found.level:g}"
        _add(row, name, found.estimate)
        row[f"{name}_realised_fpr"] = found.point.fpr
        row[f"{name}_threshold"] = found.point.threshold
        row[f"{name}_resolved"] = found.estimate.resolved
    row["epsilon_low"] = result.epsilon.estimate.low
    row["epsilon_delta"] = result.epsilon.delta
    if result.one_run is not None:
        row["one_run_epsilon_low"] = result.one_run.estimate.low
    return row


def _add(row: dict[str, Any], name: str, estimate: Estimate) -> None:
    row[name] = estimate.value
    row[f"{name}_low"] = estimate.low
    row[f"{name}_high"] = estimate.high
