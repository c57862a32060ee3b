"""The result page's section: every final attack with intervals and curves, by anonymizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from anomed_core import ReportSection, Role, Score, Split, Submission
from anomed_core.statistics import rank
from anomed_supervised_mia.auditing.audits import AuditSettings, measure
from anomed_supervised_mia.auditing.metadata import AuditMetadata
from anomed_supervised_mia.auditing.results import AttackResult, AuditResults
from anomed_supervised_mia.auditing.slices import Slice
from anomed_supervised_mia.challenge.arena import Arena
from anomed_supervised_mia.report import report_parts

SubmissionOf = Callable[[Score], Submission | None]
_WHOLE = Slice(partition="whole", value="whole")
_SETTINGS = AuditSettings()


def report_sections(
    arena: Arena, scores: Sequence[Score], submission_of: SubmissionOf
) -> list[ReportSection]:
    """Return the section on all anonymizers that were attacked; none without a final attack.

    Parameters
    ----------
    arena
        Knows the true memberships.
    scores
        Recorded scores, oldest first.
    submission_of
        Finds kept submissions.

    Returns
    -------
    list of ReportSection
    """
    finals = [s for s in scores if s.split is Split.VALIDATION and s.origin == "participant"]
    audits = []
    for score in finals:
        if score.subject.role is Role.ANONYMIZER:
            attacks = [other for other in finals if _attacks(other, score)]
            results = [
                result for attack in attacks for result in _measured(arena, attack, submission_of)
            ]
            if results:
                audits.append(_audit(arena, score, results))
    if not audits:
        return []
    section = ReportSection(
        title="Membership inference",
        parts=report_parts(audits),
        data={"audits": [audit.to_dict() for audit in audits]},
    )
    return [section]


def _attacks(attack: Score, anonymizer: Score) -> bool:
    return (
        attack.subject.role is Role.DEANONYMIZER
        and attack.subject.anonymizer == anonymizer.subject.anonymizer
    )


def _measured(arena: Arena, score: Score, submission_of: SubmissionOf) -> list[AttackResult]:
    """Measure a final attack again, on all records and by class."""
    submission = submission_of(score)
    if submission is None:
        return []
    records, truth = arena.evaluation_records(
        anonymizer=score.subject.anonymizer,
        deanonymizer=score.subject.deanonymizer,
        split=score.split,
    )
    predicted = submission.payload["prediction"].astype(np.float64)
    parts = {_WHOLE: np.ones(len(truth), dtype=bool)}
    if records["y"].ndim == 1 and records["y"].dtype.kind != "f":
        for label in np.unique(records["y"]):
            parts[Slice(partition="class", value=str(label))] = records["y"] == label
    return [
        measure(
            rank(truth[chosen], predicted[chosen]),
            attack=score.subject.deanonymizer,
            part=part,
            settings=_SETTINGS,
        )
        for part, chosen in parts.items()
        if truth[chosen].any() and not truth[chosen].all()
    ]


def _audit(arena: Arena, score: Score, results: Sequence[AttackResult]) -> AuditResults:
    epoch = score.parameters.get("epoch")
    claimed = score.parameters.get("claimed_epsilon")
    accuracy = score.metrics.get("accuracy")
    return AuditResults(
        metadata=AuditMetadata(
            model=score.parameters.get("model", score.subject.anonymizer),
            epoch=int(epoch) if epoch is not None else None,
            test_accuracy=accuracy,
            claimed_epsilon=float(claimed) if claimed is not None else None,
        ),
        n_members=arena.length,
        n_non_members=arena.length,
        confidence=_SETTINGS.confidence,
        results=tuple(results),
    )
