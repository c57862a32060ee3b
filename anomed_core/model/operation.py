"""What participants may ask the server, besides handing something in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from anomed_core.model._converters import as_roles, as_split, as_tuple, matching
from anomed_core.model.accounts import Account, Holding, Line
from anomed_core.model.challenge import Challenge
from anomed_core.model.declarations import ANONYMIZER, DATA_SPLIT, DEANONYMIZER, PATH, Parameter
from anomed_core.model.events import Payload, Subject, Target
from anomed_core.model.exchanges import Exchange
from anomed_core.model.payloads import JSONSchema, ProductSchema, SubmissionSchema
from anomed_core.model.roles import Role, Split

_MIB = 2**20
_OWN_ID = {Role.ANONYMIZER: ANONYMIZER, Role.DEANONYMIZER: DEANONYMIZER}


@attrs.frozen(kw_only=True)
class Caller:
    """Who calls an operation.

    Attributes
    ----------
    id
        Identifier of the anonymizer or deanonymizer, or the organiser's name; empty for somebody
        whom nobody knows.
    role
        As what it calls: of the operation's audience.
    team
        Whose token it is; empty where ids are trusted without one.
    """

    id: str = ""
    role: Role
    team: str = ""


@attrs.frozen(kw_only=True)
class Answer:
    """What an operation returns, where the payload alone does not say it all.

    Attributes
    ----------
    payload
        As the operation's ``answer`` declares it.
    spent
        What it has cost, where that is less than its price: lines that are not named are spent as
        they were reserved. More is an incident: the account is frozen, and nobody sees the answer.
    """

    payload: Payload
    spent: tuple[Line, ...] | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_tuple)
    )


def _nothing() -> None:
    """Tell nobody."""


@attrs.frozen(kw_only=True)
class Call:
    """A request for an operation, on its way to the function that answers it.

    Attributes
    ----------
    challenge
        The challenge.
    operation
        Name of the operation.
    caller
        Who calls.
    subject
        The same person as the ledger knows it; a deanonymizer together with the anonymizer that it
        asks about, where the operation has a target.
    parameters
        Query parameters that were given, already validated.
    payload
        Decoded and validated body; ``None`` for an operation that takes none. Arrays are read-only.
    split
        The split that it is about; ``None`` for an operation that is about none.
    target
        The anonymizer that it asks about, for operations declared ``with_target``. A price is told
        its name, and nothing of what it has submitted.
    number
        Of the claim that pays for it: no other call of any challenge has it. 0 where nothing is
        paid, and for a price.
    transcript
        What the caller has asked in paid calls before, with times and oldest first, for operations
        declared ``with_transcript``; nothing for a price.
    holdings
        How the caller's accounts stand, for operations declared ``with_holdings``. A price may ask
        whether there is an account, and must not depend on what is left of it.
    """

    challenge: Challenge
    operation: str
    caller: Caller
    subject: Subject
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    payload: Payload = attrs.field(default=None, repr=False)
    split: Split | None = None
    target: Target | None = None
    number: int = 0
    transcript: tuple[Exchange, ...] = attrs.field(default=(), repr=False)
    holdings: tuple[Holding, ...] = attrs.field(default=(), repr=False)
    _begin: Callable[[], None] = attrs.field(default=_nothing, eq=False, repr=False, alias="begin")

    @property
    def anonymizer(self) -> str:
        """Identifier of the anonymizer that calls, or that is asked about; empty for none."""
        return self.subject.anonymizer

    @property
    def deanonymizer(self) -> str:
        """Identifier of the deanonymizer; empty if none calls."""
        return self.subject.deanonymizer

    def begin(self) -> None:
        """Say that what costs begins now; return once that is noted.

        Whatever goes wrong before costs the caller nothing; afterwards, what is reserved is
        released or spent, as each resource says. A cheap operation has begun when it is called.
        """
        self._begin()


def _as_price(
    price: Iterable[Line] | Callable[[Call], Iterable[Line]] | None,
) -> tuple[Line, ...] | Callable[[Call], Iterable[Line]] | None:
    return price if price is None or callable(price) else tuple(price)


@attrs.frozen(kw_only=True)
class Operation:
    """Something that participants may call: they ask, and the server answers at once.

    Attributes
    ----------
    name
        Short name, unique among the challenge's operations, such as ``hint``.
    path
        Route below the challenge; ``/operations/`` and the name, if it is not given.
    audience
        Who may call it under ``auth = "tokens"``: ``public`` is everybody, ``organiser`` the
        organiser, who else may call nothing. Under ``auth = "open"``, whose id the query names
        tells who calls.
    run
        Answers a `Call` with a payload, or an `Answer`. It may refuse by raising `CallRejected`,
        before it begins with what costs: a cheap operation with a price refuses in its price.
    accounts
        What its price is taken from. Without accounts it is free: nothing of a call is recorded.
    price
        What a call costs, reserved before it runs: lines, or a function of the `Call` that returns
        lines or raises `CallRejected`. It may depend on the request and on what is public alone, as
        its caller learns it; the conformance kit checks that.
    requires_sealed
        Name of an account that its caller must have sealed; empty for none.
    method
        ``POST``, or ``GET`` for an operation that takes no body.
    request
        What a body must decode to; ``None`` if there is none. The ``examples`` of a JSON Schema are
        shown to participants and called by the conformance kit; arrays and tables are made from
        what is declared of them.
    answer
        What is answered: a JSON document (any one, if it is not given), arrays or a table. An
        answer that does not fit is our fault.
    parameters
        Query parameters of its own. The ids of caller and target are taken in any case.
    default_split
        The split of a request that names none. Without it, an operation is about a split if
        ``data_split`` is among its parameters. Of a split that has a phase, it is only answered
        then.
    with_target
        Whether a deanonymizer asks about an anonymizer, and the answer needs what that has
        submitted. Calls about somebody who has submitted nothing are refused.
    same_split
        Whether that submission is the newest one for the split in the query, which is required
        then, as for `DataProduct`; it is so with a target, unless it is denied.
    with_transcript
        Whether the answer needs what its caller has asked in paid calls before; see `Call`.
    with_holdings
        Whether the answer needs to know how its caller's accounts stand; see `Call`.
    cheap
        Whether it is short and safe enough to be answered inside the web worker; otherwise it runs
        in a worker process with limits on time and memory.
    long
        Whether it takes longer than somebody waits: each call is answered by a job (202), whose
        result is what the answer would have been. Of any other that is not cheap, callers may ask
        for a job. A job has an owner, so it is not for the public.
    largest_request_bytes
        Largest body; ``None`` for the server's own limit, which holds in any case.
    largest_answer_bytes
        Largest answer; a larger one is our fault.
    description
        One sentence for participants.

    Examples
    --------
    >>> greeting = Operation(
    ...     name="greet", audience="public", run=lambda call: {"hello": call.parameters["whom"]},
    ...     parameters=[Parameter(name="whom")], method="GET",
    ... )
    >>> greeting.path, [parameter.name for parameter in greeting.query]
    ('/operations/greet', ['whom'])
    """

    name: str = attrs.field(
        validator=matching(
            r"[a-z][a-z0-9_-]*", "lower-case letters, digits, hyphens, as in buy-hint"
        )
    )
    path: str = attrs.field(
        default=attrs.Factory(lambda self: f"/operations/{self.name}", takes_self=True),
        validator=PATH,
    )
    audience: frozenset[Role] = attrs.field(converter=as_roles)
    run: Callable[[Call], Any] = attrs.field(
        eq=False, repr=False, validator=attrs.validators.is_callable()
    )
    accounts: tuple[Account, ...] = attrs.field(converter=as_tuple, default=())
    price: tuple[Line, ...] | Callable[[Call], Iterable[Line]] | None = attrs.field(
        default=None, eq=False, repr=False, converter=_as_price
    )
    requires_sealed: str = ""
    method: str = attrs.field(default="POST", validator=attrs.validators.in_(("POST", "GET")))
    request: SubmissionSchema | None = None
    answer: ProductSchema = attrs.field(factory=JSONSchema)
    parameters: tuple[Parameter, ...] = attrs.field(converter=as_tuple, default=())
    default_split: Split | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_split)
    )
    with_target: bool = False
    same_split: bool = attrs.field(
        default=attrs.Factory(lambda self: self.with_target, takes_self=True)
    )
    with_transcript: bool = False
    with_holdings: bool = False
    cheap: bool = False
    long: bool = False
    largest_request_bytes: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.gt(0))
    )
    largest_answer_bytes: int = attrs.field(default=16 * _MIB, validator=attrs.validators.gt(0))
    description: str = ""

    def __attrs_post_init__(self) -> None:
        if not self.audience:
            raise ValueError(f"{self.name}: say who may call it: audience={{'anonymizer'}}")
        self._require_fit_for_jobs()
        if self.method == "GET" and self.request is not None:
            raise ValueError(f"{self.name}: a GET has no body; declare method='POST'")
        if bool(self.accounts) != (self.price is not None):
            raise ValueError(
                f"{self.name}: accounts and price belong together; give "
                + ("price=[Line(account, resource, amount)]" if self.accounts else "accounts=[...]")
            )
        for account in self.accounts:
            if "/" in account.name:
                raise ValueError(
                    f"{self.name}: the account {account.name!r} is the core's; leave out the slash"
                )
        if self.price is not None and self.method == "GET":
            raise ValueError(f"{self.name}: what costs something is called with POST, not GET")
        if isinstance(self.price, tuple):
            self.check_lines(self.price)
        if self.with_target and not self.audience <= {Role.DEANONYMIZER, Role.ORGANISER}:
            raise ValueError(
                f"{self.name}: only deanonymizers ask about an anonymizer; "
                f"its audience is {sorted(self.audience)}"
            )
        if self.same_split and not self.with_target:
            raise ValueError(f"{self.name}: same_split is about a target; declare with_target=True")

    def _require_fit_for_jobs(self) -> None:
        if self.long and (self.cheap or self.method == "GET" or Role.PUBLIC in self.audience):
            raise ValueError(
                f"{self.name}: what is long is a job, which is posted, not cheap, and has an "
                "owner, so it is not for the public"
            )

    @classmethod
    def of(
        cls,
        run: Callable[[Call], Any],
        *,
        name: str | None = None,
        description: str | None = None,
        **options: Any,
    ) -> Operation:
        """Declare an operation by the function that answers it.

        Parameters
        ----------
        run
            Answers a `Call`.
        name
            The function's name, with hyphens, if it is not given.
        description
            The first line of the function's docstring, if it is not given.
        **options
            Further attributes of the operation.

        Returns
        -------
        Operation

        Examples
        --------
        >>> def how_many(call):
        ...     return len(call.challenge.definition)
        >>> Operation.of(how_many, audience="anonymizer", description="Their number.").path
        '/operations/how-many'
        """
        if name is None:
            name = run.__name__.strip("_").replace("_", "-")
        if description is None:
            description = (inspect.getdoc(run) or "").partition("\n")[0]
        return cls(name=name, description=description, run=run, **options)

    def check_lines(self, lines: Iterable[Line]) -> None:
        """Refuse lines on accounts or resources that the operation does not declare.

        Raises
        ------
        ValueError
            With what there is.
        """
        declared = {account.name: account for account in self.accounts}
        for line in lines:
            if line.account not in declared:
                raise ValueError(
                    f"{self.name}: a line names the account {line.account!r}; its accounts are "
                    f"{', '.join(declared) or 'none'}"
                )
            declared[line.account].resource(line.resource)

    @property
    def begins_at_once(self) -> bool:
        """Whether a call has begun with what costs when it is called: cheap ones that cost."""
        return self.cheap and self.price is not None

    @property
    def query(self) -> tuple[Parameter, ...]:
        """All query parameters: ids of caller and target, the split, and its own."""
        callers = [_OWN_ID[role] for role in sorted(self.audience) if role in _OWN_ID]
        if len(self.audience) > 1:  # then it is open who calls
            callers = [attrs.evolve(parameter, required=False) for parameter in callers]
        asked = [*([ANONYMIZER] if self.with_target else []), *callers]
        if self.same_split:
            asked.append(attrs.evolve(DATA_SPLIT, required=self.default_split is None))
        own = {parameter.name for parameter in self.parameters}
        return (*(one for one in asked if one.name not in own), *self.parameters)
