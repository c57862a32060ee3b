"""The page of a ranking: who wins, by what, and how far that is from useful."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import quote

import attrs
from markupsafe import Markup

from anomed_core.model import Direction, Split, Take
from anomed_core.report import (
    Chart,
    Columns,
    Drawing,
    Listing,
    Section,
    Standing,
    rendered,
    utility_risk_chart,
    when,
)
from anomed_core.report.standings import Standings
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.figures import Order
from anomed_core.service.pages.standing import Told, standings, told
from anomed_core.service.pages.visit import Visit
from anomed_core.service.pages.winning import how_places_are_given
from anomed_core.service.ranking.rules import State
from anomed_core.service.ranking.table import RankingTable
from anomed_core.service.ranking.telling import column_names

_NUMBERS = (
    *("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"),
    *("Eleven", "Twelve"),
)
_MOST_LINKED = 100
"""Points of the figure that are links: a thousand of them make a third of a megabyte."""


@attrs.frozen(kw_only=True)
class _Made:
    """What a ranking's page is made of, the same for whoever may see it."""

    table: RankingTable
    standings: Standings
    charts: tuple[Order, ...]
    n_ranked: int


def moment_seen(visit: Visit) -> str:
    """Return text that changes with a ranking's page, if it is shown to the visitor.

    Raises
    ------
    NotAllowedError, NotAuthenticatedError
        If it is not.
    """
    _let_see(visit)
    return visit.ranking_moment


def ranking(visit: Visit) -> Content:
    """Return a ranking, as far as it is shown to the visitor.

    Raises
    ------
    NotAllowedError, NotAuthenticatedError
        If it is not.
    UnknownResourceError
        If there is no such ranking.
    """
    split = _let_see(visit)
    at = visit.ranking_moment
    name = visit.query.get("name", "") or visit.hosted.rankings[0].ranking.name
    key = ("ranking", visit.hosted.id, at, name, _sort(visit, name), split)
    kept = visit.server.kept_pages
    made: _Made = kept.get(key, lambda: _make(visit, name, _sort(visit, name), split))
    drawings = [visit.server.figures.drawing_of(chart) for chart in made.charts]
    is_finished = all(drawing.svg or drawing.failed for drawing in drawings)
    others = _others(visit, name, split)
    body = kept.get(
        (*key, is_finished, tuple(others)),
        lambda: rendered(_parts(visit, made, drawings, others)).encode(),
    )
    return Content(
        title="Ranking" if len(visit.hosted.rankings) == 1 else f"Ranking: {made.table.title}",
        lead=_lead(visit, made, split),
        drawn=made.standings.marked_in(body, [grant.holder for grant in visit.players]),
        position=visit.server.numbers.tag(f"{at} {is_finished}")[:16],
        here="Ranking",
        is_finished=is_finished,
    )


def _sort(visit: Visit, name: str) -> str:
    """Return by which column the visitor wants the rows; empty if there is none of that name."""
    sort = visit.query.get("sort", "")
    columns = [
        column
        for resolved in visit.hosted.rankings
        if resolved.ranking.name == name
        for column in column_names(resolved)
    ]
    return sort if sort.removeprefix("-") in columns else ""


def _parts(
    visit: Visit, made: _Made, drawings: Sequence[Drawing], others: Sequence[object]
) -> list[object]:
    """Return what stands below the lead, the same for whoever may see it."""
    rules = [*how_places_are_given(visit, made.table.name), *others]
    right = [Section(title="How places are given", parts=rules, anchor="places")]
    left = [Section(title="Utility against risk", parts=drawings)] if drawings else []
    sides = [left, right] if left else [right]
    return [_ways(made.table), made.standings, Columns(sides)]


def _let_see(visit: Visit) -> Split:
    """Return which scores are ranked, if the visitor may see them."""
    split = Split.TUNING if visit.query.get("split") == Split.TUNING else Split.VALIDATION
    visit.server.authorizer.may_rank(
        visit.hosted, visit.identity, shown_from=visit.shown_from(), split=split
    )
    return split


def _make(visit: Visit, name: str, sort: str, split: Split) -> _Made:
    (read,) = told(visit, name=name, split=split)
    link = f"?name={quote(name)}&split={split.value}"
    return _Made(
        table=read.table,
        n_ranked=sum(entry.state is State.RANKED for entry in read.table.entries),
        standings=standings(visit, read, sort=sort, link=link),
        charts=tuple(
            Order.of(chart, f"trade-{number}") for number, chart in enumerate(_trade(visit, read))
        ),
    )


def _ways(table: RankingTable) -> Markup:
    what = "Finals." if table.split == Split.VALIDATION else "Newest tuning scores: no places."
    return Markup(
        '<p class="ways">{} <a href="{}">Reload</a> <a href="#places">How places are given</a></p>'
    ).format(what, _address(table))


def _address(table: RankingTable) -> str:
    return f"?name={quote(table.name)}&split={table.split}"


