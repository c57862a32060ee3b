"""Sessions: how a browser stays signed in.

A session is ``KIND.SUBJECT.CHALLENGE.EXPIRY.NONCE.MAC``: whose it is, for which challenge, until
when, and 128 random bits, under a MAC of the server's secret. So every worker and every replica
believes it, and nothing is stored of it. A session of a token ends with that token; one of a name
is for servers that believe names; a visitor's is nobody's, and only keeps forms from being forged.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

import attrs

from anomed_core.errors import InvalidParameterError, NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import EVERY_CHALLENGE, Identity
from anomed_core.service.derived_tokens import for_challenge
from anomed_core.service.parameters import IDENTIFIER

LONGEST_S = 7 * 86_400
"""Seconds after which a browser must be signed in anew, however it is used."""

_FORM = re.compile(
    r"([tnvd])\.((?:[0-9a-f]{2})*)\.((?:[0-9a-f]{2})*)\.([0-9a-f]{8,12})\.([0-9a-f]{32})\."
    r"([0-9a-f]{64})"
)


class Of(StrEnum):
    """Whose a session is."""

    TOKEN = "t"  # noqa: S105 - the letter in a cookie
    NAME = "n"
    VISITOR = "v"
    DEVICE = "d"


@attrs.frozen(kw_only=True)
class Session:
    """How a browser is signed in.

    Attributes
    ----------
    of
        Whose it is.
    subject
        Id of the token, the name, or the code of a device that waits; empty for a visitor.
    challenge
        The only challenge that it is for; empty for all that the token is for.
    expires_at
        When it ends at the latest, in UTC.
    value
        The cookie.
    identity
        Who it is; ``None`` unless it is of a token.
    """

    of: Of
    subject: str
    challenge: str
    expires_at: datetime
    value: str = attrs.field(repr=False)
    identity: Identity | None = None


@attrs.frozen(kw_only=True)
class Sessions:
    """Makes sessions, and believes them.

    Attributes
    ----------
    secret
        The server's.
    believe
        Returns who a token belongs to, derived or not.
    identity_of
        Returns who the token with an id belongs to; ``None`` if it is unknown or revoked.
    now
        Returns the time of the ledger, which never runs backwards.
    trusts_ids
        Whether names are believed, and tokens are not looked at.
    """

    secret: bytes = attrs.field(repr=False)
    believe: Callable[[str], Identity | None]
    identity_of: Callable[[str], Identity | None]
    now: Callable[[], datetime]
    trusts_ids: bool

    def sign_in(self, token: str) -> Session:
        """Begin a session with a token; a derived one makes it end with itself.

        Raises
        ------
        NotAuthenticatedError
            If the token is not known, or was revoked, or none are looked at.
        """
        identity = None if self.trusts_ids else self.believe(token.strip())
        if identity is None:
            raise NotAuthenticatedError(
                "This token is not known, or was revoked. Copy it again, or ask the organiser for "
                "a new one."
            )
        return self.of_identity(identity)

    def of_identity(self, identity: Identity) -> Session:
        """Begin a session of somebody who is known."""
        challenge = "" if identity.expires_at is None else identity.grants[0].challenge
        return attrs.evolve(
            self._made(Of.TOKEN, identity.token, challenge, identity.expires_at), identity=identity
        )

    def name(self, name: str) -> Session:
        """Begin a session under a name, where names are believed.

        Raises
        ------
        NotAllowedError
            If they are not.
        InvalidParameterError
            If it is no identifier.
        """
        if not self.trusts_ids:
            raise NotAllowedError("Names are not believed here; sign in with a token.")
        if not IDENTIFIER.fullmatch(name):
            raise InvalidParameterError(
                "name",
                f"got {name[:80]!r}; a name has 1 to 128 letters, digits or ._@+:- and begins "
                "with a letter or digit.",
            )
        return self._made(Of.NAME, name)

    def visitor(self) -> Session:
        """Begin a session of nobody."""
        return self._made(Of.VISITOR)

    def device(self, device_code: str, *, challenge: str) -> Session:
        """Begin a session of a browser that waits to be let in."""
        return self._made(Of.DEVICE, device_code, challenge)

    def known(self, value: str) -> Session | None:
        """Return the session of a cookie; ``None`` if it has ended, or never was one."""
        form = _FORM.fullmatch(value)
        if form is None or not hmac.compare_digest(form[6], self._mac(value[: form.end(5)])):
            return None
        session = Session(
            of=Of(form[1]),
            subject=bytes.fromhex(form[2]).decode(),
            challenge=bytes.fromhex(form[3]).decode(),
            expires_at=datetime.fromtimestamp(int(form[4], 16), UTC),
            value=value,
        )
        if self.now() >= session.expires_at:
            return None
        if session.of is Of.TOKEN:
            return self._with_identity(session)
        return None if session.of is Of.NAME and not self.trusts_ids else session

    def form_key(self, session: Session) -> str:
        """Return what a form of this session must bring back, and no other site can know."""
        return hmac.digest(self.secret, f"form of {session.value}".encode(), "sha256").hex()

    def is_form_key(self, session: Session, given: str) -> bool:
        """Return whether a form comes from a page of this session."""
        return hmac.compare_digest(self.form_key(session).encode(), given.encode())

    def note(self, session: Session, said: str) -> str:
        """Return a sentence as a cookie that this session alone believes."""
        return f"{said.encode().hex()}.{self._mac(f'note {session.value} {said}')}"

    def noted(self, session: Session, cookie: str) -> str:
        """Return the sentence of a cookie; nothing if it is not this session's."""
        text, _, mac = cookie.partition(".")
        try:
            said = bytes.fromhex(text).decode()
        except ValueError:
            return ""
        right = self._mac(f"note {session.value} {said}")
        return said if hmac.compare_digest(mac.encode(), right.encode()) else ""

    def _with_identity(self, session: Session) -> Session | None:
        identity = None if self.trusts_ids else self.identity_of(session.subject)
        if identity is not None and session.challenge not in {"", EVERY_CHALLENGE}:
            identity = for_challenge(identity, session.challenge, ends_at=session.expires_at)
        return None if identity is None else attrs.evolve(session, identity=identity)

    def _made(
        self, of: Of, subject: str = "", challenge: str = "", ends_at: datetime | None = None
    ) -> Session:
        latest = int(self.now().timestamp()) + LONGEST_S
        expires = latest if ends_at is None else min(latest, int(ends_at.timestamp()))
        words = (subject.encode().hex(), challenge.encode().hex(), f"{expires:08x}")
        signed = ".".join((of.value, *words, secrets.token_hex(16)))
        return Session(
            of=of,
            subject=subject,
            challenge=challenge,
            expires_at=datetime.fromtimestamp(expires, UTC),
            value=f"{signed}.{self._mac(signed)}",
        )

    def _mac(self, signed: str) -> str:
        return hmac.digest(self.secret, f"session {signed}".encode(), "sha256").hex()
