"""Jobs over HTTP: 202 for what is answered later, and whatever its owner asks about it then.

A request asks for a job with ``Prefer: respond-async`` (RFC 7240, section 4.1). The preference is
granted where an evaluation may take a while, and the answer says so (``Preference-Applied``); what
is cheap is answered at once, which costs less than asking again.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import attrs
import falcon

from anomed_core.errors import AttemptInProgressError, MissingParameterError, UnknownResourceError
from anomed_core.ledger import Job, Left
from anomed_core.model import ANONYMIZER, Operation, Parameter, amount_text
from anomed_core.service import HostedChallenge, Receipt
from anomed_core.service.jobs import AUDIT, CALL
from anomed_core.service.operations import Reply
from anomed_core.service.server import Server
from anomed_core.web.errors import tell_failure
from anomed_core.web.query import read_query

AUDIT_PARAMETERS = (
    attrs.evolve(ANONYMIZER, description="Identifier of the anonymizer that is attacked."),
    Parameter(
        name="attack",
        required=False,
        description="Name of one of the house's attacks; all that fit, if it is left out.",
    ),
)

_ASYNC = "respond-async"
_LONGEST_WAIT_S = 30.0


def prefers_job(req: falcon.Request) -> bool:
    """Return whether a request asks to be answered later."""
    preferences = (req.get_header("Prefer") or "").split(",")
    return any(one.partition(";")[0].strip().lower() == _ASYNC for one in preferences)


def accept(req: falcon.Request, resp: falcon.Response, job: Job, server: Server) -> None:
    """Answer that a job will do what was asked for."""
    resp.status = falcon.HTTP_202
    if prefers_job(req):
        resp.set_header("Preference-Applied", _ASYNC)
    resp.location = f"{req.context.base}/jobs/{job.id}"
    _tell(req, resp, job, server)


def tell_receipt(
    req: falcon.Request,
    resp: falcon.Response,
    receipt: Receipt,
    hosted: HostedChallenge,
    server: Server,
) -> None:
    """Answer with what came of a submission: the flat JSON object of its metrics."""
    resp.status = falcon.HTTP_201
    resp.content_type = falcon.MEDIA_JSON
    until = server.seals.of_score(hosted, receipt.score)
    metrics = dict(receipt.score.metrics)
    if until is not None:  # those who rely on the flat object get an empty one
        metrics = {}
        resp.set_header("X-Sealed-Until", until.isoformat())
    resp.data = json.dumps(metrics).encode()
    resp.location = f"{req.context.base}/scores/{server.numbers.told(receipt.score.id)}"
    if receipt.remaining is not None:
        resp.set_header("X-Attempts-Remaining", str(receipt.remaining))
    if receipt.resets_at is not None:
        resp.set_header("X-Attempts-Reset", receipt.resets_at.isoformat())
    if receipt.replayed:
        resp.set_header("Idempotency-Replayed", "true")


def tell_reply(resp: falcon.Response, reply: Reply, operation: Operation) -> None:
    """Answer with what an operation answers."""
    resp.set_header("Cache-Control", "private, no-store")
    resp.content_type = operation.answer.media_type
    resp.data = reply.body
    if reply.claim:
        resp.set_header("X-Claim", str(reply.claim))
        resp.set_header("X-Remaining", ", ".join(map(_remaining, reply.remaining)))
    if reply.replayed:
        resp.set_header("Idempotency-Replayed", "true")


def _remaining(left: Left) -> str:
    amount = "unlimited" if left.remaining is None else amount_text(left.remaining)
    return f"{left.account}/{left.resource}={amount}"


def _tell(req: falcon.Request, resp: falcon.Response, job: Job, server: Server) -> None:
    """Say how far a job is, and when it is worth asking again."""
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header("Cache-Control", "private, no-store")
    if not job.is_finished:
        resp.set_header("Retry-After", str(_worth_waiting_s(job, server.ledger.now())))
    resp.data = json.dumps(_described(job, req.context.base, server)).encode()


def _worth_waiting_s(job: Job, now: datetime) -> int:
    """Return seconds until the next question: a tenth of the time that has passed."""
    passed_s = (now - job.created_at).total_seconds()
    return int(min(_LONGEST_WAIT_S, max(1.0, passed_s / 10)))


def _described(job: Job, base: str, server: Server) -> dict[str, Any]:
    expires_at = job.updated_at + timedelta(seconds=server.jobs.book.kept_s)
    url = f"{base}/jobs/{job.id}"
    return {
        "id": job.id,
        "what": job.what,
        "kind": job.kind,
        "anonymizer": job.subject.anonymizer or job.parameters.get(ANONYMIZER.name, ""),
        "deanonymizer": job.subject.deanonymizer,
        "data_split": job.split.value if job.split else None,
        "state": job.state,
        "created_at": job.created_at.isoformat(),
        "updated_at": job.updated_at.isoformat(),
        "expires_at": expires_at.isoformat() if job.is_finished else None,
        "result": f"{url}/result",
    }


@attrs.frozen
class JobResource:
    """``/jobs/ID``: how far a job of one's own is; DELETE ends it."""

    hosted: HostedChallenge
    server: Server
    base: str

    def on_get(self, req: falcon.Request, resp: falcon.Response, job_id: str) -> None:
        """Tell the job."""
        req.context.base = req.root_path + self.base
        req.context.told_number = self.server.numbers.told
        _tell(req, resp, self._job(req, job_id), self.server)

    on_head = on_get

    def on_delete(self, req: falcon.Request, resp: falcon.Response, job_id: str) -> None:
        """End the job, unless it has ended, and tell what it is now."""
        req.context.base = req.root_path + self.base
        req.context.told_number = self.server.numbers.told
        job = self.server.jobs.cancel(self._job(req, job_id))
        _tell(req, resp, job, self.server)

    def _job(self, req: falcon.Request, job_id: str) -> Job:
        return self.server.jobs.of(self.hosted, job_id, req.context.identity)


