"""Who wins, and what the house enters itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anomed_core import Criterion, Gate, HouseEntry, Ranking, Split, Take
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.contest import ATTRIBUTE, MEMBERSHIP, RECONSTRUCTION, Contest
from anomed_dp_query.challenge.metrics import ANALYST
from anomed_dp_query.counting import true_counts


def rankings(arena: Arena) -> list[Ranking]:
    """Rank analysts by their error, then by what they spent; attackers by what they found out.

    Privacy is paid for: it has no place among the criteria, but an answer that gives away more than
    was paid for wins nothing.
    """
    if arena.contest is None:
        return []
    return [
        Ranking(
            name="analysts",
            kind=ANALYST,
            gates=[
                Gate(
                    metric="incident",
                    house_attack=MEMBERSHIP,
                    at_most=0,
                    label="gave away more than was paid",
                ),
            ],
            criteria=[Criterion(metric="auec"), Criterion(metric="epsilon_spent")],
        ),
        _attackers(MEMBERSHIP, "auc"),
        _attackers(ATTRIBUTE, "advantage"),
        _attackers(RECONSTRUCTION, "gain"),
    ]


def _attackers(kind: str, metric: str) -> Ranking:
    return Ranking(
        name=f"{kind}-attackers",
        kind=kind,
        criteria=[Criterion(metric=metric, take=Take.MEAN_OVER_TARGETS)],
    )


def house_entries(arena: Arena) -> list[HouseEntry]:
    """Enter what costs nothing: no answer, and counts of the practice table."""
    contest = arena.contest
    if contest is None:
        return []
    shape = contest.shape
    return [
        HouseEntry(
            name="zeros",
            kind=ANALYST,
            description="Answers 0 to all questions.",
            payload=np.zeros(shape),
        ),
        HouseEntry(
            name="practice-counts",
            kind=ANALYST,
            description="Counts people of the practice table, as everybody can.",
            payload=lambda request: practice_counts(contest, request.split or Split.VALIDATION),
        ),
    ]


def practice_counts(contest: Contest, split: Split) -> npt.NDArray[np.float64]:
    """Return the counts of the practice table for each tier, scaled where its size is public."""
    counts = true_counts(contest.workload[split], contest.background)
    scales = []
    for table in contest.tables(split):
        rows = table.metadata.public_length or table.metadata.rows or len(contest.background)
        scales.append(rows / len(contest.background))
    return np.outer(scales, counts).reshape(contest.shape)
