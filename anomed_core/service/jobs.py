"""Jobs: accept what is answered later, tell its owner what came of it, end it on request."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

import attrs

from anomed_core.errors import (
    AttemptInProgressError,
    LedgerError,
    QuotaExhaustedError,
    SubmissionRejected,
    UnknownResourceError,
)
from anomed_core.ledger import (
    ClaimRequest,
    Identity,
    Job,
    JobBook,
    Left,
    NewJob,
    lines_on,
)
from anomed_core.model import (
    Caller,
    Operation,
    Role,
    Score,
    Subject,
    SubmissionKind,
    amount_text,
    as_amount,
)
from anomed_core.service.acting import own_id
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.house_attacks import attacks_on
from anomed_core.service.identities import Authorizer
from anomed_core.service.kept_submissions import refuse_annulled, required_submission
from anomed_core.service.operations import Operations, Reply
from anomed_core.service.submission_stages import AskedSubmission, Receipt, refuse_other_body
from anomed_core.service.submissions import Submissions, stored
from anomed_core.state.filed_bodies import FiledBodies
from anomed_core.state.payloads import Body

SUBMISSION, CALL, AUDIT = "submission", "operation", "audit"

_ID = re.compile(r"[0-9a-f]{32}")
_AGAIN_S = 5.0


@attrs.frozen(kw_only=True)
class Jobs:
    """Accepts jobs; `anomed_core.service.job_worker` does them.

    Attributes
    ----------
    book
        Where they are written.
    bodies
        Where what came with them waits.
    submissions, operations
        Judge submissions and calls before they become jobs.
    authorizer
        Knows whose a job is.
    most
        Unfinished jobs of one participant in one challenge.
    accepted
        All called after each that was accepted.
    """

    book: JobBook
    bodies: FiledBodies
    submissions: Submissions
    operations: Operations
    authorizer: Authorizer
    most: int
    accepted: tuple[Callable[[], None], ...] = ()

    def submit(
        self,
        hosted: HostedChallenge,
        kind: SubmissionKind,
        *,
        query: Mapping[str, str],
        body: Body,
        request_id: str = "",
        replay_key: str | None = None,
    ) -> Job | Receipt:
        """Take a submission until it is claimed; a job evaluates and records it.

        What refuses a submission refuses it now, as `Submissions.submit` does; its attempt stays
        reserved until the job has ended.

        Returns
        -------
        Job or Receipt
            A receipt if the score is there already: the request is a repeated one.

        Raises
        ------
        RequestError, ServiceError
            As `Submissions.submit` does.
        QuotaExhaustedError
            Also if the participant has too many jobs already.
        """
        asked = self.submissions.asked(
            hosted,
            kind,
            query=query,
            body=body,
            request_id=request_id,
            replay_key=replay_key,
            by_job=True,
        )
        earlier = self.submissions.earlier(asked)
        if earlier is not None:
            return Receipt(score=earlier, replayed=True)
        if (accepted := self._accepted(asked.request)) is not None:
            return accepted
        self._refuse_too_many(hosted, own_id(asked.subject))
        self.submissions.judged(asked, body)
        claimed = self._claimed(asked, body)
        return Receipt(score=claimed, replayed=True) if isinstance(claimed, Score) else claimed

    def _claimed(self, asked: AskedSubmission, body: Body) -> Job | Score:
        """Store what came, and claim; both or neither."""
        new = _new_job(asked)
        stored(lambda: self.bodies.keep(new.id, body))
        try:
            claim = self.submissions.claimed(asked, job=new)
        except AttemptInProgressError:  # perhaps by this request's twin
            self.bodies.remove(new.id)
            accepted = self._accepted(asked.request)
            if accepted is None:
                raise
            return accepted
        except BaseException:
            self.bodies.remove(new.id)
            raise
        if isinstance(claim, Score):
            self.bodies.remove(new.id)
            return claim
        return self._begun(new)

    def call(
        self,
        hosted: HostedChallenge,
        operation: Operation,
        *,
        caller: Caller,
        query: Mapping[str, str],
        body: Body | None = None,
        request_id: str = "",
        replay_key: str | None = None,
    ) -> Job | Reply:
        """Take a call until it is paid for; a job answers it.

        Returns
        -------
        Job or Reply
            A reply if the answer is there already: the request is a repeated one.

        Raises
        ------
        RequestError, ServiceError
            As `Operations.call` does.
        QuotaExhaustedError
            Also if the caller has too many jobs already.
        """
        asking = self.operations.asking(hosted, operation, caller, query, body)
        request = self.operations.request(
            hosted, asking, body, request_id=request_id, replay_key=replay_key, by_job=True
        )
        earlier = self.operations.earlier(request)
        if earlier is not None:
            return earlier
        if (accepted := self._accepted(request)) is not None:
            return accepted
        self._refuse_too_many(hosted, caller.id)
        lines = self.operations.price_of(operation, asking)
        new = NewJob(
            id=secrets.token_hex(16),
            what=CALL,
            challenge=hosted.id,
            kind=operation.name,
            subject=asking.subject,
            split=asking.split,
            holder=caller.id,
            parameters=asking.parameters,
            payload_digest=request.payload_digest,
            request_id=request_id,
            told={
                "team": caller.team,
                "lines": [[o.account, o.resource, amount_text(o.amount)] for o in lines],
            },
        )
        stored(lambda: self.bodies.keep(new.id, body if body is not None else b""))
        try:
            self.operations.ledger.claim(
                attrs.evolve(request, lines=lines_on(operation.accounts, lines)), job=new
            )
        except BaseException as error:
            self.bodies.remove(new.id)
            twin = self._accepted(request) if isinstance(error, AttemptInProgressError) else None
            if twin is None:
                raise
            return twin
        return self._begun(new)

    def _begun(self, new: NewJob) -> Job:
        for tell in self.accepted:
            tell()
        job = self.book.get(new.id)
        if job is None:
            raise UnknownResourceError("The job has ended and is forgotten already.")
        return job

    def _accepted(self, request: ClaimRequest) -> Job | None:
        """Return the job that a repeated request has begun already."""
        job = self.book.under_key(request)
        if job is not None:
            refuse_other_body(request, job.payload_digest)
        return job

    def _refuse_too_many(self, hosted: HostedChallenge, holder: str) -> None:
        if self.book.n_unfinished(hosted.id, holder) >= self.most:
            raise QuotaExhaustedError(
                f"{self.most} jobs of yours wait or run; send this one again when one of them has "
                "ended, or cancel one.",
                retry_after_s=_AGAIN_S,
                counted="requests",
            )

    def audit(
        self,
        hosted: HostedChallenge,
        identity: Identity | None,
        *,
        anonymizer: str,
        attack: str = "",
        request_id: str = "",
    ) -> Job:
        """Let the house attack an anonymizer on request of an organiser.

        Parameters
        ----------
        hosted
            The challenge.
        identity
            Who asks.
        anonymizer
            Who is attacked: its final if there is one, else its newest submission.
        attack
            Name of the house attack; all that fit, if it is empty.
        request_id
            For the log.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
            If it is no organiser who asks, or the final was annulled.
        SubmissionRejected
            If there is nothing to attack, or no such attack.
        """
        holder = self.authorizer.organiser(hosted, identity, "audit")
        target = self.submissions.kept.target(hosted, anonymizer, whole=True)
        refuse_annulled(target)
        kind = required_submission(target).kind
        if not attacks_on(hosted, kind, attack):
            known = ", ".join(one.name for one in hosted.house_attacks) or "none"
            raise SubmissionRejected(
                f"No house attack {attack!r} fits what {anonymizer!r} submitted; there are {known}."
            )
        self._refuse_too_many(hosted, holder)
        new = NewJob(
            id=secrets.token_hex(16),
            what=AUDIT,
            challenge=hosted.id,
            kind=kind,
            subject=Subject(role=Role.ORGANISER),
            holder=holder,
            parameters={"anonymizer": anonymizer, "attack": attack},
            request_id=request_id,
        )
        self.book.add(new)
        return self._begun(new)

    def of(self, hosted: HostedChallenge, identifier: str, identity: Identity | None) -> Job:
        """Return a job of whoever asks.

        Raises
        ------
        UnknownResourceError
            If there is none of this id, or it is somebody else's, which nobody else learns.
        NotAuthenticatedError, NotAllowedError
            Without a token of this challenge, whatever the id.
        """
        self.authorizer.grants(hosted, identity)
        job = self.book.get(identifier) if _ID.fullmatch(identifier) else None
        is_here = job is not None and job.challenge == hosted.id
        if job is None or not (
            is_here and self.authorizer.is_holder(hosted, identity, job.subject.role, job.holder)
        ):
            raise UnknownResourceError(
                f"There is no job {identifier[:64]!r} of yours in this challenge; it may have "
                "expired."
            )
        return job

    def receipt(self, job: Job) -> Receipt:
        """Return what came of a submission, as whoever waits for it would have got it.

        Raises
        ------
        LedgerError
            If the score is missing.
        """
        score = self.submissions.ledger.score(job.score_id or 0)
        if score is None:
            raise LedgerError("The score that came of the job is missing in the ledger.")
        resets_at = job.told["resets_at"]
        return Receipt(
            score=score,
            remaining=job.told["remaining"],
            resets_at=datetime.fromisoformat(resets_at) if resets_at else None,
        )

    def reply(self, job: Job) -> Reply:
        """Return what came of a call, as whoever waits for it would have got it.

        Raises
        ------
        UnknownResourceError
            If the answer is kept no longer.
        LedgerError
            If the entry is missing.
        """
        entry = self.operations.ledger.entry(job.challenge, job.entry_id or 0)
        if entry is None:
            raise LedgerError("The entry that came of the job is missing in the archive.")
        left = tuple(
            Left(account=account, resource=resource, remaining=remaining and as_amount(remaining))
            for account, resource, remaining in job.told["left"]
        )
        return attrs.evolve(self.operations.replied(entry), remaining=left)

    def cancel(self, job: Job) -> Job:
        """End a job; one that has ended stays as it is."""
        self.book.cancel(job)
        return self.book.get(job.id) or job


def _new_job(asked: AskedSubmission) -> NewJob:
    request = asked.request
    return NewJob(
        id=secrets.token_hex(16),
        what=SUBMISSION,
        challenge=asked.hosted.id,
        kind=asked.kind.name,
        subject=asked.subject,
        split=asked.split,
        holder=own_id(asked.subject),
        parameters=request.parameters,
        payload_digest=request.payload_digest,
        request_id=request.request_id,
    )
