"""The organiser's pages: each button calls what its command calls, in the organiser's name."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import falcon

from anomed_core.errors import MalformedPayloadError, UsageError
from anomed_core.service.organising import Action, Done, Organising
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.desk import Desk, desk
from anomed_core.service.pages.desk_records import desk_records
from anomed_core.service.pages.desk_teams import desk_invitation, desk_teams
from anomed_core.service.score_files import as_csv, as_json_lines
from anomed_core.web.forms import (
    KEY,
    hidden_key,
    let_act,
    read_fields,
    read_upload_of_page,
    tell_after,
    told_before,
)
from anomed_core.web.pages.doors import see_other
from anomed_core.web.pages.page import Page, Place
from anomed_core.web.pages.showing import show, visit_of

Make = Callable[[Desk], Content]

_LARGEST_BYTES = 2**20
_WHAT = "organise"


@attrs.frozen
class DeskResource:
    """A page of the desk."""

    place: Place
    page: Page
    pages: tuple[Page, ...] = attrs.field(repr=False)
    make: Make

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show it, with what came of the last action."""
        organising = organising_of(req, self.place)
        said = told_before(req, resp, self.place.server)
        self.show(req, resp, organising, done=Done(said=said) if said else None)

    on_head = on_get

    def show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        organising: Organising,
        *,
        done: Done | None = None,
        problem: str = "",
        make: Make | None = None,
    ) -> None:
        """Answer with the page."""
        one = Desk(
            visit=visit_of(req, self.place),
            organising=organising,
            key=hidden_key(req, resp, self.place.server),
            done=done,
            problem=problem,
        )
        resp.set_header("Cache-Control", "private, no-store")
        content = (make or self.make)(one)
        show(req, resp, content, pages=self.pages, page=self.page, visit=one.visit)


@attrs.frozen
class ActionResource:
    """Where a button is sent."""

    desk: DeskResource
    action: Action

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Do it, and go back to the page; what is wrong is said on it."""
        place = self.desk.place
        fields = read_fields(req, place.server, largest_bytes=_LARGEST_BYTES)
        let_act(req, place.server, fields.pop(KEY, ""))
        organising = organising_of(req, place)
        try:
            done = self.action.done(organising, fields)
        except UsageError as error:
            resp.status = falcon.HTTP_422
            self.desk.show(req, resp, organising, problem=str(error))
            return
        if done.tokens:  # which are told this once, and must not lie in a cookie
            self.desk.show(req, resp, organising, done=done)
            return
        tell_after(req, resp, place.server, done.said)
        see_other(req, resp, f"{place.base}{self.desk.page.path}")


@attrs.frozen
class CheckResource:
    """``/organiser/check``: what a file of teams asks for; nothing is made of it yet."""

    desk: DeskResource

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show it, with a button that makes the tokens."""
        parts = read_upload_of_page(req, self.desk.place.server)
        organising = organising_of(req, self.desk.place)
        try:
            text = parts.get("file", b"").decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise MalformedPayloadError("Expected a CSV file in UTF-8.") from error
        try:
            wanted = organising.wanted(text)
            warnings = organising.warnings(wanted)
        except UsageError as error:
            resp.status = falcon.HTTP_422
            self.desk.show(req, resp, organising, problem=str(error))
            return

        def make(one: Desk) -> Content:
            return desk_invitation(one, text=text, wanted=wanted, warnings=warnings)

        self.desk.show(req, resp, organising, make=make)


@attrs.frozen
class ExportResource:
    """``/organiser/export``: every recorded score, as ``anomed scores export`` writes it."""

    place: Place

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send CSV, or one JSON document a line."""
        organising_of(req, self.place)
        rows = [
            score.as_dict()
            for score in self.place.server.ledger.scores(challenge=self.place.hosted.id)
        ]
        is_csv = req.get_param("format") != "jsonl"
        resp.content_type = "text/csv; charset=utf-8" if is_csv else "application/jsonl"
        ending = "csv" if is_csv else "jsonl"
        resp.downloadable_as = f"{self.place.hosted.id}-scores.{ending}"
        resp.set_header("Cache-Control", "private, no-store")
        resp.data = (as_csv(rows) if is_csv else as_json_lines(rows)).encode()

    on_head = on_get


def organising_of(req: falcon.Request, place: Place) -> Organising:
    """Return the organiser who asks.

    Raises
    ------
    NotAuthenticatedError, NotAllowedError
        If it is somebody else.
    """
    identity = req.context.identity
    name = place.server.authorizer.organiser(place.hosted, identity, _WHAT)
    return Organising(server=place.server, hosted=place.hosted, identity=identity, name=name)


PAGES_OF_ACTIONS: dict[str, tuple[str, ...]] = {
    "organiser": ("annul", "reevaluate", "grant"),
    "organiser-teams": ("disqualify", "reinstate", "rename", "revoke", "reissue", "invite"),
    "organiser-records": ("retry",),
}
"""Which buttons stand on which page."""

MAKES: dict[str, Make] = {
    "organiser": desk,
    "organiser-teams": desk_teams,
    "organiser-records": desk_records,
}
