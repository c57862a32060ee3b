"""Submissions with known outcomes, beside the perfect and trivial ones of each kind."""

from __future__ import annotations

import numpy as np

from anomed_core import Baseline, Quality, Split
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.contest import MEMBERSHIP
from anomed_dp_query.challenge.metrics import ANALYST
from anomed_dp_query.challenge.rankings import practice_counts


def baselines(arena: Arena) -> list[Baseline]:
    """Offer what everybody can hand in, and what is refused."""
    contest = arena.contest
    if contest is None:
        return []
    *tiers, n_questions = contest.shape
    return [
        Baseline(
            name="counts of the practice table",
            kind=ANALYST,
            quality=Quality.PUBLIC,
            payload=lambda request: practice_counts(contest, request.split or Split.VALIDATION),
        ),
        Baseline(
            name="a question too few",
            kind=ANALYST,
            quality=Quality.INVALID,
            payload=np.zeros((*tiers, n_questions - 1)),
        ),
        Baseline(
            name="scores that are no numbers",
            kind=MEMBERSHIP,
            quality=Quality.INVALID,
            payload=np.full(2 * contest.settings.targets, np.nan),
        ),
    ]
