"""The service that answers calls: one way through the server for every operation.

phase -> decode -> sealed account -> target -> price -> claim -> run -> check -> commit -> answer.
Everything before the claim costs the caller nothing; what follows costs what its resources say. The
archive keeps what was asked and answered, in the transaction that commits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
import structlog

from anomed_core.engine import Engine, unheard
from anomed_core.errors import (
    CallRejected,
    ContractError,
    EvaluationFailedError,
    EvaluationTimeoutError,
    SubmissionRejected,
    UnknownResourceError,
)
from anomed_core.ledger import (
    OPERATION,
    Claim,
    ClaimRequest,
    Entry,
    Job,
    Ledger,
    Left,
    lines_on,
)
from anomed_core.model import (
    ANONYMIZER,
    Caller,
    Exchange,
    Holding,
    Line,
    Operation,
    Payload,
    Split,
    Subject,
    Target,
)
from anomed_core.service.accounts import (
    holder_of,
    holdings_of,
    overdrawn,
    remaining_after,
    require_sealed,
)
from anomed_core.service.acting import split_of_call, subject_of_call
from anomed_core.service.answering import Answered, Asking, Priced, Pricing
from anomed_core.service.archive import Archive
from anomed_core.service.decoding import decode
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.kept_submissions import (
    KeptSubmissions,
    refuse_annulled,
    required_submission,
)
from anomed_core.service.parameters import checked_parameters
from anomed_core.service.phases import refuse_outside
from anomed_core.service.releases import Releases
from anomed_core.state.payloads import Body, body_digest
from anomed_core.wire import Limits

log = structlog.get_logger(__name__)

_TOLD = "your accounts tell what it has cost"
_NO_PRICE = "What the call costs could not be told"


@attrs.frozen(kw_only=True)
class Reply:
    """What a caller gets.

    Attributes
    ----------
    body
        The answer, encoded.
    claim
        Number of the claim that paid for it; 0 if it was free.
    remaining
        What is left of what it was paid from.
    replayed
        Whether it is the archived answer to an earlier request with the same idempotency key.
    """

    body: bytes = attrs.field(repr=False)
    claim: int = 0
    remaining: tuple[Left, ...] = ()
    replayed: bool = False


@attrs.frozen(kw_only=True)
class Operations:
    """Answers calls to every hosted challenge.

    Attributes
    ----------
    ledger
        Where accounts and claims are; its clock says which phase it is.
    inline, engine
        Where operations run that are declared cheap, and where all others do.
    kept
        Finds what anonymizers have submitted.
    limits
        Bounds on bodies.
    archive
        Keeps what was asked and answered.
    lease_s
        Seconds after which a claim is void: longer than any call may take.
    releases
        Ends claims after failures.
    """

    ledger: Ledger
    inline: Engine
    engine: Engine
    kept: KeptSubmissions
    limits: Limits
    archive: Archive
    lease_s: float = 120.0
    releases: Releases = attrs.field(
        default=attrs.Factory(lambda self: Releases(self.ledger), takes_self=True)
    )

    def limits_of(self, operation: Operation) -> Limits:
        """Return the bounds on an operation's bodies: its own, where they are narrower."""
        most = operation.largest_request_bytes
        if most is None or most >= self.limits.body_bytes:
            return self.limits
        return attrs.evolve(self.limits, body_bytes=most)

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
    ) -> Reply:
        """Answer a call.

        Parameters
        ----------
        hosted
            The challenge.
        operation
            One of its operations.
        caller
            Who calls, and may.
        query
            Declared query parameters as they came, and the id of the token's holder.
        body
            The body as it came; ``None`` for an operation that takes none.
        request_id
            For the log and the ledger.
        replay_key
            The request's idempotency key, if it has one: what is called again with it costs nothing
            and gets the archived answer.

        Returns
        -------
        Reply
            What it cost is durable.

        Raises
        ------
        RequestError
            If the call is refused; it costs nothing.
        ServiceError
            If we failed; what it costs then is what its resources say.
        """
        asking = self.asking(hosted, operation, caller, query, body)
        if operation.price is None:
            return Reply(body=self._answer(operation, asking).body)
        request = self.request(hosted, asking, body, request_id=request_id, replay_key=replay_key)
        earlier = self.earlier(request)
        if earlier is not None:
            return earlier
        lines = self.price_of(operation, asking)
        request = attrs.evolve(request, lines=lines_on(operation.accounts, lines))
        claim = self.ledger.claim(request, started=operation.begins_at_once)
        paid = attrs.evolve(
            asking, number=claim.id, lines=lines, has_begun=operation.begins_at_once
        )
        try:
            return self.settled(hosted, operation, paid, claim, body)
        except BaseException as error:
            lost = self.archive.lost(operation, paid, body)
            self.releases.release(claim, type(error).__name__, entry=lost)
            raise

    def request(
        self,
        hosted: HostedChallenge,
        asking: Asking,
        body: Body | None,
        *,
        request_id: str,
        replay_key: str | None,
        by_job: bool = False,
    ) -> ClaimRequest:
        """Return what a call claims, before its price is known; see `call`."""
        return ClaimRequest(
            challenge=hosted.id,
            kind=asking.operation,
            subject=holder_of(asking.subject),
            split=asking.split,
            what=OPERATION,
            payload_digest=body_digest(body or b""),
            parameters=asking.parameters,
            fingerprint=hosted.fingerprint,
            lease_s=self.lease_s,
            request_id=request_id,
            replay_key=replay_key,
            by_job=by_job,
        )

    def earlier(self, request: ClaimRequest) -> Reply | None:
        """Return the archived answer to an earlier request with the same idempotency key.

        Raises
        ------
        CallRejected
            If that had another body.
        UnknownResourceError
            If the answer is kept no longer.
        """
        found = self.ledger.replayed_call(request)
        if found is None:
            return None
        entry, digest = found
        if digest != request.payload_digest:
            raise CallRejected(
                "This Idempotency-Key was used with another body before; use a new key."
            )
        return self.replied(entry, replayed=True)

    def replied(self, entry: Entry, *, replayed: bool = False) -> Reply:
        """Return an archived answer.

        Raises
        ------
        UnknownResourceError
            If it is kept no longer, or there never was one.
        """
        answer = self.archive.content(entry, entry.answer)
        if answer is None:
            raise UnknownResourceError("The answer to this call is not kept any more.")
        return Reply(body=answer, claim=entry.claim, replayed=replayed)

    def asking(
        self,
        hosted: HostedChallenge,
        operation: Operation,
        caller: Caller,
        query: Mapping[str, str],
        body: Body | None,
        *,
        is_accepted: bool = False,
    ) -> Asking:
        """Return what is asked, after the rules of the game; what was accepted came in time."""
        parameters = checked_parameters(operation.query, query)
        split = split_of_call(operation, parameters)
        if not is_accepted and split is not None and split in hosted.phases:
            refuse_outside(hosted.phases[split], split, self.ledger)
        subject = subject_of_call(operation, caller, parameters)
        payload = self._payload(operation, body)
        require_sealed(hosted, operation.requires_sealed, subject, self.ledger)
        return Asking(
            challenge=hosted.id,
            operation=operation.name,
            caller=caller,
            subject=subject,
            parameters=parameters,
            payload=payload,
            split=split,
            target=self._target(hosted, operation, parameters, split),
            transcript=self._transcript(hosted, operation, caller),
            holdings=self._holdings(hosted, operation, subject),
        )

    def _transcript(
        self, hosted: HostedChallenge, operation: Operation, caller: Caller
    ) -> tuple[Exchange, ...]:
        if not operation.with_transcript or not caller.id:
            return ()
        return self.kept.transcripts.own(hosted.id, caller.role, caller.id)

    def _holdings(
        self, hosted: HostedChallenge, operation: Operation, subject: Subject
    ) -> tuple[Holding, ...]:
        if not operation.with_holdings:
            return ()
        return holdings_of(hosted, subject, self.ledger)

    def _payload(self, operation: Operation, body: Body | None) -> Payload:
        if operation.request is None or body is None:
            return None
        try:
            return decode(body, operation.request, self.limits_of(operation))
        except SubmissionRejected as error:
            raise CallRejected(str(error)) from error

    def _target(
        self,
        hosted: HostedChallenge,
        operation: Operation,
        parameters: Mapping[str, str],
        split: Split | None,
    ) -> Target | None:
        if not operation.with_target:
            return None
        of_split = split if operation.same_split else None
        target = self.kept.target(hosted, parameters[ANONYMIZER.name], whole=True, split=of_split)
        refuse_annulled(target)
        required_submission(target, of_split)
        return target

    def _engine_for(self, operation: Operation) -> Engine:
        return self.inline if operation.cheap else self.engine

    def price_of(self, operation: Operation, asking: Asking) -> tuple[Line, ...]:
        """Ask what a call costs, of which nothing has been touched yet."""
        if isinstance(operation.price, tuple):
            return operation.price
        try:
            priced: Priced = self._engine_for(operation).run(Pricing(asking=asking))
        except EvaluationTimeoutError as error:
            raise EvaluationTimeoutError(f"{_NO_PRICE} in time; it cost nothing.") from error
        except EvaluationFailedError as error:
            raise EvaluationFailedError(f"{_NO_PRICE}; it cost nothing.") from error
        if priced.refusal:
            raise CallRejected(priced.refusal, details=priced.details)
        return priced.lines

    def settled(
        self,
        hosted: HostedChallenge,
        operation: Operation,
        asking: Asking,
        claim: Claim,
        body: Body | None,
        *,
        job: Job | None = None,
    ) -> Reply:
        """Answer a call that is paid for, archive it, and commit what it has cost.

        Whatever is raised, the claim is as it was, but perhaps started.
        """
        started: list[int] = [claim.id] if operation.begins_at_once else []

        def begun() -> None:
            if not started:
                self.ledger.start(claim)
                started.append(claim.id)

        answered = self._answer(operation, asking, begun)
        over = overdrawn(asking.lines, answered.spent)
        # What was not paid for is told to nobody, not even by the archive.
        entry = self.archive.entry(operation, asking, body, None if over else answered.body)
        self.archive.file(claim.id, entry)
        done = None if over else job
        self.ledger.commit(claim, spent=answered.spent, entry=entry, job=done)
        if over:
            incident = ContractError(
                f"the operation {operation.name!r} spends {over}, which it had reserved; an answer "
                "costs its price at most"
            )
            incident.add_note(hosted.blame("anomed_operations", operation.path, operation.run))
            log.error("a call spent more than its price", claim=claim.id, exc_info=incident)
            raise EvaluationFailedError(f"The call failed on our side; {_TOLD}.")
        left = remaining_after(claim, answered.spent)
        return Reply(body=answered.body, claim=claim.id, remaining=left)

    def _answer(
        self, operation: Operation, asking: Asking, begun: Callable[[], None] = unheard
    ) -> Answered:
        is_free = operation.price is None
        then = "try again later" if is_free else _TOLD
        try:
            answered: Answered = self._engine_for(operation).run(asking, begun=begun)
        except EvaluationTimeoutError as error:
            raise EvaluationTimeoutError(f"The call took longer than it may; {then}.") from error
        except EvaluationFailedError as error:
            raise EvaluationFailedError(f"The call failed on our side; {then}.") from error
        if answered.refusal:
            raise CallRejected(answered.refusal, details=answered.details)
        return answered
