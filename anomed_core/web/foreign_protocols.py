"""Foreign protocols: whose words are spoken below a path, and who its clients say they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import attrs
import falcon
import structlog

from anomed_core.errors import ContractError, InvalidParameterError, NotAllowedError, culprit_of
from anomed_core.ledger import Identity
from anomed_core.model import ForeignProtocol, Refusal, Rendered
from anomed_core.service import HostedChallenge
from anomed_core.service.acting import OWN_ID, is_here
from anomed_core.service.declared_parts import is_below
from anomed_core.web.errors import opaque_answer

log = structlog.get_logger(__name__)

_OF_REFUSALS = ("allow", "location", "retry-after", "www-authenticate")
_LEAST_CODE, _LAST_CODE = 400, 599
_LONGEST_NAME = 200


@attrs.frozen
class Spoken:
    """A protocol where it is spoken."""

    hosted: HostedChallenge
    protocol: ForeignProtocol

    def blaming(self, call: Callable[[], Any], function: Callable[..., Any]) -> Any:
        """Call a function of the protocol's plugin, which is blamed for whatever it raises."""
        try:
            return call()
        except Exception as error:
            error.add_note(self.hosted.blame("anomed_protocols", self.protocol.prefix, function))
            raise


class ForeignProtocols:
    """Knows where which protocol is spoken; writes refusals in its words.

    As middleware it belongs behind whatever adds headers to refusals and before the request log,
    which then sees the status that was sent.

    Parameters
    ----------
    mounts
        Challenges by the URL path below which they are mounted.
    """

    def __init__(self, mounts: Mapping[str, HostedChallenge]) -> None:
        self._spoken = {
            f"{base}{prefix}": Spoken(hosted, protocol)
            for base, hosted in mounts.items()
            for prefix, protocol in hosted.protocols.items()
        }

    def at(self, path: str) -> Spoken | None:
        """Return what is spoken at a path; ``None`` for the core's own words."""
        return next(
            (spoken for prefix, spoken in self._spoken.items() if is_below(path, prefix)), None
        )

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: Any, _succeeded: bool
    ) -> None:
        """Write a refusal, if this is one, in the words that are spoken here."""
        refusal: Refusal | None = getattr(resp.context, "refusal", None)
        spoken = self.at(req.path) if refusal is not None and self._spoken else None
        if refusal is None or spoken is None:
            return
        headers = {name: resp.get_header(name) for name in _OF_REFUSALS}
        headers |= {name: value for name, value in resp.headers.items() if name.startswith("x-")}
        told = {name: value for name, value in headers.items() if value is not None}
        claimed = req.get_header(spoken.protocol.identity_header or "user-agent") or ""
        whole = attrs.evolve(
            refusal,
            headers=told,
            claimed=claimed[:_LONGEST_NAME] if spoken.protocol.identity_header else "",
            request_id=refusal.request_id or req.context.request_id,
        )
        refuse = spoken.protocol.refuse
        try:
            answer = rendered(lambda: refuse(whole), spoken, refuse, least=_LEAST_CODE)
        except Exception as error:
            log.exception("a refusal was not written", culprit=culprit_of(error), path=req.path)
            opaque_answer(resp, req.context.request_id)
            return
        write(resp, answer)


def rendered(
    call: Callable[[], Rendered],
    spoken: Spoken,
    function: Callable[..., Any],
    *,
    least: int = 200,
) -> Rendered:
    """Return what a function of a protocol has written, unless it is no answer.

    Raises
    ------
    ContractError
        If it is none, or has a status below `least`.
    Exception
        Whatever the function raises.
    """

    def checked() -> Rendered:
        answer = call()
        name = getattr(function, "__name__", "a protocol's function")
        if not isinstance(answer, Rendered):
            raise ContractError(f"{name} must return a Rendered, got {type(answer).__name__}")
        if not least <= answer.status <= _LAST_CODE:
            raise ContractError(
                f"{name} must return a status from {least} to {_LAST_CODE}, got {answer.status}"
            )
        return answer

    answer: Rendered = spoken.blaming(checked, function)
    return answer


def write(resp: falcon.Response, rendered: Rendered) -> None:
    """Answer with what a protocol has rendered."""
    resp.status = rendered.status
    resp.content_type = rendered.media_type
    for name, value in rendered.headers.items():
        resp.set_header(name, value)
    resp.stream = None
    resp.data = rendered.body


def take_identity(req: falcon.Request, spoken: Spoken, *, trusts_ids: bool) -> None:
    """Read who a client says it is, and name it where all routes look for it: in the query.

    Raises
    ------
    NotAllowedError
        If it is not an id of the token's holder.
    InvalidParameterError
        If the query names another one.
    """
    protocol = spoken.protocol
    said = req.get_header(protocol.identity_header) if protocol.identity_header else None
    _tell_operations(req, protocol, said)
    name = protocol.identity_aliases.get(said, said) if said else None
    identity: Identity | None = req.context.identity
    if not name or (identity is None and not trusts_ids):
        return
    if identity is not None and not _holds(identity, spoken, name):
        raise NotAllowedError(
            f"The header {protocol.identity_header} says {name[:80]!r}, which is no "
            f"{protocol.identity_role} of the token's holder; send the token's own id."
        )
    parameter = OWN_ID[protocol.identity_role]
    # All routes look for ids in the query, and Falcon's own dictionary is what they read.
    given = cast("dict[str, str | list[str]]", req.params).setdefault(parameter, name)
    if given != name:
        raise InvalidParameterError(
            parameter,
            f"it is not {name[:80]!r} as the header {protocol.identity_header} says; give it once.",
        )


def _tell_operations(req: falcon.Request, protocol: ForeignProtocol, said: str | None) -> None:
    """Let operations know what the header says; a query cannot say it in its place."""
    if not protocol.identity_parameter:
        return
    given = cast("dict[str, str | list[str]]", req.params)
    given.pop(protocol.identity_parameter, None)
    if said:
        given[protocol.identity_parameter] = said


def _holds(identity: Identity, spoken: Spoken, name: str) -> bool:
    return any(
        grant.holder == name
        and grant.role is spoken.protocol.identity_role
        and is_here(grant, spoken.hosted)
        for grant in identity.grants
    )
