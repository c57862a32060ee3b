"""The service that answers calls: one way through the server for every operation.

phase -> decode -> target -> run -> check -> answer.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from anomed_core.engine import Engine
from anomed_core.errors import (
    CallRejected,
    EvaluationFailedError,
    EvaluationTimeoutError,
    SubmissionRejected,
)
from anomed_core.ledger import Ledger
from anomed_core.model import (
    ANONYMIZER,
    DATA_SPLIT,
    Caller,
    Operation,
    Payload,
    Role,
    Split,
    Subject,
    Target,
)
from anomed_core.service.answering import Answered, Asking
from anomed_core.service.decoding import decode
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.kept_submissions import (
    KeptSubmissions,
    refuse_annulled,
    require_submission,
)
from anomed_core.service.parameters import checked_parameters
from anomed_core.service.phases import refuse_outside
from anomed_core.state.payloads import Body
from anomed_core.wire import Limits


@attrs.frozen(kw_only=True)
class Reply:
    """What a caller gets.

    Attributes
    ----------
    body
        The answer, encoded.
    """

    body: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Operations:
    """Answers calls to every hosted challenge.

    Attributes
    ----------
    ledger
        Whose clock says which phase it is.
    inline, engine
        Where operations run that are declared cheap, and where all others do.
    kept
        Finds what anonymizers have submitted.
    limits
        Bounds on bodies.
    """

    ledger: Ledger
    inline: Engine
    engine: Engine
    kept: KeptSubmissions
    limits: Limits

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

        Returns
        -------
        Reply

        Raises
        ------
        RequestError
            If the call is refused.
        ServiceError
            If we failed.
        """
        parameters = checked_parameters(operation.query, query)
        split = _split_of(operation, parameters)
        if split is not None and split in hosted.phases:
            refuse_outside(hosted.phases[split], split, self.ledger)
        job = Asking(
            challenge=hosted.id,
            operation=operation.name,
            caller=caller,
            subject=_subject_of(operation, caller, parameters),
            parameters=parameters,
            payload=self._payload(operation, body),
            split=split,
            target=self._target(hosted, operation, parameters, split),
        )
        return Reply(body=self._answer(operation, job).body)

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
        require_submission(target, of_split)
        return target

    def _answer(self, operation: Operation, job: Asking) -> Answered:
        engine = self.inline if operation.cheap else self.engine
        try:
            answered: Answered = engine.run(job)
        except EvaluationTimeoutError as error:
            raise EvaluationTimeoutError(
                "The call took longer than it may; ask for less, or try again later."
            ) from error
        except EvaluationFailedError as error:
            raise EvaluationFailedError("The call failed on our side; try again later.") from error
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
