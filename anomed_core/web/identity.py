"""Who asks: by the Authorization header or a browser's session, counted against the cap.

A session says who reads. It never sends anything by itself: what a browser posts is believed if it
is a form of our own pages, which `anomed_core.web.forms` looks at.
"""

from __future__ import annotations

import base64

import attrs
import falcon

from anomed_core.errors import NotAuthenticatedError
from anomed_core.ledger import Identity
from anomed_core.model import ANONYMIZER, DEANONYMIZER
from anomed_core.service.identities import Authorizer
from anomed_core.service.sessions import Of, Session, Sessions
from anomed_core.service.throttle import Throttle
from anomed_core.web.foreign_protocols import ForeignProtocols, take_identity
from anomed_core.web.forms import COOKIE
from anomed_core.web.query import read_query

PROBES = frozenset({"/livez", "/readyz"})
"""Never refused for being too many: a server must not seem dead because somebody is loud."""

READING = frozenset({"GET", "HEAD"})
"""Methods for which a session alone says who asks."""

_MOST_COOKIES = 4


@attrs.frozen
class IdentityCheck:
    """Puts the identity of whoever asks into the request's context.

    Attributes
    ----------
    authorizer
        Knows the tokens.
    throttle
        Counts requests; ``None`` without a cap.
    protocols
        Know where a header says who asks.
    sessions
        Know the cookies of browsers that are signed in.
    """

    authorizer: Authorizer
    throttle: Throttle | None
    protocols: ForeignProtocols
    sessions: Sessions

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Identify whoever asks.

        Raises
        ------
        NotAuthenticatedError
            If there are credentials and they are wrong.
        NotAllowedError, InvalidParameterError
            If a header of the protocol that is spoken here says something else.
        QuotaExhaustedError
            If it is one request too many.
        """
        req.context.identity = None
        req.context.session = session = self._session(req)
        header = req.env.get("HTTP_AUTHORIZATION")
        if header is not None and not self.authorizer.trusts_ids:
            try:
                req.context.identity = self.authorizer.identity(*credentials(header))
            except NotAuthenticatedError:
                # Counted after the look-up: behind a proxy many share an address, and whoever
                # sends junk from there must not shut out those whose tokens are valid.
                self._count(req)
                raise
        elif header is None and session is not None and req.method in READING:
            req.context.identity = session.identity
        self._count(req)
        spoken = self.protocols.at(req.path)
        if spoken is not None:
            take_identity(req, spoken, trusts_ids=self.authorizer.trusts_ids)

    def _session(self, req: falcon.Request) -> Session | None:
        """Return the session of a browser, and note whether it had one that has ended."""
        values = req.get_cookie_values(COOKIE) if "HTTP_COOKIE" in req.env else None
        known = [self.sessions.known(value) for value in (values or ())[:_MOST_COOKIES]]
        session = next((one for one in known if one is not None), None)
        req.context.session_ended = bool(values) and session is None
        is_named = session is not None and session.of is Of.NAME
        req.context.names = (
            {ANONYMIZER.name: session.subject, DEANONYMIZER.name: session.subject}
            if session is not None and is_named
            else {}
        )
        return session

    def _count(self, req: falcon.Request) -> None:
        if self.throttle is not None and req.path not in PROBES:
            self.throttle.count(who_asks(req, self.authorizer))


def who_asks(req: falcon.Request, authorizer: Authorizer) -> str:
    """Return in whose name a request is counted: the address if nobody else is believed."""
    session: Session | None = req.context.session
    identity: Identity | None = req.context.identity
    if identity is None and session is not None:
        identity = session.identity
    if identity is not None:
        return f"team {identity.team}"
    ids: list[str] = []
    if authorizer.trusts_ids:
        ids = [name for name in read_query(req, (ANONYMIZER, DEANONYMIZER)).values() if name]
        ids = ids or list(dict.fromkeys(req.context.names.values()))
    return "|".join(f"{len(name)}:{name}" for name in ids) or f"address {req.remote_addr}"


def credentials(header: str) -> tuple[str | None, str | None]:
    """Return user name and token of an Authorization header.

    Parameters
    ----------
    header
        ``Bearer TOKEN``, or ``Basic`` with the token as the password, as clients make it of
        ``http://ID:TOKEN@host/``.

    Returns
    -------
    (name, token)
        The name is ``None`` for Bearer; both are for a scheme that is not ours.

    Raises
    ------
    NotAuthenticatedError
        If Basic credentials cannot be read.

    Examples
    --------
    >>> credentials("Bearer secret")
    (None, 'secret')
    >>> credentials("Basic YWxpY2U6c2VjcmV0")
    ('alice', 'secret')
    """
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return None, rest.strip()
    if scheme.lower() != "basic":
        return None, None
    try:
        name, _, token = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except ValueError as error:  # of base64 or of UTF-8
        raise NotAuthenticatedError("The Basic credentials cannot be read.") from error
    return name, token
