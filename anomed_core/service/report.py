"""The report of a challenge: ranking, all scores, and the sections that plugins add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from anomed_core.markup import table_html
from anomed_core.model import ReportSection, Score
from anomed_core.plugins import collected
from anomed_core.service.description import describe
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.kept_submissions import KeptSubmissions
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.ranking.table import RankingTable
from anomed_core.service.ranking.versions import newest_versions

log = structlog.get_logger(__name__)


def report_sections(hosted: HostedChallenge, store: KeptSubmissions) -> list[ReportSection]:
    """Return the sections of a challenge's report.

    Parameters
    ----------
    hosted
        The challenge.
    store
        Holds its scores and the submissions that were kept.

    Returns
    -------
    list of ReportSection
        The rankings, the house's results, then what the owner and extensions add. A section whose
        plugin fails says so.
    """
    found = newest_versions(store.ledger.scores(challenge=hosted.id))
    scores = tuple(score for score in found if not score.annulled)
    sections = [_ranking(table) for table in Rankings(store.ledger).tables(hosted, at_most=None)]
    attacks = {attack.name for attack in hosted.house_attacks}
    house = [score for score in scores if score.origin == "house" and score.label in attacks]
    if house:
        sections.append(_house(house))
    return sections + _plugins(hosted, scores, store)


def report_data(hosted: HostedChallenge, sections: Sequence[ReportSection]) -> dict[str, Any]:
    """Return a report as JSON values."""
    return {
        "challenge": describe(hosted, base=""),
        "sections": [{"title": section.title, "data": dict(section.data)} for section in sections],
    }


def _ranking(table: RankingTable) -> ReportSection:
    return ReportSection(
        title=f"Ranking: {table.title}",
        html=table_html(table.header, table.rows()),
        data={"ranking": table.as_dict()},
    )


def _house(scores: Sequence[Score]) -> ReportSection:
    rows = [
        [score.subject.anonymizer, score.label, name, _number(value)]
        for score in scores
        for name, value in score.metrics.items()
    ]
    return ReportSection(
        title="House attacks",
        html=table_html(["anonymizer", "attack", "metric", "value"], rows),
        data={"scores": [score.as_dict() for score in scores]},
    )


def _plugins(
    hosted: HostedChallenge, scores: tuple[Score, ...], store: KeptSubmissions
) -> list[ReportSection]:
    try:
        answers = hosted.registry.ask_each(
            hosted.challenge.type,
            "anomed_report",
            challenge=hosted.challenge,
            scores=scores,
            submission_of=lambda score: store.of_score(hosted, score),
        )
        return [
            section
            for _, answer in answers
            for section in collected([answer], ReportSection, "anomed_report")
        ]
    except Exception:
        log.exception("a report section failed", challenge=hosted.id)
        return [
            ReportSection(
                title="Missing", html="<p>A section could not be made; the log says why.</p>"
            )
        ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
