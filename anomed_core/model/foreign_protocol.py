"""Protocols of other servers, spoken below a path so that their published clients work here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from anomed_core.model.declarations import PATH
from anomed_core.model.roles import Role


@attrs.frozen(kw_only=True)
class Refusal:
    """What the core would have answered instead of an answer; it tells no secrets.

    Attributes
    ----------
    status
        HTTP status code, 400 to 599.
    code
        Name of the error, as in ``X-Error-Code``, such as ``not_authenticated``.
    title
        A few words.
    sentence
        What is wrong, what came, what is allowed.
    headers
        That belong to it, such as ``Retry-After``, by name in lower case.
    request_id
        Under which the organiser finds it in the log.
    details
        What a `CallRejected` says to programs. Of a budget that is exhausted: ``account`` and
        ``resource``, and what the account has left of each, as in ``remaining.epsilon``.
    claimed
        Who the client says it is, in the protocol's header; empty if it says nothing.
    """

    status: int
    code: str
    title: str
    sentence: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    request_id: str = ""
    details: Mapping[str, str] = attrs.field(factory=dict)
    claimed: str = ""


@attrs.frozen(kw_only=True)
class Rendered:
    """An answer as another protocol writes it.

    Attributes
    ----------
    status
        HTTP status code, 100 to 599.
    body
        Content.
    media_type
        Of the content.
    headers
        Further ones.
    """

    status: int = attrs.field(
        validator=[attrs.validators.instance_of(int), attrs.validators.ge(100)]
    )
    body: bytes = attrs.field(validator=attrs.validators.instance_of(bytes))
    media_type: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class ForeignJob:
    """A job as a protocol tells it.

    Attributes
    ----------
    id
        32 hexadecimal digits; of an unknown job, whatever was asked for.
    state
        ``waiting`` (also while it runs), ``done``, ``failed``, or ``unknown``: there is none, or it
        is somebody else's.
    holder
        Whose it is; empty for an unknown one.
    operation
        Name of what was called.
    answer
        What the call was answered, once it is done.
    refusal
        Why nothing comes of it, or why it is unknown.
    """

    id: str
    state: str = attrs.field(
        validator=attrs.validators.in_(("waiting", "done", "failed", "unknown"))
    )
    holder: str = ""
    operation: str = ""
    answer: bytes | None = attrs.field(default=None, repr=False)
    refusal: Refusal | None = None


@attrs.frozen(kw_only=True)
class ForeignJobs:
    """How a protocol answers calls by jobs, where it does.

    Attributes
    ----------
    path
        Below the protocol's prefix; behind it stands a job's id, with or without hyphens.
    is_wanted
        Called with an operation's name and a request's headers, by name in lower case; says whether
        this call wants a job.
    accept
        Writes a job that was just accepted, or that has ended within `wait_s` already.
    tell
        Writes a job that somebody asks for.
    wait_s
        Seconds that a call waits for its job to end before it is accepted.
    """

    path: str = attrs.field(validator=PATH)
    is_wanted: Callable[[str, Mapping[str, str]], bool] = attrs.field(
        validator=attrs.validators.is_callable()
    )
    accept: Callable[[ForeignJob], Rendered] = attrs.field(validator=attrs.validators.is_callable())
    tell: Callable[[ForeignJob], Rendered] = attrs.field(validator=attrs.validators.is_callable())
    wait_s: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))


def _is_identity(protocol: ForeignProtocol, _: object, role: Role) -> None:
    if role not in {Role.ANONYMIZER, Role.DEANONYMIZER}:
        raise ValueError(f"{protocol.prefix}: ids are of anonymizers or deanonymizers, got {role}")


@attrs.frozen(kw_only=True)
class ForeignProtocol:
    """How everything below a path is written that the core says there.

    Attributes
    ----------
    prefix
        Path below the challenge, such as ``/lomas``; it and all that is below it.
    refuse
        Called with every `Refusal`, of unknown routes and wrong tokens, too; returns a `Rendered`.
        If it raises, the core's own form is sent, with status 500.
    identity_header
        Name of a header in which clients say who they are; empty if there is none. It must be an id
        of the token's holder, and says which one is meant where there are several. Without tokens
        (``auth = "open"``) it is believed.
    identity_role
        Whose ids these are.
    identity_aliases
        Names in the header that are no ids, such as those with spaces, and the ids that they mean.
    identity_parameter
        Name of a query parameter under which operations learn what the header says, word for word;
        none if it is empty. It comes from the header alone: what a query says of it counts nothing.
    jobs
        How calls are answered by jobs; ``None`` if they never are, but in the core's own way.
    sign_in
        Path below the prefix under which clients sign in by OpenID Connect, with a token as the
        password, or by a device code (RFC 8628); empty for none.

    Examples
    --------
    >>> def refuse(refusal):
    ...     return Rendered(status=refusal.status, body=refusal.sentence.encode())
    >>> protocol = ForeignProtocol(prefix="/other", refuse=refuse, identity_header="X-User")
    >>> protocol.refuse(Refusal(status=404, code="not_found", title="", sentence="No.")).body
    b'No.'
    """

    prefix: str = attrs.field(validator=PATH)
    refuse: Callable[[Refusal], Rendered] = attrs.field(validator=attrs.validators.is_callable())
    identity_header: str = ""
    identity_role: Role = attrs.field(
        default=Role.ANONYMIZER, converter=Role, validator=_is_identity
    )
    identity_aliases: Mapping[str, str] = attrs.field(factory=dict)
    identity_parameter: str = ""
    jobs: ForeignJobs | None = None
    sign_in: str = attrs.field(
        default="", validator=attrs.validators.or_(attrs.validators.in_(("",)), PATH)
    )
