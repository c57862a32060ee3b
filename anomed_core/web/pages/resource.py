"""One address, two kinds of readers: browsers get a page, programs what they always got."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import falcon

from anomed_core.service.pages.content import Content
from anomed_core.service.pages.visit import Visit
from anomed_core.web.pages.negotiation import FORM, wants_html
from anomed_core.web.pages.page import Page, Place
from anomed_core.web.pages.showing import show, visit_of

Make = Callable[..., Content]


@attrs.frozen(kw_only=True)
class PageResource:
    """A page of a challenge, beside what answers programs at the same address.

    Attributes
    ----------
    page, pages
        What it is, and all pages.
    place
        Where it is.
    make
        Returns its content for a visit, and the fields of its path by name.
    moment
        Returns text that changes whenever the content may, so that who has it already is told so
        without making it; ``None`` makes it always.
    """

    page: Page
    pages: tuple[Page, ...] = attrs.field(repr=False)
    place: Place
    make: Make
    moment: Callable[[Visit], str] | None = None

    def on_get(self, req: falcon.Request, resp: falcon.Response, **fields: Any) -> None:
        """Send the page, or what programs get."""
        programs = self.place.programs.get(self.page.path)
        if programs is not None and not wants_html(req):
            resp.set_header("Vary", "Accept")
            programs.on_get(req, resp, **fields)
            return
        visit = visit_of(req, self.place)
        if self.moment is not None and self._has(req, resp, visit):
            return
        content = self.make(visit, **fields)
        if not content.is_finished:
            resp.delete_header("ETag")  # it changes without the ledger
        show(
            req,
            resp,
            content,
            pages=self.pages,
            page=self.page,
            visit=visit,
            twins=self._twins(req, programs),
        )

    on_head = on_get

    def _has(self, req: falcon.Request, resp: falcon.Response, visit: Visit) -> bool:
        assert self.moment is not None
        known = [self.moment(visit), req.relative_uri, visit.name, sorted(visit.roles)]
        etag = falcon.ETag(visit.server.numbers.tag(f"page {known}"))
        resp.etag = etag
        if any(tag in ("*", etag) for tag in req.if_none_match or ()):
            resp.status = falcon.HTTP_304
            resp.set_header("Vary", "Accept, Authorization, Cookie")
            resp.set_header("Cache-Control", "private, no-cache")
            return True
        return False

    def _twins(self, req: falcon.Request, programs: Any) -> list[tuple[str, str]]:
        if programs is None:
            return []
        forms = ("json", *getattr(programs, "forms", ()))
        address = f"{req.root_path}{req.path}"
        queries = [falcon.to_query_str({**req.params, FORM: form}) for form in forms]
        return [
            (form.upper(), f"{address}{query}") for form, query in zip(forms, queries, strict=True)
        ]