def _lead(visit: Visit, made: _Made, split: Split) -> Markup | str:
    table, n_ranked = made.table, made.n_ranked
    if split is Split.TUNING:
        return "The newest tuning score of each participant. Tuning attempts have no places."
    closes = visit.closes
    if not table.n_entries:
        return Markup("Nobody has sent a final yet.{}").format(
            Markup(" Finals are open until {}.").format(when(closes)) if closes else ""
        )
    number = _NUMBERS[n_ranked] if n_ranked < len(_NUMBERS) else f"{n_ranked:,}"
    verb = "entry is" if n_ranked == 1 else "entries are"
    by = table.columns[0].name if table.columns else "nothing"
    said = f"{number} {verb} ranked by {by}."
    if closes is None:
        return said
    if visit.now < closes:
        return Markup("{} The ranking is provisional until {}.").format(said, when(closes))
    return Markup("{} Finals are closed since {}.").format(said, when(closes))


def _others(visit: Visit, name: str, split: Split) -> list[object]:
    links = [
        Markup('<a href="?name={}">{}</a>').format(
            quote(resolved.ranking.name), resolved.ranking.title or resolved.ranking.name
        )
        for resolved in visit.hosted.rankings
        if resolved.ranking.name != name or split is Split.TUNING
    ]
    if split is Split.VALIDATION and visit.may_rank(Split.TUNING):
        tuning = f"?name={quote(name)}&split={Split.TUNING.value}"
        links.append(Markup('<a href="{}">Tuning attempts</a> (no places)').format(tuning))
    return [Section(title="Other rankings", parts=[Listing(items=links)])] if links else []


def _trade(visit: Visit, read: Told) -> list[Chart]:
    """Draw the entries' own first criterion against the worst attack, where both are known."""
    table = read.table
    risk = next((column for column in table.columns if column.take == Take.WORST), None)
    utility = next((column for column in table.columns if column.take == Take.FINAL), None)
    if risk is None or utility is None or risk.direction != Direction.LOWER:
        return []
    points = [
        Standing(
            name=_short(table, entry.anonymizer, entry.place, is_house=entry.state is State.HOUSE),
            utility=_known(entry.values[utility.name]),
            risk=_known(entry.values[risk.name]),
            is_house=entry.state is State.HOUSE,
            is_gated=entry.state is State.GATED,
            link=f"scores/{visit.told(entry.score_id)}"
            if entry.score_id is not None and number < _MOST_LINKED
            else "",
        )
        for number, entry in enumerate(table.entries)
        if entry.state in {State.RANKED, State.GATED, State.HOUSE}
    ]
    if not any(math.isfinite(one.utility + one.risk) for one in points):
        return []
    gates = _gates(visit, table)
    return [
        utility_risk_chart(
            points,
            utility=utility.name,
            risk=risk.name,
            gate=gates.get(utility.metric),
            more_is_useful=utility.direction == Direction.HIGHER,
        )
    ]


def _short(table: RankingTable, name: str, place: int | None, *, is_house: bool) -> str:
    """Return what stands at a point: places, as names have their column in the table."""
    if is_house:
        return name
    return f"place {place}" if place else table.shown(name)


def _gates(visit: Visit, table: RankingTable) -> dict[str, float]:
    return {
        gate.metric: gate.at_least
        for resolved in visit.hosted.rankings
        if resolved.ranking.name == table.name
        for gate, _ in resolved.gates
        if gate.at_least is not None and not gate.house_attack
    }


def _known(value: float | None) -> float:
    return math.nan if value is None else value


@attrs.frozen(kw_only=True)
class Best:
    """The head of the first ranking.

    Attributes
    ----------
    n_ranked, of
        How many have a place, and of how many entries.
    name, value
        Who is first, and by what; empty if nobody is.
    """

    n_ranked: int
    of: str
    name: str = ""
    value: str = ""


def best_so_far(visit: Visit) -> Best | None:
    """Return the head of the first ranking, if it is shown to the visitor."""
    if not visit.may_rank() or not visit.hosted.rankings:
        return None
    key = ("best", visit.hosted.id, visit.ranking_moment)
    return visit.server.kept_pages.get(key, lambda: _best(visit))


def _best(visit: Visit) -> Best:
    name = visit.hosted.rankings[0].ranking.name
    (table,) = visit.server.rankings.tables(visit.hosted, name=name)
    ranked = [entry for entry in table.entries if entry.state is State.RANKED]
    of = f"of {table.n_entries:,} entries"
    if not ranked:
        return Best(n_ranked=0, of=of)
    column, entry = table.columns[0], ranked[0]
    value = _known(entry.values[column.name])
    return Best(
        n_ranked=len(ranked),
        of=of,
        name=table.shown(entry.anonymizer or entry.deanonymizer),
        value=f"{column.name} {value:.{column.digits}f}",
    )
