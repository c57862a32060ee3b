"""All pages, in the order of the navigation: routes, tabs and tests are made of this one list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from anomed_core.model import Role
from anomed_core.service.organising import ACTIONS, Action
from anomed_core.service.pages.board import attack_board, has_targets
from anomed_core.service.pages.budgets import accounts, transcript
from anomed_core.service.pages.findings import findings
from anomed_core.service.pages.overview import overview
from anomed_core.service.pages.ranking import moment_seen, ranking
from anomed_core.service.pages.score import score_page
from anomed_core.service.pages.team import team
from anomed_core.web.pages.desk import (
    MAKES,
    PAGES_OF_ACTIONS,
    ActionResource,
    CheckResource,
    DeskResource,
    ExportResource,
)
from anomed_core.web.pages.device import DeviceResource
from anomed_core.web.pages.doors import CodeResource, SignInResource, SignOutResource
from anomed_core.web.pages.entrance import ChallengesResource, FrontResource
from anomed_core.web.pages.job import JobPage
from anomed_core.web.pages.page import (
    EVERYBODY,
    ORGANISERS,
    PARTICIPANTS,
    PLAYERS,
    Form,
    Page,
    Place,
)
from anomed_core.web.pages.resource import Make, PageResource
from anomed_core.web.pages.submit import SubmitResource


def _page(make: Make, **facts: Any) -> Callable[[Place], PageResource]:
    """Return how the resource of a page is made, once the list of pages is there."""

    def resource(place: Place) -> PageResource:
        page = next(one for one in PAGES if one.make is resource)
        return PageResource(page=page, pages=PAGES, place=place, make=make, **facts)

    return resource


def _of_server(kind: Callable[..., Any]) -> Callable[[Mapping[str, Place]], Any]:
    return lambda places: kind(places, PAGES)


def _named(name: str, kind: Callable[..., Any], *more: Any) -> Callable[[Place], Any]:
    """Return how a resource is made that is told its place, its page and all pages."""
    return lambda place: kind(place, page_named(name), PAGES, *more)


def page_named(name: str) -> Page:
    """Return the page of a name."""
    return next(page for page in PAGES if page.name == name)


def _desk(name: str) -> Callable[[Place], Any]:
    return _named(name, DeskResource, MAKES[name])


def _buttons(name: str) -> tuple[Form, ...]:
    return tuple(
        Form(
            path=f"/organiser/{action.name}",
            name=action.word,
            sent_by=ORGANISERS,
            make=_button(name, action),
        )
        for action in ACTIONS
        if action.name in PAGES_OF_ACTIONS[name]
    )


def _button(name: str, action: Action) -> Callable[[Page, Place], ActionResource]:
    return lambda page, place: ActionResource(DeskResource(place, page, PAGES, MAKES[name]), action)


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
        make=_page(ranking, moment=moment_seen),
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
        name="findings",
        path="/findings",
        says="What the challenge type and extensions find in all scores, as in the report.",
        tab="Findings",
        seen_by=ORGANISERS,
        is_there=lambda visit: visit.is_organiser,
        for_browsers=True,
        make=_page(findings),
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
    Page(
        name="submit",
        for_browsers=True,
        path="/submit",
        says="A form that takes files, with the same refusals as for programs.",
        tab="Submit",
        seen_by=PARTICIPANTS,
        is_there=lambda visit: bool(visit.players),
        forms=(Form(path="/submit", name="Submit", sent_by=PLAYERS),),
        make=_named("submit", SubmitResource),
    ),
    Page(
        name="job",
        path="/jobs/{job_id}",
        says="How far a job of one's own is.",
        belongs_to="submit",
        seen_by=PLAYERS,
        make=_named("job", JobPage),
    ),
    Page(
        name="device",
        path="/device",
        says="Where somebody with a token lets a device in that cannot show pages.",
        seen_by=EVERYBODY,
        forms=(Form(path="/device", name="Let it in", sent_by=PARTICIPANTS),),
        make=_named("device", DeviceResource),
    ),
    Page(
        name="organiser",
        for_browsers=True,
        path="/organiser",
        says="What needs the organiser, all submissions, and what can be done about them.",
        tab="Organiser's desk",
        seen_by=ORGANISERS,
        is_there=lambda visit: visit.is_organiser,
        forms=_buttons("organiser"),
        make=_desk("organiser"),
    ),
    Page(
        name="organiser-teams",
        for_browsers=True,
        path="/organiser/teams",
        says="Teams, their ids and tokens; invitations by a CSV file.",
        belongs_to="organiser",
        seen_by=ORGANISERS,
        forms=(
            *_buttons("organiser-teams"),
            Form(
                path="/organiser/check",
                name="Check the file",
                sent_by=ORGANISERS,
                make=lambda page, place: CheckResource(
                    DeskResource(place, page, PAGES, MAKES["organiser-teams"])
                ),
            ),
        ),
        make=_desk("organiser-teams"),
    ),
    Page(
        name="organiser-records",
        for_browsers=True,
        path="/organiser/records",
        says="Phases, deliveries, storage, health, and the audit trail.",
        belongs_to="organiser",
        seen_by=ORGANISERS,
        forms=_buttons("organiser-records"),
        make=_desk("organiser-records"),
    ),
    Page(
        name="export",
        for_browsers=True,
        path="/organiser/export",
        says="Every recorded score with every metric, as CSV or JSON lines.",
        belongs_to="organiser",
        seen_by=ORGANISERS,
        make=ExportResource,
    ),
    Page(
        name="sign-in",
        for_browsers=True,
        path="/sign-in",
        says="One field for a token, or for a name where names are believed.",
        of_server=True,
        seen_by=EVERYBODY,
        forms=(Form(path="/sign-in", name="Sign in", sent_by=EVERYBODY),),
        make=_of_server(SignInResource),
    ),
    Page(
        name="sign-in-code",
        for_browsers=True,
        path="/sign-in/code",
        says="A code that somebody who has the token types at /device to let this browser in.",
        of_server=True,
        seen_by=EVERYBODY,
        forms=(Form(path="/sign-in/code", name="Show a code", sent_by=EVERYBODY),),
        make=_of_server(CodeResource),
    ),
    Page(
        name="sign-out",
        for_browsers=True,
        path="/sign-out",
        says="One button.",
        of_server=True,
        seen_by=EVERYBODY,
        forms=(Form(path="/sign-out", name="Sign out", sent_by=EVERYBODY),),
        make=_of_server(SignOutResource),
    ),
)
"""The one list."""


def challenge_pages(place: Place) -> dict[str, Any]:
    """Return what answers at the pages of a challenge, by path below it."""
    return _resources(place, of_server=False)


def server_pages(places: Mapping[str, Place]) -> dict[str, Any]:
    """Return what answers at the pages of the server, by path.

    Parameters
    ----------
    places
        Challenges by the URL path below which they are mounted.
    """
    return _resources(places, of_server=True)


def _resources(where: Any, *, of_server: bool) -> dict[str, Any]:
    chosen = [page for page in PAGES if page.of_server is of_server]
    forms = {
        form.path: form.make(page, where)
        for page in chosen
        for form in page.forms
        if form.make is not None
    }
    return forms | {page.path: page.make(where) for page in chosen}
