"""From submissions to the numbers that are recorded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from anomed_anomaly_detection.challenge.arena import Arena
from anomed_anomaly_detection.challenge.authors import authored, pair_suspects
from anomed_anomaly_detection.challenge.metrics import AUTHOR_ROWS, Flagged, detection_rows
from anomed_core import Submission, Target, measured


def utility_metrics(arena: Arena, submission: Submission) -> Mapping[str, float]:
    """Measure what an author's network and trigger do."""
    return measured(AUTHOR_ROWS, authored(arena, submission).measured(submission.split))


def threat_metrics(
    arena: Arena, submission: Submission, target: Target | None
) -> Mapping[str, float]:
    """Compare scores with the flags of a task of the house, or of this pair."""
    scores = submission.payload["score"].astype(np.float64)
    if submission.kind in arena.tasks:
        flags = arena.tasks[submission.kind].flags[submission.split]
        return measured(detection_rows(0.5), Flagged(flags=flags, scores=scores))
    if target is None or target.submission is None:
        raise ValueError(f"{submission.kind} examines what an author has handed in")
    drawn = pair_suspects(
        arena,
        authored(arena, target.submission),
        submission.anonymizer,
        submission.deanonymizer,
        submission.split,
    )
    return measured(detection_rows(0.5), Flagged(flags=drawn.flags, scores=scores))
