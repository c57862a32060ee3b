"""Do jobs: the second half of what was accepted, in the background of any server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import attrs
import structlog

from anomed_core.errors import (
    CallRejected,
    EvaluationFailedError,
    EvaluationTimeoutError,
    LedgerError,
    LedgerFullError,
    RequestError,
    ServiceError,
    StoreError,
    SubmissionRejected,
    culprit_of,
)
from anomed_core.ledger import Claim, ClaimRequest, Job, JobBook, NewScore, lines_on
from anomed_core.ledger.jobs import LEASE_S
from anomed_core.model import Caller, FormSchema, Line
from anomed_core.service.archive import Archive
from anomed_core.service.evaluation import Attack
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.house_attacks import attacks_on, audit_result
from anomed_core.service.jobs import AUDIT, CALL, SUBMISSION
from anomed_core.service.kept_submissions import refuse_annulled, required_submission
from anomed_core.service.operations import Operations
from anomed_core.service.submission_stages import AskedSubmission
from anomed_core.service.submissions import Submissions
from anomed_core.state.filed_bodies import FiledBodies
from anomed_core.state.payloads import Body

log = structlog.get_logger(__name__)

_MOST_TRIES = 20
_AGAIN_S = 15.0
_BEGUN_ONCE = "The call was cut off after it had begun; your accounts tell what it has cost."
_NEVER_ENDED = "The evaluation never ended on our side; your attempt is free again."


class _NotHereError(Exception):
    """What came with a job is not on this machine."""


@attrs.define(kw_only=True)
class JobWorker:
    """Does jobs of hosted challenges, one after the other.

    Attributes
    ----------
    challenges
        Hosted challenges by id.
    book, bodies
        Where jobs wait, and what came with them.
    submissions, operations
        Do what submissions and calls need, for whoever waits and for whoever does not.
    archive
        Is swept now and then.
    """

    challenges: Mapping[str, HostedChallenge]
    book: JobBook
    bodies: FiledBodies
    submissions: Submissions
    operations: Operations
    archive: Archive
    _swept_at: float = attrs.field(default=float("-inf"), init=False)

    name = "jobs"

    def do_one(self, is_stopping: Callable[[], bool]) -> bool:
        """Do the job that has waited longest; say whether there was one."""
        self._sweep()
        job = self.book.take()
        if job is None:
            return False
        with structlog.contextvars.bound_contextvars(request_id=job.request_id, job=job.id):
            self._do(job, is_stopping)
        self.bodies.linger(job.id)
        return True

    def _sweep(self) -> None:
        """Forget what has expired, now and then."""
        if time.monotonic() - self._swept_at >= self.bodies.sweep_every_s:
            self._swept_at = time.monotonic()
            self.book.forget()
            self.bodies.sweep(self.book.unfinished())
            self.archive.retire()
            self.archive.sweep()

    def _do(self, job: Job, is_stopping: Callable[[], bool]) -> None:
        """Do a job and note what came of it; it fails as an answer would that somebody waits for.

        What fails for reasons of the server alone is tried again.
        """
        if job.tries > _MOST_TRIES:
            self._fail(job, EvaluationFailedError(_NEVER_ENDED))
            return
        try:
            with self._kept_alive(job):
                self._perform(job)
        except RequestError as error:
            log.info("refused", reason=str(error))
            self._fail(job, error)
        except (EvaluationFailedError, EvaluationTimeoutError) as error:
            if error.by_engine or is_stopping():
                self.book.put_back(job)
            else:
                self._fail(job, error)
        except (LedgerFullError, StoreError, _NotHereError) as error:
            log.warning("a job waits again", reason=str(error))
            self.book.put_back(job, delay_s=_AGAIN_S)
        except LedgerError:
            if self.book.extend(job):  # it is still ours, so it is the ledger that has failed
                raise
            log.info("the job was cancelled, or somebody else has done it")
        except Exception as error:  # the border of a thread that must outlive it
            log.exception("a job failed", culprit=culprit_of(error))
            self._fail(job, error)

    def _fail(self, job: Job, error: Exception) -> None:
        told = str(error) if isinstance(error, RequestError) else ""
        told = error.public if isinstance(error, ServiceError) else told
        name = type(error).__name__
        details = error.details if isinstance(error, CallRejected) else None
        self.book.fail(job, error=name, sentence=told, reason=name, details=details)

    @contextmanager
    def _kept_alive(self, job: Job) -> Iterator[None]:
        """Lengthen the lease for as long as somebody works at the job."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(LEASE_S / 3):
                try:
                    if not self.book.extend(job):
                        return
                except ServiceError as error:
                    log.warning("the lease of a job was not lengthened", reason=str(error))

        beating = threading.Thread(target=beat, name=f"job {job.id[:8]}", daemon=True)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join()

    def _perform(self, job: Job) -> None:
        hosted = self.challenges.get(job.challenge)
        if hosted is None or not self._is_known(hosted, job):
            raise SubmissionRejected(
                f"The challenge takes no {job.kind!r} any more; it cost nothing."
            )
        {SUBMISSION: self._submit, CALL: self._call, AUDIT: self._audit}[job.what](hosted, job)

    @staticmethod
    def _is_known(hosted: HostedChallenge, job: Job) -> bool:
        if job.what == CALL:
            return any(operation.name == job.kind for operation in hosted.operations)
        return job.kind in hosted.metrics

    def _submit(self, hosted: HostedChallenge, job: Job) -> None:
        """Evaluate and record a submission, as if somebody waited for it."""
        if job.claim is None or job.split is None:
            raise TypeError(f"the job {job.id} is a submission, but claims nothing")
        kind = hosted.kind(job.kind)
        body = self._body(job, kind.schema_for(job.split))
        request = ClaimRequest(
            challenge=hosted.id,
            kind=kind.name,
            subject=job.subject,
            split=job.split,
            payload_digest=job.payload_digest,
            parameters=job.parameters,
            fingerprint=hosted.fingerprint,
            lease_s=0.0,
            request_id=job.request_id,
            by_job=True,
        )
        asked = AskedSubmission(
            hosted=hosted, kind=kind, subject=job.subject, split=job.split, request=request
        )
        claim = Claim(id=job.claim, request=request, remaining=job.told["remaining"])
        self.submissions.scored(self.submissions.read(asked, body), claim, job=job)

    def _body(self, job: Job, schema: object) -> Body:
        try:
            return self.bodies.read(
                job.id, job.payload_digest, is_form=isinstance(schema, FormSchema)
            )
        except FileNotFoundError as error:
            raise _NotHereError("its body is not on this machine") from error

    def _call(self, hosted: HostedChallenge, job: Job) -> None:
        """Answer a call, as if somebody waited for it.

        What had begun when its worker was killed is not begun again: it may have been answered, and
        is paid for once.
        """
        operation = hosted.operation(job.kind)
        if job.claim is None:
            raise TypeError(f"the job {job.id} is a call, but claims nothing")
        if self.operations.ledger.has_started(job.claim):
            raise EvaluationFailedError(_BEGUN_ONCE)
        body = self._body(job, operation.request) if operation.request is not None else None
        caller = Caller(id=job.holder, role=job.subject.role, team=job.told["team"])
        asking = self.operations.asking(
            hosted, operation, caller, job.parameters, body, is_accepted=True
        )
        lines = tuple(Line(*line) for line in job.told["lines"])
        request = attrs.evolve(
            self.operations.request(
                hosted, asking, body, request_id=job.request_id, replay_key=None, by_job=True
            ),
            lines=lines_on(operation.accounts, lines),
        )
        claim = Claim(id=job.claim, request=request, remaining=None)
        if operation.begins_at_once:
            self.operations.ledger.start(claim)
        paid = attrs.evolve(
            asking, number=claim.id, lines=lines, has_begun=operation.begins_at_once
        )
        self.operations.settled(hosted, operation, paid, claim, body, job=job)

    def _audit(self, hosted: HostedChallenge, job: Job) -> None:
        """Attack what an anonymizer submitted, and record all results at once."""
        target = self.submissions.kept.target(hosted, job.parameters["anonymizer"], whole=True)
        refuse_annulled(target)
        submission = required_submission(target)
        results: list[NewScore] = []
        for attack in attacks_on(hosted, submission.kind, job.parameters["attack"]):
            metrics = self.submissions.engine.run(
                Attack(challenge=hosted.id, attack=attack.name, submission=submission)
            )
            if metrics is not None:  # else there was nothing to attack
                results.append(audit_result(hosted, submission, attack.name, metrics))
        self.submissions.ledger.record_audit(results, job=job)
