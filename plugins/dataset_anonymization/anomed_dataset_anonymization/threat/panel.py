"""Run all house attacks on a published table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anomed_dataset_anonymization.threat.class_majority import ClassMajority
from anomed_dataset_anonymization.threat.downcoding import Downcoding
from anomed_dataset_anonymization.threat.gradient_boosting import GradientBoosting
from anomed_dataset_anonymization.threat.index_linkage import IndexLinkage
from anomed_dataset_anonymization.threat.lineage import Lineage
from anomed_dataset_anonymization.threat.nearest_box import NearestBox
from anomed_dataset_anonymization.threat.scoreboard import Scoreboard
from anomed_dataset_anonymization.threat.scoring import (
    AttackResult,
    score_claims,
    score_guesses,
    shared_level,
)
from anomed_dataset_anonymization.threat.truth import TargetTruth
from anomed_dataset_anonymization.threat.view import Attack, AttackerView

PANEL: tuple[Attack, ...] = (
    ClassMajority(),
    NearestBox(),
    Scoreboard(),
    GradientBoosting(),
    Downcoding(),
    IndexLinkage(),
)
"""The attacks that count in every anonymizer's worst case."""


def run_panel(
    view: AttackerView,
    truth: TargetTruth,
    *,
    lineage: Lineage,
    rng: np.random.Generator,
    attacks: Sequence[Attack] = PANEL,
    level: float = 0.95,
) -> list[AttackResult]:
    """Run house attacks on a published table.

    Parameters
    ----------
    view : AttackerView
        What the attacks see of the table and the targets.
    truth : TargetTruth
        What is true of the same targets.
    lineage : Lineage
        Whose the rows are, for all targets, in their order.
    rng : Generator
        The only source of randomness.
    attacks : sequence of Attack
        Which attacks to run.
    level : float
        Probability that all intervals hold their true values.

    Returns
    -------
    list of AttackResult
        For each attack one for each unknown column and group; and, if it names rows, one for each
        group.

    Raises
    ------
    ValueError
        If no member or no non-member has a true value of an unknown column.
    """
    guesses = {attack.name: attack.guess(view, rng=rng) for attack in attacks}
    n_linkages = sum(guess.rows is not None for guess in guesses.values())
    n_results = (len(guesses) * len(view.unknown) + n_linkages) * len(truth.groups())
    each = shared_level(level, n_results)
    results = []
    for name, guess in guesses.items():
        results += score_guesses(
            name, guess.values, truth=truth, schema=view.schema, unknown=view.unknown, level=each
        )
        if guess.rows is not None:
            results += score_claims(
                name,
                guess.rows[:, np.newaxis],
                truth=truth,
                lineage=lineage,
                confidence=guess.confidence,
                level=each,
            )
    return results
