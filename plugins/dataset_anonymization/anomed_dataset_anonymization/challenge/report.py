"""What the report shows of each final: attacks on it, its classes, its columns, its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from anomed_core import ReportSection, Score, Split, Submission
from anomed_core.report import Folded, slices_chart
from anomed_dataset_anonymization.challenge.arena import Arena
from anomed_dataset_anonymization.challenge.kinds import PUBLISHED_TABLE
from anomed_dataset_anonymization.privacy import published_classes
from anomed_dataset_anonymization.report import class_sizes_chart, column_charts, readable_table
from anomed_dataset_anonymization.schemes import PublishedTable, to_parquet
from anomed_dataset_anonymization.utility import boxes_of_published

SubmissionOf = Callable[[Score], Submission | None]

_RISKS = ("risk", "risk_low", "risk_high")


def report_sections(
    arena: object, scores: Sequence[Score], submission_of: SubmissionOf
) -> list[ReportSection]:
    """Return a section on each final that was kept.

    Parameters
    ----------
    arena
        The people; none where an organiser's own functions score.
    scores
        All of a challenge, oldest first.
    submission_of
        Finds kept submissions.

    Returns
    -------
    list of ReportSection
        For the organiser: the leaky table's columns are drawn beside the published ones.
    """
    if not isinstance(arena, Arena):
        return []
    earlier: dict[bytes, str] = {}
    sections = []
    for final in filter(_is_final, scores):
        submission = submission_of(final)
        if submission is not None:
            table = arena.published(submission)
            own = final.subject.anonymizer
            first = earlier.setdefault(_digest(table), own)
            sections.append(
                _section(arena, final, table, scores, same_as=first if first != own else "")
            )
    return sections


def _digest(table: PublishedTable) -> bytes:
    """Return what equal tables share, in whatever order and file they were handed in."""
    return hashlib.sha256(table.scheme.encode() + to_parquet(table)).digest()


def _is_final(score: Score) -> bool:
    return (
        score.kind == PUBLISHED_TABLE
        and score.split is Split.VALIDATION
        and score.origin == "participant"
    )


def _section(
    arena: Arena, final: Score, table: PublishedTable, scores: Sequence[Score], *, same_as: str
) -> ReportSection:
    attacks = {
        f"house: {score.label}" if score.label else score.subject.deanonymizer: score.metrics
        for score in scores
        if score.subject.anonymizer == final.subject.anonymizer
        and score.split is Split.VALIDATION
        and set(_RISKS) <= score.metrics.keys()
    }
    columns = column_charts(arena.original, boxes_of_published(table), arena.schema)
    return ReportSection(
        title=f"Table of {final.subject.anonymizer}",
        parts=[
            *([f"The same table as that of {same_as}, which came earlier."] if same_as else []),
            slices_chart(
                list(attacks),
                *([found[name] for found in attacks.values()] for name in _RISKS),
                measure="risk",
                chance=0.0,
                title="Risk by attack",
            ),
            class_sizes_chart(published_classes(table)),
            Folded(summary=f"All {len(columns)} columns", parts=columns),
            Folded(summary="The first rows", parts=[readable_table(table)]),
        ],
        data={
            "payload_digest": final.payload_digest,
            "same_as": same_as,
            "attacks": {name: dict(found) for name, found in attacks.items()},
        },
    )