@attrs.frozen
class JobResultResource:
    """``/jobs/ID/result``: the answer that somebody would have got who had waited."""

    hosted: HostedChallenge
    server: Server
    base: str

    def on_get(self, req: falcon.Request, resp: falcon.Response, job_id: str) -> None:
        """Answer as if the request were answered now, to the byte and with the same status."""
        req.context.base = req.root_path + self.base
        req.context.told_number = self.server.numbers.told
        job = self.server.jobs.of(self.hosted, job_id, req.context.identity)
        resp.set_header("Cache-Control", "private, no-store")
        if not job.is_finished:
            raise AttemptInProgressError(
                f"The job is {job.state}; ask for its result when it is done.",
                retry_after_s=_worth_waiting_s(job, self.server.ledger.now()),
            )
        if job.state == "cancelled":
            raise UnknownResourceError("The job was cancelled, so it has no result.")
        if job.state == "failed":
            tell_failure(
                resp,
                job.error,
                job.sentence,
                request_id=job.request_id,
                details=job.told.get("details"),
            )
        else:
            self._tell_result(req, resp, job)

    on_head = on_get

    def _tell_result(self, req: falcon.Request, resp: falcon.Response, job: Job) -> None:
        if job.what == AUDIT:
            resp.status = falcon.HTTP_201
            resp.content_type = falcon.MEDIA_JSON
            resp.data = json.dumps(job.told).encode()
            return
        if job.what == CALL:
            tell_reply(resp, self.server.jobs.reply(job), self.hosted.operation(job.kind))
            return
        receipt = self.server.jobs.receipt(job)
        tell_receipt(req, resp, receipt, self.hosted, self.server)


@attrs.frozen
class AuditsResource:
    """``POST /audits``: let the house attack an anonymizer, for organisers."""

    hosted: HostedChallenge
    server: Server
    base: str

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Accept a job that runs the house's attacks and records their results."""
        req.context.base = req.root_path + self.base
        req.context.told_number = self.server.numbers.told
        given = read_query(req, AUDIT_PARAMETERS)
        identity = req.context.identity
        self.server.authorizer.organiser(self.hosted, identity, "audit")
        if not given[ANONYMIZER.name]:
            raise MissingParameterError(ANONYMIZER.name)
        job = self.server.jobs.audit(
            self.hosted,
            identity,
            anonymizer=given[ANONYMIZER.name],
            attack=given["attack"],
            request_id=req.context.request_id,
        )
        accept(req, resp, job, self.server)
