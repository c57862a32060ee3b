"""``/submit``: files that people choose go the way of programs' bodies, with the same refusals."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import falcon
import structlog

from anomed_core.errors import (
    AlreadyScoredError,
    EvaluationFailedError,
    NotAuthenticatedError,
    RequestError,
    ServiceError,
)
from anomed_core.ledger import Job
from anomed_core.model import FormSchema, SubmissionKind
from anomed_core.service import Submissions
from anomed_core.service.acting import with_own_id
from anomed_core.service.jobs import Jobs
from anomed_core.service.pages.submit import Refused, kinds_for, submit
from anomed_core.service.pages.visit import Visit
from anomed_core.service.submission_stages import Receipt
from anomed_core.service.uploads import as_body
from anomed_core.web.errors import status_of
from anomed_core.web.forms import hidden_key, read_upload_of_page
from anomed_core.web.identity import who_asks
from anomed_core.web.pages.doors import see_other
from anomed_core.web.pages.page import Page, Place
from anomed_core.web.pages.showing import show, visit_of

log = structlog.get_logger(__name__)

_NOT_TAKEN = "Not taken, and nothing was charged."
_PART = "part:"


@attrs.frozen
class SubmitResource:
    """The form, and where it is sent."""

    place: Place
    page: Page
    pages: tuple[Page, ...] = attrs.field(repr=False)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the form of a kind: the first that the visitor can hand in, or the one named."""
        visit = visit_of(req, self.place)
        self.place.server.authorizer.grants(self.place.hosted, visit.identity)
        self._show(req, resp, visit, given=visit.query)

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Take a submission, and lead to its score."""
        parts = read_upload_of_page(req, self.place.server)
        texts = {
            name: content.decode(errors="replace").strip()
            for name, content in parts.items()
            if name != "file" and not name.startswith(_PART)
        }
        visit = visit_of(req, self.place)
        try:
            taken = self._taken(req, visit, texts, parts)
        except RequestError as error:
            resp.status = status_of(error)[0]
            self._show(req, resp, visit, given=texts, refused=self._refused(visit, error))
        except ServiceError as error:
            if not isinstance(error, EvaluationFailedError):
                log.exception("failed", status=status_of(error)[0])
            resp.status = status_of(error)[0]
            ours = Refused(
                head="Our fault, not yours: nothing was charged.",
                sentence="Try again; if it stays, send the organiser this id: "
                f"{req.context.request_id}.",
            )
            self._show(req, resp, visit, given=texts, refused=ours)
        else:
            see_other(req, resp, self._leads_to(taken))

    def _taken(
        self,
        req: falcon.Request,
        visit: Visit,
        texts: Mapping[str, str],
        parts: Mapping[str, bytes],
    ) -> Receipt | Job:
        server, hosted = self.place.server, self.place.hosted
        kind = self._kind(visit, texts)
        if kind is None:
            raise NotAuthenticatedError("Sign in as a team to hand something in.")
        names = [parameter.name for parameter in kind.parameters]
        given = {name: texts.get(name, "") for name in names}
        own = {name: given[name] or visit.names.get(name, "") for name in names}
        query = with_own_id(
            own if visit.is_open else given, visit.identity, hosted, {kind.submitter}
        )
        server.authorizer.may_submit(hosted, kind, visit.identity, query)
        limits = server.submissions.limits
        schema = next(
            (kind.schema_for(one) for one in kind.splits if one.value == query.get("data_split")),
            kind.schema_for(kind.splits[0]),
        )
        is_form = isinstance(schema, FormSchema)
        files = {
            name.removeprefix(_PART): content
            for name, content in parts.items()
            if name.startswith(_PART) or (name == "file" and not is_form)
        }
        way: Submissions | Jobs = server.jobs if kind.long else server.submissions
        with self.place.under_way.one_of(who_asks(req, server.authorizer)):
            return way.submit(
                hosted,
                kind,
                query=query,
                body=as_body(files, schema, limits),
                request_id=req.context.request_id,
                replay_key=None,
            )

    def _kind(self, visit: Visit, given: Mapping[str, str]) -> SubmissionKind | None:
        kinds = kinds_for(visit)
        named = next((kind for kind in kinds if kind.name == given.get("kind")), None)
        return named or next(iter(kinds), None)

    def _leads_to(self, taken: Receipt | Job) -> str:
        server, base = self.place.server, self.place.base
        if isinstance(taken, Job):
            return f"{base}/jobs/{taken.id}"
        return f"{base}/scores/{server.numbers.told(taken.score.id)}"

    def _refused(self, visit: Visit, error: RequestError) -> Refused:
        if isinstance(error, AlreadyScoredError):
            address = visit.at(f"/scores/{visit.told(error.score_id)}")
            return Refused(
                head="Already scored:",
                sentence=str(error),
                link=(address, "Your final is here."),
            )
        return Refused(head=_NOT_TAKEN, sentence=str(error))

    def _show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        visit: Visit,
        *,
        given: Mapping[str, str],
        refused: Refused | None = None,
    ) -> None:
        key = hidden_key(req, resp, self.place.server)
        kind = self._kind(visit, given)
        content = submit(visit, kind=kind, key=key, given=given, refused=refused)
        resp.set_header("Cache-Control", "private, no-store")
        show(req, resp, content, pages=self.pages, page=self.page, visit=visit)
