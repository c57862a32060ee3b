"""The report of a challenge: ranking, all scores, and the sections that plugins add."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from markupsafe import Markup

from anomed_core.model import Direction, ReportSection, Score, Take
from anomed_core.plugins import collected
from anomed_core.plugins.diagnosis import Implementation
from anomed_core.report import Chart, Folded, Section, Standing, Table, utility_risk_chart
from anomed_core.service.description import describe
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.kept_submissions import KeptSubmissions
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.ranking.rules import State
from anomed_core.service.ranking.table import RankingTable
from anomed_core.service.ranking.versions import newest_versions

log = structlog.get_logger(__name__)

REPORT = "anomed_report"


def report_sections(
    hosted: HostedChallenge, store: KeptSubmissions, *, n_outstanding: int = 0
) -> list[ReportSection]:
    """Return the sections of a challenge's report.

    Parameters
    ----------
    hosted
        The challenge.
    store
        Holds its scores and the submissions that were kept.
    n_outstanding
        Attacks of the house on finals that have not run yet.

    Returns
    -------
    list of ReportSection
        What is outstanding, the rankings, what the owner and extensions add, then the house's
        results, folded. A section whose plugin fails says so.
    """
    tables = Rankings(store.ledger).tables(hosted, at_most=None)
    sections = [_outstanding(n_outstanding)] if n_outstanding else []
    sections += [_ranking(table, _gates(hosted, table)) for table in tables]
    return sections + added_sections(hosted, store)


def added_sections(hosted: HostedChallenge, store: KeptSubmissions) -> list[ReportSection]:
    """Return what the owner and extensions add to a report, then the house's results, folded.

    Parameters
    ----------
    hosted
        The challenge.
    store
        Holds its scores and the submissions that were kept.
    """
    newest = newest_versions(store.ledger.scores(challenge=hosted.id))
    with store.ledger.at_one_moment() as now:
        names, out = now.names(hosted.id), now.disqualified(hosted.id)
    counting = (score for score in newest if not score.annulled)
    scores = tuple(score for score in counting if not score.subject.is_among(out))
    sections: list[ReportSection] = []
    for report in hosted.registry.implementations(REPORT, hosted.challenge.type):
        sections += _made(hosted, report, scores, store)
    attacks = {attack.name for attack in hosted.house_attacks}
    house = [score for score in scores if score.origin == "house" and score.label in attacks]
    if house:
        sections.append(_house(house, names))
    return sections


def page_parts(sections: Sequence[ReportSection]) -> list[Section]:
    """Return the sections of a report as parts of a page."""
    return [
        Section(
            title=section.title,
            parts=[*([Markup(section.html)] if section.html else []), *section.parts],  # noqa: S704  # owed by plugins
        )
        for section in sections
    ]


def report_data(hosted: HostedChallenge, sections: Sequence[ReportSection]) -> dict[str, Any]:
    """Return a report as JSON values."""
    return {
        "challenge": describe(hosted, base=""),
        "sections": [{"title": section.title, "data": dict(section.data)} for section in sections],
    }


def _outstanding(n: int) -> ReportSection:
    return ReportSection(
        title="Outstanding",
        parts=[f"Attacks of the house on finals that have not run yet: {n}. Rankings may change."],
        data={"n_outstanding": n},
    )


def _ranking(table: RankingTable, gates: Mapping[str, float]) -> ReportSection:
    head, entries = table.cells()
    rows = Table(head=head, rows=entries, empty="No final yet.", folds=True)
    return ReportSection(
        title=f"Ranking: {table.title}",
        parts=[rows, *_trade(table, gates)],
        data={"ranking": table.as_dict()},
    )


def _gates(hosted: HostedChallenge, table: RankingTable) -> dict[str, float]:
    """Return what an entry's own metrics must reach."""
    return {
        gate.metric: gate.at_least
        for resolved in hosted.rankings
        if resolved.ranking.name == table.name
        for gate, _ in resolved.gates
        if gate.at_least is not None and not gate.house_attack
    }


def _trade(table: RankingTable, gates: Mapping[str, float]) -> list[Chart]:
    """Draw the entries' own first criterion against the worst attack, where both are known."""
    risk = next((column for column in table.columns if column.take == Take.WORST), None)
    utility = next((column for column in table.columns if column.take == Take.FINAL), None)
    if risk is None or utility is None or risk.direction != Direction.LOWER:
        return []
    standings = [
        Standing(
            name=table.shown(entry.anonymizer),
            utility=_known(entry.values[utility.name]),
            risk=_known(entry.values[risk.name]),
            is_house=entry.state is State.HOUSE,
            is_gated=entry.state is State.GATED,
        )
        for entry in table.entries
    ]
    if not any(math.isfinite(one.utility + one.risk) for one in standings):
        return []
    return [
        utility_risk_chart(
            standings,
            utility=utility.name,
            risk=risk.name,
            gate=gates.get(utility.metric),
            more_is_useful=utility.direction == Direction.HIGHER,
        )
    ]


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def _house(scores: Sequence[Score], names: Mapping[str, str]) -> ReportSection:
    rows = [
        [names.get(who, who), score.label, name, _number(value)]
        for score in scores
        for who in [score.subject.anonymizer]
        for name, value in score.metrics.items()
    ]
    table = Table(head=["anonymizer", "attack", "metric", "value"], rows=rows)
    return ReportSection(
        title="House attacks",
        parts=[Folded(summary=f"All {len(rows)} metrics of the house's attacks", parts=[table])],
        data={"scores": [score.as_dict() for score in scores]},
    )


def sections_of(
    hosted: HostedChallenge,
    report: Implementation,
    scores: Iterable[Score],
    store: KeptSubmissions,
) -> list[ReportSection]:
    """Return the sections that one plugin adds, about the scores whose kinds it can know.

    Parameters
    ----------
    hosted
        The challenge.
    report
        The plugin's implementation of ``anomed_report``.
    scores
        Oldest first.
    store
        Holds what was submitted.

    Raises
    ------
    ContractError
        If it returns anything else than sections.
    Exception
        Whatever it raises.
    """
    answer = report(
        challenge=hosted.challenge,
        scores=tuple(s for s in scores if hosted.knows(report.plugin_name, s.kind)),
        submission_of=lambda score: store.of_score(hosted, score),
    )
    return collected([] if answer is None else [answer], ReportSection, REPORT)


def _made(
    hosted: HostedChallenge,
    report: Implementation,
    scores: Iterable[Score],
    store: KeptSubmissions,
) -> list[ReportSection]:
    try:
        return sections_of(hosted, report, scores, store)
    except Exception:
        log.exception("a report section failed", challenge=hosted.id, plugin=report.plugin_name)
        words = "A section could not be made; the log says why."
        return [ReportSection(title="Missing", parts=[words])]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
