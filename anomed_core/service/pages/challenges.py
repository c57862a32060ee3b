"""The page of a server: its challenges, and what is open in each."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from anomed_core.report import Cell, Table
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.timeline import now_open
from anomed_core.service.pages.visit import Visit


def challenges(visits: Iterable[Visit]) -> Content:
    """Return the challenges of a server.

    Parameters
    ----------
    visits
        The visitor at each challenge.
    """
    visits = tuple(visits)
    n_all = len(visits)
    lead = "One challenge is served here." if n_all == 1 else f"{n_all} challenges are served here."
    table = Table(
        caption="Challenges of this server",
        head=("challenge", "now open", "type", "ranking"),
        rows=[_row(visit) for visit in visits],
        folds=True,
    )
    return Content(title="Challenges", lead=lead, parts=[table])


def _row(visit: Visit) -> tuple[str | Cell, ...]:
    challenge = visit.hosted.challenge
    title = Markup('<a href="{}"><bdi>{}</bdi></a>').format(visit.at(""), challenge.title)
    stage = now_open(visit)
    ranking: str = Markup('<a href="{}">Ranking</a>').format(visit.at("/ranking"))
    if not visit.may_rank():
        ranking = "not shown yet" if visit.shown_from() else "not shown to you"
    return (
        Cell(text=title, notes=[_first_line(challenge.description)]),
        Cell(text=stage.name, notes=[stage.until] if stage.until else []),
        challenge.type,
        ranking,
    )


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]
