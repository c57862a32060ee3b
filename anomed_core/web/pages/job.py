"""``/jobs/ID`` for browsers: a page that looks again until the job has ended."""

from __future__ import annotations

import attrs
import falcon

from anomed_core.service.pages.job import LOOKS_AGAIN_S, job
from anomed_core.web.jobs import JobResource
from anomed_core.web.pages.negotiation import wants_html
from anomed_core.web.pages.page import Page, Place
from anomed_core.web.pages.showing import show, visit_of


@attrs.frozen
class JobPage:
    """A job of one's own: a page for browsers, the document for programs."""

    place: Place
    page: Page
    pages: tuple[Page, ...] = attrs.field(repr=False)

    @property
    def _programs(self) -> JobResource:
        resource: JobResource = self.place.programs[self.page.path]
        return resource

    def on_get(self, req: falcon.Request, resp: falcon.Response, job_id: str) -> None:
        """Tell the job; a signed-in browser comes back to its page by itself."""
        if not wants_html(req):
            resp.set_header("Vary", "Accept")
            self._programs.on_get(req, resp, job_id)
            return
        one = self.place.server.jobs.of(self.place.hosted, job_id, req.context.identity)
        visit = visit_of(req, self.place)
        if one.score_id is not None:
            resp.status = falcon.HTTP_303
            resp.location = visit.at(f"/scores/{visit.told(one.score_id)}")
        elif not one.is_finished:
            resp.set_header("Refresh", str(LOOKS_AGAIN_S))
        resp.set_header("Cache-Control", "private, no-store")
        show(req, resp, job(visit, one), pages=self.pages, page=self.page, visit=visit)

    on_head = on_get

    def on_delete(self, req: falcon.Request, resp: falcon.Response, job_id: str) -> None:
        """End the job."""
        self._programs.on_delete(req, resp, job_id)
