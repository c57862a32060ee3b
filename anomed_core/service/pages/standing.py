"""A ranking as rows of a page: groups by state, intervals of deciding attacks, what is annulled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import attrs

from anomed_core.model import Metric, Role, Score, Split, Take
from anomed_core.report import Cell, day_of
from anomed_core.report.standings import Column, Group, Row, Standings
from anomed_core.report.wording import between
from anomed_core.service.pages.visit import Visit
from anomed_core.service.ranking.rules import State
from anomed_core.service.ranking.table import RankingColumn, RankingEntry, RankingTable

Recorded = Mapping[int, tuple[dict[str, float], datetime]]

_HEADS = {
    State.RANKED: "",
    State.NOT_ATTACKED: "Not attacked yet: a place needs an attack.",
    State.GATED: "Below a gate: no place, however private.",
    State.INCOMPLETE: "Without a number that the ranking needs.",
    State.HOUSE: "Entries of the house, for comparison.",
}
_CHIPS = {
    State.GATED: "gate",
    State.HOUSE: "house",
    State.INCOMPLETE: "bad",
    State.NOT_ATTACKED: "",
}


@attrs.frozen(kw_only=True)
class Told:
    """A ranking with what a page needs besides.

    Attributes
    ----------
    table
        The ranking; numbers of scores are the ledger's.
    recorded
        Metrics and times of its finals and deciding attacks, by number.
    annulled
        Finals that do not count any more.
    """

    table: RankingTable
    recorded: Recorded
    annulled: Sequence[Score]


def told(visit: Visit, *, name: str, split: Split) -> list[Told]:
    """Read rankings, and what a page needs besides."""
    server, hosted = visit.server, visit.hosted
    tables = server.rankings.tables(hosted, name=name, split=split)
    with server.ledger.at_one_moment() as now:
        return [
            Told(
                table=table,
                recorded=now.recorded(_numbers(table)),
                annulled=now.annulled(hosted.id, table.kind) if split is Split.VALIDATION else (),
            )
            for table in tables
        ]


def _numbers(table: RankingTable) -> set[int]:
    finals = {entry.score_id for entry in table.entries if entry.score_id is not None}
    return finals | {entry.worst.score_id for entry in table.entries if entry.worst is not None}


def standings(visit: Visit, ranking: Told, *, sort: str, link: str) -> Standings:
    """Return a ranking as a table.

    Parameters
    ----------
    visit
        For how scores are numbered; whoever looks sees the same rows.
    ranking
        See `told`.
    sort
        Name of the column that orders the rows within their groups, with a minus for the other
        way round; empty for the order of the ranking.
    link
        Begins the addresses that sort otherwise.
    """
    table = ranking.table
    shared = Counter(entry.place for entry in table.entries)
    limits = _limits(visit, table)
    year = visit.server.ledger.now().year
    groups = []
    for state in State:
        entries = _sorted([e for e in table.entries if e.state is state], table, sort)
        rows = [_row(visit, ranking, entry, limits, shared, year) for entry in entries]
        groups.append(Group(title=_HEADS[state], rows=tuple(rows)))
    groups.append(_annulled(visit, ranking, year))
    columns = _columns(table, sort, link)
    ranked = [row for group in groups[:1] for row in group.rows]
    spans = tuple(_span(ranked, n) for n in range(len(columns)))
    return Standings(
        label=f"Ranking {table.title}",
        caption=_caption(table, ranking, spans),
        columns=columns,
        groups=tuple(groups),
        spans=spans,
        who=_role_of(visit, table).value.capitalize(),
    ).drawn()


def _role_of(visit: Visit, table: RankingTable) -> Role:
    return visit.hosted.kind(table.kind).submitter


def _columns(table: RankingTable, sort: str, link: str) -> tuple[Column, ...]:
    chosen = sort.removeprefix("-") or (table.columns[0].name if table.columns else "")
    columns = []
    for column in table.columns:
        best_first = "descending" if column.direction == "higher" else "ascending"
        other = "ascending" if best_first == "descending" else "descending"
        way = other if sort.startswith("-") else best_first
        target = (
            f"-{column.name}"
            if chosen == column.name and not sort.startswith("-")
            else (column.name)
        )
        columns.append(
            Column(
                title=column.name,
                href=f"{link}&sort={quote(target)}",
                sorted=way if chosen == column.name else "",
                is_number=column.take != Take.WORST,
                wide=column.take == Take.WORST,
            )
        )
    has_worst = any(column.take == Take.WORST for column in table.columns)
    decided = [Column(title="Decided by", wide=True)] if has_worst else []
    return (*columns, *decided, Column(title="Sent, UTC", is_number=True))


def _sorted(
    entries: Sequence[RankingEntry], table: RankingTable, sort: str
) -> Sequence[RankingEntry]:
    column = next((one for one in table.columns if one.name == sort.removeprefix("-")), None)
    if column is None:
        return entries
    reverse = (column.direction == "higher") != sort.startswith("-")
    known = [entry for entry in entries if entry.values[column.name] is not None]
    missing = [entry for entry in entries if entry.values[column.name] is None]
    return [*sorted(known, key=lambda e: e.values[column.name] or 0.0, reverse=reverse), *missing]


def _row(
    visit: Visit,
    ranking: Told,
    entry: RankingEntry,
    limits: Mapping[str, Metric],
    shared: Mapping[int | None, int],
    year: int,
) -> Row:
    table = ranking.table
    place = "\u2013"
    if entry.place is not None:
        place = f"{entry.place}{'=' if shared[entry.place] > 1 else ''}"
    role = _role_of(visit, table)
    who = entry.deanonymizer if role is Role.DEANONYMIZER else entry.anonymizer
    cells: list[str | Cell] = [
        _value(ranking, entry, column, limits.get(column.name)) for column in table.columns
    ]
    if any(column.take == Take.WORST for column in table.columns):
        cells.append(_decided(ranking, entry))
    when = ranking.recorded.get(entry.score_id or 0)
    cells.append(day_of(when[1], year=year) if when else "")
    chips = [(_CHIPS[entry.state], label) for label in entry.labels if entry.state in _CHIPS]
    return Row(
        place=place,
        name=table.shown(who) if entry.state is not State.HOUSE else who,
        href=f"scores/{visit.told(entry.score_id)}" if entry.score_id is not None else "",
        chips=[chip for chip in chips if entry.state is not State.NOT_ATTACKED],
        cells=cells,
        whose=[entry.anonymizer if role is Role.ANONYMIZER else entry.deanonymizer],
    )


def _value(
    ranking: Told, entry: RankingEntry, column: RankingColumn, metric: Metric | None
) -> str | Cell:
    value = entry.values[column.name]
    if value is None:
        is_waiting = column.take == Take.WORST and entry.state is not State.INCOMPLETE
        return Cell(text="not attacked yet" if is_waiting else "missing", tone="muted")
    text = f"{value:.{column.digits}f}"
    number = entry.worst.score_id if column.take == Take.WORST and entry.worst else entry.score_id
    facts = ranking.recorded.get(number or 0)
    if metric is None or metric.limits is None or facts is None:
        return text
    low, high, mark = (facts[0].get(one) for one in (*metric.limits, metric.name))
    if low is None or high is None or mark is None:
        return text
    notes = [between(low, high)]
    if metric.name != column.metric:
        notes = [f"{metric.name} {mark:.{column.digits}f}, {between(low, high)}"]
    return Cell(text=text, notes=notes, low=low, high=high, value=mark)


def _limits(visit: Visit, table: RankingTable) -> dict[str, Metric]:
    """Return the metric that a column, or whose limit it, is, where it has limits."""
    hosted = visit.hosted
    declared = [m for metrics in hosted.metrics.values() for m in metrics]
    declared += [m for attack in hosted.house_attacks for m in attack.metrics]
    found: dict[str, Metric] = {}
    for column in table.columns:
        for metric in declared:
            names = (metric.name, *(metric.limits or ()))
            if metric.limits is not None and column.metric in names:
                found.setdefault(column.name, metric)
    return found


def _decided(ranking: Told, entry: RankingEntry) -> str | Cell:
    if entry.worst is None:
        return ""
    attack = entry.worst
    who = "the house" if attack.is_house else ranking.table.shown(attack.name)
    n_attacks = f"{entry.n_attacks} attack{'s' if entry.n_attacks != 1 else ''}"
    if attack.is_house:
        return Cell(text=attack.name, notes=[f"{who}; {n_attacks}"])
    return Cell(text=who, notes=[n_attacks])


def _annulled(visit: Visit, ranking: Told, year: int) -> Group:
    role = _role_of(visit, ranking.table)
    n_columns = len(_columns(ranking.table, "", ""))
    rows = []
    for score in ranking.annulled:
        who = score.subject.deanonymizer if role is Role.DEANONYMIZER else score.subject.anonymizer
        blank = [""] * (n_columns - 2)
        sent = day_of(score.recorded_at, year=year)
        rows.append(
            Row(
                place="\u2013",
                name=ranking.table.shown(who),
                href=f"scores/{visit.told(score.id)}",
                chips=[("bad", "annulled")],
                cells=[Cell(text=score.annulled), *blank, sent],
                whose=[who],
            )
        )
    return Group(title="Annulled by the organiser.", rows=tuple(rows))


def _span(rows: Sequence[Row], column: int) -> tuple[float, float] | None:
    """Return the scale of a column's bars, of the ranked rows alone."""
    ends: list[Any] = [
        end for row in rows for end in (row.cells[column].low, row.cells[column].high) if end
    ]
    if not ends:
        has_bars = any(row.cells[column].low is not None for row in rows)
        return (0.0, 1.0) if has_bars else None
    low, high = min([0.0, *ends]), max(ends)
    return low, high if high > low else low + 1.0


def _caption(
    table: RankingTable, ranking: Told, spans: Sequence[tuple[float, float] | None]
) -> str:
    states = Counter(entry.state for entry in table.entries if entry.state is not State.HOUSE)
    words = [
        (states[State.RANKED], "ranked"),
        (states[State.NOT_ATTACKED], "not attacked yet"),
        (states[State.GATED], "below a gate"),
        (states[State.INCOMPLETE], "without a number"),
        (len(ranking.annulled), "annulled"),
    ]
    n_all = table.n_entries + len(ranking.annulled)
    n_told = sum(states.values()) + len(ranking.annulled)
    parts = ", ".join(f"{n} {word}" for n, word in words if n)
    said = f"{n_all} {'entry' if n_all == 1 else 'entries'}: {parts}." if n_all else ""
    if n_told < n_all:
        said = f"The first {n_told} of {n_all} entries: {parts}."
    bars = next((span for span in spans if span is not None), None)
    if bars is not None:
        said += f" Bars show 95 % intervals, from {bars[0]:g} to {bars[1]:.3g}."
    shared = any(n > 1 for place, n in Counter(e.place for e in table.entries).items() if place)
    return said + (" 2= is a shared place." if shared else "")
