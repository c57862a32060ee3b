"""Jobs in the words of foreign protocols: accepted where a client wants one, told to its owner."""

from __future__ import annotations

import time
from collections.abc import Callable

import attrs
import falcon

from anomed_core.errors import UnknownResourceError
from anomed_core.ledger import Job
from anomed_core.model import ForeignJob, ForeignJobs, Refusal, Rendered
from anomed_core.service.server import Server
from anomed_core.web.errors import tell_failure
from anomed_core.web.foreign_protocols import Spoken, rendered, write

_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.002, 0.05


def wanted(req: falcon.Request, operation: str, spoken: Spoken | None) -> ForeignJobs | None:
    """Return how a call is answered by a job, if a protocol is spoken in which its client wants it.

    Raises
    ------
    ContractError
        If the protocol cannot say so.
    """
    if spoken is None or spoken.protocol.jobs is None:
        return None
    headers = {name.lower(): value for name, value in req.headers.items()}
    jobs = spoken.protocol.jobs
    return (
        jobs if spoken.blaming(lambda: jobs.is_wanted(operation, headers), jobs.is_wanted) else None
    )


def accept_job(
    req: falcon.Request,
    resp: falcon.Response,
    job: Job,
    jobs: ForeignJobs,
    spoken: Spoken,
    server: Server,
) -> None:
    """Answer that a job does what was asked for; one that takes a moment has ended by then."""
    last = _waited_for(job, server, until=time.monotonic() + jobs.wait_s)
    told = _told(last, server)
    resp.location = f"{req.context.base}/jobs/{job.id}"
    _tell(resp, spoken, jobs.accept, told)


def _waited_for(job: Job, server: Server, *, until: float) -> Job:
    pause_s = _FIRST_LOOK_S
    while not job.is_finished and time.monotonic() < until:
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_LOOK_S)
        job = server.jobs.book.get(job.id) or job
    return job


def _told(job: Job, server: Server) -> ForeignJob:
    told = ForeignJob(id=job.id, state="waiting", holder=job.holder, operation=job.kind)
    if not job.is_finished:
        return told
    if job.state == "cancelled":
        return _failed(told, UnknownResourceError("The job was cancelled, so it has no result."))
    if job.state == "done":
        try:
            return attrs.evolve(told, state="done", answer=server.jobs.reply(job).body)
        except UnknownResourceError as error:
            return _failed(told, error)
    written = falcon.Response()
    tell_failure(
        written,
        job.error,
        job.sentence,
        request_id=job.request_id,
        details=job.told.get("details"),
    )
    return attrs.evolve(told, state="failed", refusal=written.context.refusal)


def _failed(told: ForeignJob, error: UnknownResourceError) -> ForeignJob:
    return attrs.evolve(told, state="failed", refusal=_refusal_of(error))


def _refusal_of(error: UnknownResourceError) -> Refusal:
    written = falcon.Response()
    tell_failure(written, type(error).__name__, str(error), request_id="")
    refusal: Refusal = written.context.refusal
    return refusal


def _tell(
    resp: falcon.Response,
    spoken: Spoken,
    tell: Callable[[ForeignJob], Rendered],
    job: ForeignJob,
) -> None:
    resp.set_header("Cache-Control", "private, no-store")
    write(resp, rendered(lambda: tell(job), spoken, tell))


@attrs.frozen
class ForeignJobResource:
    """A job below a protocol's path: how far it is, or what came of it."""

    spoken: Spoken
    jobs: ForeignJobs
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response, job_id: str) -> None:
        """Tell the job to its owner; to anybody else there is none."""
        hosted = self.spoken.hosted
        try:
            job = self.server.jobs.of(hosted, job_id.replace("-", "").lower(), req.context.identity)
        except UnknownResourceError as error:
            told = ForeignJob(id=job_id, state="unknown", refusal=_refusal_of(error))
        else:
            told = _told(job, self.server)
        _tell(resp, self.spoken, self.jobs.tell, told)

    on_head = on_get
