"""Score what an attack says, submitted or of the house, for all groups of people."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_core.statistics import Estimate
from anomed_dataset_anonymization.schema import Coordinates, TableSchema
from anomed_dataset_anonymization.threat.inference import (
    InferenceScore,
    is_right,
    score_inference,
)
from anomed_dataset_anonymization.threat.lineage import Lineage
from anomed_dataset_anonymization.threat.linkage import LinkageScore, count_named, score_linkage
from anomed_dataset_anonymization.threat.truth import TargetTruth


@attrs.frozen(kw_only=True)
class AttackResult:
    """What one attack achieved at one goal.

    Attributes
    ----------
    attack : str
        Name of the attack.
    column : str or None
        The column inferred; None for re-identification.
    group : {"all", "rare", "exposed"}
        The people counted.
    score : InferenceScore or LinkageScore
        How well it did.
    """

    attack: str
    column: str | None
    group: str
    score: InferenceScore | LinkageScore

    @property
    def risk(self) -> Estimate:
        """Return what it achieved beyond its floor."""
        return self.score.risk


def score_guesses(
    attack: str,
    values: Coordinates,
    *,
    truth: TargetTruth,
    schema: TableSchema,
    unknown: Sequence[str],
    background_values: Coordinates | None = None,
    rival_values: Sequence[Coordinates] = (),
    level: float = 0.95,
) -> list[AttackResult]:
    """Score the values that an attack guessed.

    Parameters
    ----------
    attack : str
        Its name.
    values : ndarray of float64, shape (n_targets, n_unknown)
        Coordinates; NaN is no guess, and wrong.
    truth : TargetTruth
        All that is true of the targets.
    schema : TableSchema
        Describes the columns.
    unknown : sequence of str
        The columns guessed.
    background_values : ndarray of float64, shape (n_targets, n_unknown), optional
        As `guess_from_background` gives them, for submitted attacks: see `score_inference`.
    rival_values : sequence of ndarray of float64, shape (n_targets, n_unknown)
        As `guess_from_rivals` gives them, for the same.
    level : float
        Confidence level of each interval.

    Returns
    -------
    list of AttackResult
        One for each column and group. People without a true value of a column do not count; a
        group of too few is left out.

    Raises
    ------
    ValueError
        If no member or no non-member has a true value of a column.
    """
    results = []
    for place, name in enumerate(unknown):
        true_values = truth.people[:, schema.position(name)]
        right = is_right(values[:, place], true_values, schema[name])
        background_right = (
            None
            if background_values is None
            else is_right(background_values[:, place], true_values, schema[name])
        )
        for group, chosen in truth.groups().items():
            counted = chosen & ~np.isnan(true_values)
            if group != "all" and not truth.are_enough(counted):
                continue
            score = score_inference(
                right,
                is_member=truth.is_member,
                background_right=background_right,
                rivals_right=[
                    is_right(rival[:, place], true_values, schema[name]) for rival in rival_values
                ],
                counted=counted,
                level=level,
            )
            results.append(AttackResult(attack=attack, column=name, group=group, score=score))
    return results


def score_claims(
    attack: str,
    rows: NDArray[np.int64],
    *,
    truth: TargetTruth,
    lineage: Lineage,
    confidence: NDArray[np.float64] | None = None,
    honest_rows: NDArray[np.int64] | None = None,
    rival_rows: NDArray[np.int64] | None = None,
    level: float = 0.95,
) -> list[AttackResult]:
    """Score the rows that an attack named.

    Parameters
    ----------
    attack : str
        Its name.
    rows : ndarray of int64, shape (n_targets, n_guesses)
        Rows named for each target, `NO_ROW` for none.
    truth : TargetTruth
        All that is true of the targets.
    lineage : Lineage
        Whose the rows are, for all targets, in their order.
    confidence : ndarray of float64, shape (n_targets,), optional
        How sure the claims are.
    honest_rows : ndarray of int64, shape (n_targets, n_guesses), optional
        Rows named by who does not fail on non-members on purpose: see `score_linkage`.
    rival_rows : ndarray of int64, shape (n_targets, n_guesses), optional
        Rows named by who knows what other tables of the same people give away.
    level : float
        Confidence level of each interval.

    Returns
    -------
    list of AttackResult
        One for each group.
    """
    credit = lineage.credit(rows)
    floors = [
        (lineage.credit(named), side)
        for named, side in ((honest_rows, ~truth.is_member), (rival_rows, truth.is_member))
        if named is not None
    ]
    n_named = count_named(rows)
    return [
        AttackResult(
            attack=attack,
            column=None,
            group=group,
            score=score_linkage(
                credit,
                n_named=n_named,
                is_member=truth.is_member,
                n_rows=len(lineage.group_of_row),
                confidence=confidence,
                floors=floors,
                counted=chosen,
                level=level,
            ),
        )
        for group, chosen in truth.groups().items()
    ]


def worst_result(results: Sequence[AttackResult]) -> AttackResult:
    """Return the result with the highest lower end of its risk; of equals, the highest risk.

    Raises
    ------
    ValueError
        If there is no result.
    """
    if not results:
        raise ValueError("no attack was run, so there is no worst result.")
    return max(results, key=lambda result: (result.risk.low, result.risk.value))


def shared_level(level: float, n_results: int) -> float:
    """Return the level of each of many intervals that all hold with the given probability.

    Without this correction (Bonferroni's), the worst of many results looks like a leak by chance.
    """
    return 1.0 - (1.0 - level) / max(1, n_results)
