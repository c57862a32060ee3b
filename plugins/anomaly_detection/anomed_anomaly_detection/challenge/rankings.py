"""Who wins: detectors by each task and over authors, authors by the strongest detector."""

from __future__ import annotations

from anomed_anomaly_detection.challenge.arena import Arena
from anomed_anomaly_detection.challenge.kinds import ATTACKS
from anomed_anomaly_detection.challenge.recipe import MODEL, POISON
from anomed_core import Criterion, Gate, Ranking, Take

RESOLUTION = 0.01
"""Areas that differ by less are the same."""

_TITLES = {MODEL: "Authors of models", POISON: "Authors of poisoned rows"}


def rankings(arena: Arena) -> list[Ranking]:
    """Rank detectors on each task of the house, authors by the worst, detectors over authors.

    A constant network and an empty trigger are found by nobody, and work on nobody: neither is
    effective, so neither has a place.
    """
    tasks = [
        Ranking(
            name=name,
            title=f"Detectors on {task.title}",
            kind=name,
            criteria=[Criterion(metric="auc"), Criterion(metric="tpr_at_fpr_0.01")],
        )
        for name, task in arena.tasks.items()
    ]
    authors = [
        Ranking(
            name=f"authors-{form}",
            title=_TITLES[form],
            kind=form,
            gates=[Gate(metric="effective", at_least=1, label="not effective")],
            criteria=[
                Criterion(metric="auc_low", take=Take.WORST, resolution=RESOLUTION),
                Criterion(metric="backdoor_success"),
            ],
        )
        for form in (MODEL, POISON)
    ]
    detectors = [
        Ranking(
            name=f"detectors-{form}",
            title=f"Detectors over {_TITLES[form].lower()}",
            kind=ATTACKS[form],
            criteria=[
                Criterion(metric="auc", take=Take.MEAN_RANK),
                Criterion(metric="auc", take=Take.MEAN_OVER_TARGETS),
            ],
        )
        for form in (MODEL, POISON)
    ]
    return [*tasks, *authors, *detectors]
