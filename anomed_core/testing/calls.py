"""Calls of operations as participants make them: with examples, by everybody who may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from anomed_core.model import FormSchema, JSONSchema, Line, Operation, Role, Subject
from anomed_core.service.accounts import accounts_of
from anomed_core.service.acting import OWN_ID, named_caller
from anomed_core.service.dummy import dummy_request
from anomed_core.service.encoding import encode_body
from anomed_core.state.payloads import Body
from anomed_core.testing.client import Answer, ChallengeClient, filled_in
from anomed_core.testing.trials import is_published, publish_for_attacks

_MOST_EXAMPLES = 5
_PLAYERS = (Role.ANONYMIZER, Role.DEANONYMIZER)


@attrs.frozen(kw_only=True, eq=False)
class TriedCall:
    """An example of a call.

    Attributes
    ----------
    operation
        What is called.
    role
        As what; public for nobody in particular.
    payload
        What is sent.
    query
        Parameters of the request, save the caller's id.
    """

    operation: Operation
    role: Role
    payload: Any = attrs.field(repr=False)
    query: Mapping[str, str]

    def __str__(self) -> str:
        shown = repr(self.payload)
        shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}..."
        sent = "" if self.operation.request is None else f" with {shown}"
        return f"{self.operation.method} {self.operation.path} by {self.role}{sent}"

    def query_of(self, who: str) -> dict[str, str]:
        """Return the parameters of the request of somebody."""
        own = OWN_ID.get(self.role)
        return {**self.query, own: who} if own else dict(self.query)

    @property
    def body(self) -> Body:
        """What is sent, as bytes or as the parts of a form."""
        if self.operation.request is None:
            return b""
        return encode_body(self.payload, self.operation.request)

    def subject_of(self, who: str) -> Subject:
        """Return somebody as the ledger knows the caller."""
        query = self.query_of(who)
        target = query.get("anonymizer", "") if self.operation.with_target else ""
        return Subject(
            role=self.role,
            anonymizer=who if self.role is Role.ANONYMIZER else target,
            deanonymizer=who if self.role is Role.DEANONYMIZER else "",
        )


_LONGEST_SHOWN = 80


def calls(client: ChallengeClient) -> Iterator[TriedCall]:
    """Yield examples of each operation, by each role that may call it.

    Raises
    ------
    UsageError
        If the schema of an operation says nothing that an example could be made of.
    """
    operations = client.hosted.operations
    if any(operation.with_target for operation in operations):
        publish_for_attacks(client)
    for operation in operations:
        if operation.with_target and not is_published(client, None):
            continue
        for role in sorted(operation.audience):
            own = {OWN_ID[one] for one in _PLAYERS} - (
                {"anonymizer"} if operation.with_target else set()
            )
            known = {"anonymizer": client.anonymizer}
            query = {
                name: value
                for name, value in filled_in(operation.query, known).items()
                if name not in own
            }
            for seed in range(_n_examples(operation)):
                payload = dummy_request(operation, seed)
                yield TriedCall(operation=operation, role=role, payload=payload, query=query)


def _n_examples(operation: Operation) -> int:
    if isinstance(operation.request, JSONSchema):
        return min(_MOST_EXAMPLES, max(1, len(operation.request.schema.get("examples", ()))))
    return 1 if operation.request is None or isinstance(operation.request, FormSchema) else 2


def call_as(client: ChallengeClient, call: TriedCall, who: str, **options: Any) -> Answer:
    """Make a call in somebody's name, who is given what it costs if an account holds too little.

    Options are those of `ChallengeClient.request`.
    """
    answer = _called(client, call, who, options)
    if answer.headers.get("x-error-code") == "budget_exhausted":
        _grant(client, call, who)
        answer = _called(client, call, who, options)
    return answer


def _called(
    client: ChallengeClient, call: TriedCall, who: str, options: Mapping[str, Any]
) -> Answer:
    operation = call.operation
    return client.request(
        operation.method, operation.path, query=call.query_of(who), body=call.body, **options
    )


def price_of(client: ChallengeClient, call: TriedCall, who: str) -> tuple[Line, ...]:
    """Return what a call costs somebody.

    Raises
    ------
    RequestError
        If it is refused.
    ServiceError
        If the price fails.
    """
    operation = client.hosted.operation(call.operation.name)
    query = call.query_of(who)
    asking = client.server.operations.asking(
        client.hosted, operation, named_caller(operation, query), query, call.body
    )
    return client.server.operations.price_of(operation, asking)


def _grant(client: ChallengeClient, call: TriedCall, who: str) -> None:
    subject = call.subject_of(who)
    shared = {account.name for account in accounts_of(client.hosted, subject) if account.shared}
    for line in price_of(client, call, who):
        holder = None if line.account in shared else subject
        client.server.ledger.budgets.grant(
            client.hosted.id,
            line.account,
            [holder],
            {line.resource: line.amount},
            reason="to try a call",
        )
