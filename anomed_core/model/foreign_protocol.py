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
    """

    status: int
    code: str
    title: str
    sentence: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    request_id: str = ""


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
