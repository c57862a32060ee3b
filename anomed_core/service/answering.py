"""Answer a call: run the operation's function, and judge what it returns before anybody sees it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np

from anomed_core.engine import begin
from anomed_core.errors import CallRejected, ContractError, RequestError, SubmissionRejected
from anomed_core.model import (
    Answer,
    ArraysSchema,
    Call,
    Caller,
    Challenge,
    Exchange,
    Holding,
    JSONSchema,
    Line,
    Operation,
    Payload,
    ProductSchema,
    Split,
    Subject,
    Target,
)
from anomed_core.model.amounts import NotAnAmountError
from anomed_core.service.decoding import decode
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.json_documents import misfit
from anomed_core.service.provision import check_arrays, encoded
from anomed_core.wire import Limits

_REFUSALS = (CallRejected, SubmissionRejected)


@attrs.frozen(kw_only=True)
class Asking:
    """A call that is to be answered: a job for the engine.

    Attributes
    ----------
    challenge
        Identifier of the challenge.
    operation
        Name of the operation.
    caller, subject, parameters, payload, split, target, number
        As `Call` has them.
    lines
        What is reserved for it.
    has_begun
        Whether what costs has begun already, as that of a cheap operation has.
    transcript, holdings
        As `Call` has them.
    """

    challenge: str
    operation: str
    caller: Caller
    subject: Subject
    parameters: Mapping[str, str]
    payload: Payload = attrs.field(default=None, repr=False)
    split: Split | None = None
    target: Target | None = attrs.field(default=None, repr=False)
    number: int = 0
    lines: tuple[Line, ...] = ()
    has_begun: bool = False
    transcript: tuple[Exchange, ...] = attrs.field(default=(), repr=False)
    holdings: tuple[Holding, ...] = attrs.field(default=(), repr=False)

    def __str__(self) -> str:
        return f"call of {self.challenge}/{self.operation}"


@attrs.frozen(kw_only=True)
class Pricing:
    """A call whose price is asked for: a job for the engine.

    Attributes
    ----------
    asking
        The call.
    """

    asking: Asking

    @property
    def challenge(self) -> str:
        """Identifier of the challenge."""
        return self.asking.challenge

    def __str__(self) -> str:
        return f"price of a {self.asking}"


@attrs.frozen(kw_only=True)
class Priced:
    """What a call costs.

    Attributes
    ----------
    lines
        Amounts, of the operation's accounts.
    refusal, details
        Why the operation refuses the call; empty if it does not. The same for programs.
    """

    lines: tuple[Line, ...] = ()
    refusal: str = ""
    details: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Answered:
    """What came of a call.

    Attributes
    ----------
    body
        The answer, encoded.
    spent
        What it has cost, where the operation says so.
    refusal, details
        Why the operation refuses the call; empty if it does not. The same for programs.
    """

    body: bytes = attrs.field(default=b"", repr=False)
    spent: tuple[Line, ...] | None = None
    refusal: str = ""
    details: Mapping[str, str] = attrs.field(factory=dict)


@attrs.define
class _Beginning:
    """Passes on that a call has begun, and remembers it."""

    is_done: bool

    def __call__(self) -> None:
        if not self.is_done:
            begin()
            self.is_done = True


def answered(hosted: HostedChallenge, job: Asking) -> Answered:
    """Answer a call, in whatever process this is.

    Raises
    ------
    ContractError
        If the operation returns what it did not declare, or refuses after it has begun.
    Exception
        Whatever the plugin raises.
    """
    operation = hosted.operation(job.operation)
    beginning = _Beginning(job.has_begun)
    try:
        result = operation.run(_call(hosted.challenge, job, beginning))
    except _REFUSALS as error:
        if not beginning.is_done:
            return Answered(refusal=str(error), details=_details(error))
        raise ContractError(
            f"the operation {operation.name!r} refuses a call ({error}) after it has begun with "
            "what costs; refuse before call.begin()"
        ) from error
    answer = result if isinstance(result, Answer) else Answer(payload=result)
    try:
        _check_spent(answer, job.lines, operation)
        return Answered(body=encoded_answer(answer.payload, operation), spent=answer.spent)
    except ContractError as error:
        error.add_note(hosted.blame("anomed_operations", operation.path, operation.run))
        raise


def priced(hosted: HostedChallenge, job: Pricing) -> Priced:
    """Ask what a call costs, in whatever process this is.

    Raises
    ------
    ContractError
        If the price is taken from what the operation did not declare.
    Exception
        Whatever the plugin raises.
    """
    operation = hosted.operation(job.asking.operation)
    price = operation.price
    if price is None or isinstance(price, tuple):
        return Priced(lines=price or ())
    target = job.asking.target
    if target is not None:  # what it has submitted is what an answer is paid for
        target = Target(anonymizer=target.anonymizer)
    public = attrs.evolve(job.asking, target=target, transcript=())
    call = _call(hosted.challenge, public, _Beginning(True))
    try:
        lines = price(call)
        lines = lines if isinstance(lines, tuple) else tuple(lines)
    except _REFUSALS as error:
        return Priced(refusal=str(error), details=_details(error))
    except NotAnAmountError as error:  # what came, as that is what a price is made of
        return Priced(refusal=f"The price of this call cannot be counted: {error}.")
    try:
        operation.check_lines(lines)
    except (ValueError, AttributeError) as error:
        problem = ContractError(f"the price of the operation {operation.name!r} is wrong: {error}")
        problem.add_note(hosted.blame("anomed_operations", operation.path, price))
        raise problem from error
    return Priced(lines=lines)


def _details(error: RequestError) -> Mapping[str, str]:
    return error.details if isinstance(error, CallRejected) else {}


def _check_spent(answer: Answer, reserved: Iterable[Line], operation: Operation) -> None:
    places = {(line.account, line.resource) for line in reserved}
    for line in answer.spent or ():
        if (line.account, line.resource) not in places:
            raise ContractError(
                f"the operation {operation.name!r} spends {line.resource} of {line.account!r}, of "
                "which it has reserved nothing; name it in the price"
            )


def _call(challenge: Challenge, job: Asking, beginning: _Beginning) -> Call:
    return Call(
        challenge=challenge,
        operation=job.operation,
        caller=job.caller,
        subject=job.subject,
        parameters=job.parameters,
        payload=job.payload,
        split=job.split,
        target=job.target,
        number=job.number,
        transcript=job.transcript,
        holdings=job.holdings,
        begin=beginning,
    )


def encoded_answer(payload: Any, operation: Operation) -> bytes:
    """Return an answer as bytes.

    Parameters
    ----------
    payload
        What the operation returned: a JSON value, arrays by name (the array alone where there is
        one), or a table.
    operation
        Says what it declared.

    Raises
    ------
    ContractError
        If the payload is something else than was declared, or too large.
    """
    whose = f"the operation {operation.name!r}"
    schema = operation.answer
    if isinstance(schema, JSONSchema):
        body = _document(payload, schema, whose)
    else:
        body = _file(payload, schema, whose)
    if len(body) > operation.largest_answer_bytes:
        raise ContractError(
            f"{whose} answers with {len(body)} bytes; it declares at most "
            f"{operation.largest_answer_bytes}"
        )
    return body


def _document(payload: Any, schema: JSONSchema, whose: str) -> bytes:
    try:
        body = json.dumps(payload, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ContractError(f"{whose} answers with what is no JSON document: {error}") from error
    if schema.schema and (problem := misfit(json.loads(body), schema.schema)):
        raise ContractError(f"{whose} answers with what does not fit its schema at {problem}")
    return body


def _file(payload: Any, schema: ProductSchema, whose: str) -> bytes:
    if isinstance(schema, ArraysSchema):
        if isinstance(payload, np.ndarray) and len(schema.arrays) == 1:
            payload = {schema.arrays[0].name: payload}
        check_arrays(payload, schema, whose, came="it answers with")
    try:
        body = encoded(payload, schema)
        decode(body, schema, _UNLIMITED)
    except RequestError as error:
        problem = f"{whose} answers with what does not fit its schema: {error}"
        raise ContractError(problem) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ContractError(
            f"{whose} declares a table, but it answers with {type(payload).__name__}"
        ) from error
    return body


_UNLIMITED = Limits(body_bytes=2**40, unpacked_bytes=2**40, table_rows=2**40)
"""For what our own side made; its size is judged by what the operation declares."""
