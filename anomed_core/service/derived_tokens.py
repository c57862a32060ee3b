"""Derived tokens: short-lived stand-ins for a token, for notebooks, links and devices.

A derived token is ``anomed-<id>-<mac>-<expiry>-<challenge>``: the id of the token that it stands
for, the end of its life and the challenge that it is for, under a MAC of the server's secret. So
nothing is stored of it, and every server that shares secret and ledger believes it. It ends with
its parent.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime

import attrs

from anomed_core.errors import InvalidParameterError, NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import EVERY_CHALLENGE, Identity
from anomed_core.model import Parameter

SECONDS = Parameter(
    name="seconds",
    required=False,
    description="How long the token is valid; 3600 by default, 60 to 604800.",
)
"""Query parameter of ``POST /tokens``."""

_FORM = re.compile(r"anomed-([0-9a-f]{32})-([0-9a-f]{64})-([0-9a-f]{8,12})-((?:[0-9a-f]{2})+)")
_REFRESH_FORM = re.compile(
    r"anomed-refresh-([0-9a-f]{32})-([0-9a-f]{64})-([0-9a-f]{8,12})-((?:[0-9a-f]{2})+)"
)
_DERIVED, _REFRESHES = "derived token", "refresh token"
_NUMBER = re.compile(r"[0-9]{1,9}")
_DEFAULT_S, _SHORTEST_S, _LONGEST_S = 3600, 60, 7 * 86_400


@attrs.frozen(kw_only=True)
class DerivedToken:
    """A token that stands for another one.

    Attributes
    ----------
    token
        To be sent as any other.
    expires_at
        When it ends, in UTC.
    """

    token: str = attrs.field(repr=False)
    expires_at: datetime


@attrs.frozen(kw_only=True)
class DerivedTokens:
    """Makes derived tokens, and believes them.

    Attributes
    ----------
    secret
        The server's.
    identify
        Returns who a token belongs to.
    identity_of
        Returns who the token with an id belongs to; ``None`` if it is unknown or revoked.
    now
        Returns the time of the ledger, which never runs backwards.
    """

    secret: bytes = attrs.field(repr=False)
    identify: Callable[[str], Identity | None]
    identity_of: Callable[[str], Identity | None]
    now: Callable[[], datetime]

    def derive(self, identity: Identity | None, *, challenge: str, seconds: str) -> DerivedToken:
        """Make a token for one challenge out of the caller's.

        Parameters
        ----------
        identity
            Whose token it is.
        challenge
            Identifier of the challenge that it is for.
        seconds
            How long it is valid, as it came in the query; an hour, if it is empty.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
            Without a token, and with one that is derived itself.
        InvalidParameterError
            If it would live too long, or too short.
        """
        if identity is None:
            raise NotAuthenticatedError("A token is derived from one's own; send that.")
        if identity.expires_at is not None:
            raise NotAllowedError("This token is derived itself; derive from the one behind it.")
        expires = int(self.now().timestamp()) + _checked(seconds)
        named = challenge.encode().hex()
        mac = self._mac(identity.token, expires, named)
        return DerivedToken(
            token=f"anomed-{identity.token}-{mac}-{expires:08x}-{named}",
            expires_at=datetime.fromtimestamp(expires, UTC),
        )

    def refresh_token(self, identity: Identity, *, challenge: str) -> str:
        """Make what a program may exchange for derived tokens for a week, and for nothing else."""
        expires = int(self.now().timestamp()) + _LONGEST_S
        named = challenge.encode().hex()
        mac = self._mac(identity.token, expires, named, what=_REFRESHES)
        return f"anomed-refresh-{identity.token}-{mac}-{expires:08x}-{named}"

    def refreshed(self, token: str, *, challenge: str, seconds: str) -> DerivedToken | None:
        """Return a new derived token for one that refreshes; ``None`` if that is not valid here.

        Parameters
        ----------
        token
            As `refresh_token` made it; it stays valid as long as it was.
        challenge, seconds
            As for `derive`.
        """
        form = _REFRESH_FORM.fullmatch(token)
        if form is None or form[4] != challenge.encode().hex():
            return None
        token_id, mac, expires = form[1], form[2], int(form[3], 16)
        genuine = self._mac(token_id, expires, form[4], what=_REFRESHES)
        if not hmac.compare_digest(mac, genuine):
            return None
        if self.now() >= datetime.fromtimestamp(expires, UTC):
            return None
        parent = self.identity_of(token_id)
        if parent is None:
            return None
        return self.derive(parent, challenge=challenge, seconds=seconds)

    def believe(self, token: str) -> Identity | None:
        """Return who a token belongs to, derived or not; ``None`` if it is not valid."""
        form = _FORM.fullmatch(token)
        if form is None:
            return self.identify(token)
        token_id, mac, expires, named = form[1], form[2], int(form[3], 16), form[4]
        if not hmac.compare_digest(mac, self._mac(token_id, expires, named)):
            return None
        ends_at = datetime.fromtimestamp(expires, UTC)
        parent = self.identity_of(token_id) if self.now() < ends_at else None
        if parent is None:
            return None
        return for_challenge(parent, bytes.fromhex(named).decode(), ends_at=ends_at)

    def _mac(self, token_id: str, expires: int, named: str, *, what: str = _DERIVED) -> str:
        text = f"{what} {token_id} {expires} {named}"
        return hmac.digest(self.secret, text.encode(), "sha256").hex()


def for_challenge(identity: Identity, challenge: str, *, ends_at: datetime) -> Identity | None:
    """Return somebody as known in one challenge alone, until a time; ``None`` if not there."""
    grants = tuple(
        attrs.evolve(grant, challenge=challenge)
        for grant in identity.grants
        if grant.challenge in {challenge, EVERY_CHALLENGE}
    )
    return attrs.evolve(identity, grants=grants, expires_at=ends_at) if grants else None


def _checked(seconds: str) -> int:
    lifetime = _DEFAULT_S if not seconds else int(seconds) if _NUMBER.fullmatch(seconds) else 0
    if not _SHORTEST_S <= lifetime <= _LONGEST_S:
        raise InvalidParameterError(
            SECONDS.name,
            f"got {seconds[:80]!r}; give whole seconds from {_SHORTEST_S} to {_LONGEST_S}.",
        )
    return lifetime
