"""All pages, in the order of the navigation: routes, tabs and tests are made of this one list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from anomed_core.model import Role
from anomed_core.service.pages.board import attack_board, has_targets
from anomed_core.service.pages.budgets import accounts, transcript
from anomed_core.service.pages.overview import overview
from anomed_core.service.pages.ranking import moment_of, ranking
from anomed_core.service.pages.score import score_page
from anomed_core.service.pages.team import team
from anomed_core.web.pages.entrance import ChallengesResource, FrontResource
from anomed_core.web.pages.page import EVERYBODY, PARTICIPANTS, PLAYERS, Page, Place
from anomed_core.web.pages.resource import Make, PageResource


def _page(make: Make, **facts: Any) -> Callable[[Place], PageResource]:
    """Return how the resource of a page is made, once the list of pages is there."""

    def resource(place: Place) -> PageResource:
        page = next(one for one in PAGES if one.make is resource)
        return PageResource(page=page, pages=PAGES, place=place, make=make, **facts)

    return resource


def _of_server(kind: Callable[..., Any]) -> Callable[[Mapping[str, Place]], Any]:
    return lambda places: kind(places, PAGES)


PAGES: tuple[Page, ...] = (
    Page(
        name="front",
        path="/",
        says="The only challenge of the server, or the list of all; programs are told that it is "
        "alive.",
        of_server=True,
        seen_by=EVERYBODY,
        make=_of_server(FrontResource),
    ),
    Page(
        name="challenges",
        path="/challenges",
        says="The challenges of the server, and what is open in each.",
        of_server=True,
        seen_by=EVERYBODY,
        make=_of_server(ChallengesResource),
    ),
    Page(
        name="overview",
        path="",
        says="What a challenge asks, when, of whom, and how to begin.",
        tab="Overview",
        seen_by=EVERYBODY,
        make=_page(overview),
    ),
    Page(
        name="ranking",
        path="/ranking",
        says="Who won, by what, and how places are given.",
        tab="Ranking",
        seen_by=EVERYBODY,
        make=_page(ranking, moment=moment_of),
    ),
    Page(
        name="score",
        path="/scores/{score_id:int}",
        says="A submission: its numbers, the attacks on it, and its place in the ledger.",
        belongs_to="ranking",
        seen_by=PARTICIPANTS,
        make=_page(score_page),
    ),
    Page(
        name="attacks",
        path="/attacks",
        says="Whom one may attack, with what, and one's own attacks.",
        tab="Attack board",
        seen_by=frozenset({Role.DEANONYMIZER, Role.ORGANISER}),
        is_there=has_targets,
        make=_page(attack_board),
    ),
    Page(
        name="team",
        path="/team",
        says="What one has sent, what is left, and when there is more.",
        tab="Your team",
        seen_by=PARTICIPANTS,
        is_there=lambda visit: bool(visit.players),
        make=_page(team),
    ),
    Page(
        name="accounts",
        path="/accounts",
        says="What one has left to ask with.",
        belongs_to="team",
        seen_by=PLAYERS,
        make=_page(accounts),
    ),
    Page(
        name="archive",
        path="/archive",
        says="What one has asked in paid calls, and was answered.",
        belongs_to="team",
        seen_by=PARTICIPANTS,
        make=_page(transcript),
    ),
)
"""The one list."""


def challenge_pages(place: Place) -> dict[str, Any]:
    """Return what answers at the pages of a challenge, by path below it."""
    return {page.path: page.make(place) for page in PAGES if not page.of_server}


def server_pages(places: Mapping[str, Place]) -> dict[str, Any]:
    """Return what answers at the pages of the server, by path.

    Parameters
    ----------
    places
        Challenges by the URL path below which they are mounted.
    """
    return {page.path: page.make(places) for page in PAGES if page.of_server}
