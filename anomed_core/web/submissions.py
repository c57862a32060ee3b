"""Submissions over HTTP: read the body, hand it to the submissions, answer with the metrics."""

from __future__ import annotations

from collections.abc import Sequence

import falcon

from anomed_core.errors import InvalidParameterError
from anomed_core.ledger import Job
from anomed_core.model import FormSchema, Parameter, SubmissionKind
from anomed_core.service import HostedChallenge, Submissions
from anomed_core.service.acting import with_own_id
from anomed_core.service.jobs import Jobs
from anomed_core.service.server import Server
from anomed_core.service.under_way import UnderWay
from anomed_core.web.bodies import read_body, read_form
from anomed_core.web.identity import who_asks
from anomed_core.web.jobs import accept, prefers_job, tell_receipt
from anomed_core.web.query import read_query, read_replay_key


class SubmissionResource:
    """The submission kinds at one path of one challenge."""

    def __init__(
        self, hosted: HostedChallenge, path: str, server: Server, base: str, under_way: UnderWay
    ) -> None:
        self._hosted = hosted
        self._under_way = under_way
        self._kinds = hosted.kinds_at(path)
        self._server = server
        self._base = base

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Score a submission; the answer is the flat JSON object of its metrics, or a job."""
        req.context.base = req.root_path + self._base
        req.context.told_number = self._server.numbers.told
        kind = chosen_kind(self._kinds, req)
        identity = req.context.identity
        given = read_query(req, kind.parameters)
        query = with_own_id(given, identity, self._hosted, {kind.submitter})
        self._server.authorizer.may_submit(self._hosted, kind, identity, query)
        replay_key = read_replay_key(req)
        is_form = any(isinstance(kind.schema_for(split), FormSchema) for split in kind.splits)
        limits = self._server.submissions.limits
        is_job = kind.long or (prefers_job(req) and not kind.cheap)
        way: Submissions | Jobs = self._server.jobs if is_job else self._server.submissions
        with self._under_way.one_of(who_asks(req, self._server.authorizer)):
            taken = way.submit(
                self._hosted,
                kind,
                query=query,
                body=read_form(req, limits) if is_form else read_body(req, limits),
                request_id=req.context.request_id,
                replay_key=replay_key,
            )
        if isinstance(taken, Job):
            accept(req, resp, taken, self._server)
        else:
            tell_receipt(req, resp, taken, self._hosted, self._server)


def chosen_kind(kinds: Sequence[SubmissionKind], req: falcon.Request) -> SubmissionKind:
    """Return the kind that a request's selector chooses; the first one without a selector.

    Raises
    ------
    InvalidParameterError
        If the selector has a value that belongs to no kind.
    """
    selectors = {kind.selector: kind for kind in kinds if kind.selector is not None}
    if not selectors:
        return kinds[0]
    name = next(iter(selectors))[0]
    value = read_query(req, (Parameter(name=name),))[name]
    if not value:
        return kinds[0]
    if (name, value) not in selectors:
        allowed = ", ".join(choice for _, choice in selectors)
        raise InvalidParameterError(name, f"got {value[:80]!r}; allowed are {allowed}.")
    return selectors[name, value]
