"""The first pages of a server: ``/`` and ``/challenges``, and what pages load."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import falcon

from anomed_core.errors import UnknownResourceError
from anomed_core.report.site import assets
from anomed_core.service.pages.challenges import challenges
from anomed_core.service.pages.overview import overview
from anomed_core.web.documents import ALIVE, JSONResource, listed
from anomed_core.web.pages.negotiation import wants_html
from anomed_core.web.pages.page import Page, Place
from anomed_core.web.pages.showing import show, visit_of

_A_YEAR = "public, max-age=31536000, immutable"


@attrs.frozen
class FrontResource:
    """``GET /``: a message for programs; for browsers the challenge, or the list of them."""

    places: Mapping[str, Place]
    pages: tuple[Page, ...]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say that the server is alive."""
        if not wants_html(req):
            resp.set_header("Vary", "Accept")
            resp.content_type = falcon.MEDIA_JSON
            resp.data = ALIVE
            return
        alone = self.places.get("")
        if alone is None:
            _show_list(req, resp, self.places, self.pages, path="/")
            return
        visit = visit_of(req, alone)
        page = next(one for one in self.pages if one.name == "overview")
        canonical = f"{req.root_path}/challenges/{alone.hosted.id}"
        show(
            req,
            resp,
            overview(visit),
            pages=self.pages,
            page=page,
            visit=visit,
            canonical=canonical,
        )

    on_head = on_get


class ChallengesResource:
    """``GET /challenges``: the challenges of this server."""

    def __init__(self, places: Mapping[str, Place], pages: tuple[Page, ...]) -> None:
        self._places, self._pages = places, pages
        hosted = {place.hosted.id: place.hosted for place in places.values()}
        self._programs = JSONResource(lambda: listed(hosted))

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the list."""
        if not wants_html(req):
            resp.set_header("Vary", "Accept")
            self._programs.on_get(req, resp)
            return
        twins = [("JSON", f"{req.root_path}/challenges?format=json")]
        _show_list(req, resp, self._places, self._pages, path="/challenges", twins=twins)

    on_head = on_get


class AssetResource:
    """``GET /pages/assets/NAME``: what pages load; names change with the content."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Send the style sheet, the script or the icon."""
        known = assets().get(name)
        if known is None:
            raise UnknownResourceError(f"There is no {name[:80]!r} of pages.")
        resp.content_type, resp.data = known
        resp.set_header("Cache-Control", _A_YEAR)

    on_head = on_get


@attrs.frozen
class ImageResource:
    """``GET /pages/image``: the picture of a challenge."""

    place: Place

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Send it."""
        pages = self.place.hosted.pages
        if not pages.image:
            raise UnknownResourceError("This challenge has no picture.")
        resp.content_type, resp.data = pages.image_type, pages.image
        resp.set_header("Cache-Control", "public, max-age=3600")

    on_head = on_get


def _show_list(
    req: falcon.Request,
    resp: falcon.Response,
    places: Mapping[str, Place],
    pages: tuple[Page, ...],
    *,
    path: str,
    twins: list[tuple[str, str]] | None = None,
) -> None:
    page = next(one for one in pages if one.path == path)
    visits = [visit_of(req, place) for base, place in places.items() if base]
    show(req, resp, challenges(visits), pages=pages, page=page, twins=twins or [])
