"""The service that answers calls: one way through the server for every operation.

phase -> decode -> sealed account -> target -> price -> claim -> run -> check -> commit -> answer.
Everything before the claim costs the caller nothing; what follows costs what its resources say.
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
)
from anomed_core.ledger import OPERATION, Claim, ClaimRequest, Ledger, Left, lines_on
from anomed_core.model import (
    ANONYMIZER,
    DATA_SPLIT,
    Caller,
    Line,
    Operation,
    Payload,
    Role,
    Split,
    Subject,
    Target,
)
from anomed_core.service.accounts import (
    holder_of,
    overdrawn,
    remaining_after,
    require_sealed,
)
from anomed_core.service.answering import Answered, Asking, Priced, Pricing
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
    """

    body: bytes = attrs.field(repr=False)
    claim: int = 0
    remaining: tuple[Left, ...] = ()


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
        lines = self.price_of(operation, asking)
        claim = self.ledger.claim(
            ClaimRequest(
                challenge=hosted.id,
                kind=operation.name,
                subject=holder_of(asking.subject),
                split=asking.split,
                what=OPERATION,
                payload_digest=body_digest(body or b""),
                parameters=asking.parameters,
                fingerprint=hosted.fingerprint,
                lease_s=self.lease_s,
                request_id=request_id,
                lines=lines_on(operation.accounts, lines),
            ),
            started=operation.cheap,
        )
        paid = attrs.evolve(asking, number=claim.id, lines=lines, has_begun=operation.cheap)
        return self._settled(hosted, operation, paid, claim)

    def asking(
        self,
        hosted: HostedChallenge,
        operation: Operation,
        caller: Caller,
        query: Mapping[str, str],
        body: Body | None,
    ) -> Asking:
        """Return what is asked, after the rules of the game."""
        parameters = checked_parameters(operation.query, query)
        split = _split_of(operation, parameters)
        if split is not None and split in hosted.phases:
            refuse_outside(hosted.phases[split], split, self.ledger)
        subject = _subject_of(operation, caller, parameters)
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
        )

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
            raise CallRejected(priced.refusal)
        return priced.lines

    def _settled(
        self, hosted: HostedChallenge, operation: Operation, asking: Asking, claim: Claim
    ) -> Reply:
        """Answer a call that is paid for, and commit what it has cost."""
        started: list[int] = [claim.id] if operation.cheap else []

        def begun() -> None:
            if not started:
                self.ledger.start(claim)
                started.append(claim.id)

        try:
            answered = self._answer(operation, asking, begun)
            self.ledger.commit(claim, spent=answered.spent)
        except BaseException as error:
            self.releases.release(claim, type(error).__name__)
            raise
        if over := overdrawn(asking.lines, answered.spent):
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
            raise CallRejected(answered.refusal)
        return answered


def _split_of(operation: Operation, parameters: Mapping[str, str]) -> Split | None:
    if DATA_SPLIT.name in parameters:
        return Split(parameters[DATA_SPLIT.name])
    return operation.default_split


def _subject_of(operation: Operation, caller: Caller, parameters: Mapping[str, str]) -> Subject:
    """Return who calls as the ledger knows it; a pair where a target is asked about."""
    asked = parameters[ANONYMIZER.name] if operation.with_target else ""
    return Subject(
        role=caller.role,
        anonymizer=caller.id if caller.role is Role.ANONYMIZER else asked,
        deanonymizer=caller.id if caller.role is Role.DEANONYMIZER else "",
    )
