"""Refusals as pages, for browsers: the sentence that programs get, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import falcon
from markupsafe import Markup

from anomed_core.model import Refusal
from anomed_core.report import Notice, with_moments
from anomed_core.service.pages.content import Content
from anomed_core.web.foreign_protocols import ForeignProtocols
from anomed_core.web.pages.negotiation import wants_html
from anomed_core.web.pages.page import Page, Place
from anomed_core.web.pages.showing import show, visit_of


class RefusalPages:
    """Draws refusals for browsers; as middleware it belongs behind the foreign protocols.

    Parameters
    ----------
    places
        Challenges by the URL path below which they are mounted.
    pages
        All pages.
    protocols
        Where refusals are written in other words.
    """

    def __init__(
        self, places: Mapping[str, Place], pages: tuple[Page, ...], protocols: ForeignProtocols
    ) -> None:
        self._places = dict(sorted(places.items(), key=lambda item: -len(item[0])))
        self._pages = pages
        self._protocols = protocols

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: Any, _succeeded: bool
    ) -> None:
        """Write a refusal as a page, if it is one and a browser asked."""
        refusal: Refusal | None = getattr(resp.context, "refusal", None)
        if refusal is None or not wants_html(req) or self._protocols.at(req.path) is not None:
            return
        if not hasattr(req.context, "identity"):
            req.context.identity = None
        resp.delete_header("WWW-Authenticate")  # a browser would ask by itself, and remember
        resp.set_header("Cache-Control", "private, no-store")
        place = self._place(req.path)
        show(
            req,
            resp,
            self._content(req, refusal),
            pages=self._pages,
            visit=visit_of(req, place) if place is not None else None,
        )

    def _place(self, path: str) -> Place | None:
        return next(
            (
                place
                for base, place in self._places.items()
                if not base or path == base or path.startswith(f"{base}/")
            ),
            None,
        )

    def _content(self, req: falcon.Request, refusal: Refusal) -> Content:
        parts: list[object] = [
            Notice(head=refusal.title, text=with_moments(refusal.sentence), tone="warn")
        ]
        door = next((page for page in self._pages if page.name == "sign-in"), None)
        if refusal.status == 401 and door is not None:
            link = Markup('<p><a class="button main" href="{}{}">Sign in</a></p>')
            parts.append(link.format(req.root_path, door.path))
        elif refusal.status == 404:
            link = Markup('<p><a href="{}/challenges">The challenges are here.</a></p>')
            parts.append(link.format(req.root_path))
        if refusal.request_id:
            parts.append(f"Request id: {refusal.request_id}.")
        return Content(title=_TITLES.get(refusal.status, refusal.title or "Refused"), parts=parts)


_TITLES = {404: "There is no such page", 401: "Sign in to see this", 403: "Not shown to you"}
