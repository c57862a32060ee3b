"""Operations over HTTP: read the body, hand it to the operations, send the answer."""

from __future__ import annotations

import falcon

from anomed_core.ledger import Job
from anomed_core.model import FormSchema, Operation, Role
from anomed_core.service import HostedChallenge
from anomed_core.service.acting import with_own_id
from anomed_core.service.jobs import Jobs
from anomed_core.service.operations import Operations
from anomed_core.service.server import Server
from anomed_core.service.under_way import UnderWay
from anomed_core.state.payloads import Body
from anomed_core.web.bodies import read_body, read_form
from anomed_core.web.foreign_jobs import accept_job, wanted
from anomed_core.web.foreign_protocols import Spoken
from anomed_core.web.identity import who_asks
from anomed_core.web.jobs import accept, prefers_job, tell_reply
from anomed_core.web.query import read_query, read_replay_key


class _OperationResource:
    """One operation of one challenge."""

    def __init__(
        self,
        hosted: HostedChallenge,
        operation: Operation,
        server: Server,
        base: str,
        under_way: UnderWay,
        spoken: Spoken | None,
    ) -> None:
        self._spoken = spoken
        self._hosted = hosted
        self._operation = operation
        self._server = server
        self._base = base
        self._under_way = under_way

    def answer(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send what the operation answers."""
        req.context.base = req.root_path + self._base
        operation, identity = self._operation, req.context.identity
        given = read_query(req, operation.query)
        query = with_own_id(given, identity, self._hosted, operation.audience)
        caller = self._server.authorizer.may_call(self._hosted, operation, identity, query)
        may_be_job = operation.method == "POST" and caller.role is not Role.PUBLIC
        foreign = wanted(req, operation.name, self._spoken) if may_be_job else None
        is_job = (
            operation.long
            or foreign is not None
            or (may_be_job and not operation.cheap and prefers_job(req))
        )
        way: Operations | Jobs = self._server.jobs if is_job else self._server.operations
        with self._under_way.one_of(who_asks(req, self._server.authorizer)):
            reply = way.call(
                self._hosted,
                operation,
                caller=caller,
                query=query,
                body=self._body(req),
                request_id=req.context.request_id,
                replay_key=read_replay_key(req),
            )
        if isinstance(reply, Job) and foreign is not None and self._spoken is not None:
            accept_job(req, resp, reply, foreign, self._spoken, self._server)
        elif isinstance(reply, Job):
            accept(req, resp, reply, self._server)
        else:
            tell_reply(resp, reply, operation)

    def _body(self, req: falcon.Request) -> Body | None:
        schema = self._operation.request
        if schema is None:
            return None
        limits = self._server.operations.limits_of(self._operation)
        return read_form(req, limits) if isinstance(schema, FormSchema) else read_body(req, limits)


class PostedOperation(_OperationResource):
    """An operation that is called with POST."""

    on_post = _OperationResource.answer


class GotOperation(_OperationResource):
    """An operation that is called with GET."""

    on_get = _OperationResource.answer


def operation_resource(
    hosted: HostedChallenge,
    operation: Operation,
    server: Server,
    *,
    base: str,
    under_way: UnderWay,
    spoken: Spoken | None = None,
) -> PostedOperation | GotOperation:
    """Return the resource of an operation, and in which protocol it is spoken of, if in one."""
    resource = PostedOperation if operation.method == "POST" else GotOperation
    return resource(hosted, operation, server, base, under_way, spoken)
