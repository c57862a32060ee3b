"""Devices without a browser: how somebody lets them in (RFC 8628)."""

from __future__ import annotations

import re

import attrs

from anomed_core.errors import NotAllowedError, NotAuthenticatedError, UnknownResourceError
from anomed_core.ledger import Identity
from anomed_core.ledger.device_codes import LIFETIME_S, DeviceCodes, NewCodes
from anomed_core.ledger.tokens import TokenBook
from anomed_core.service.acting import is_here
from anomed_core.service.derived_tokens import DerivedToken, DerivedTokens
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.identities import Authorizer

EVERY_S = 5
"""Seconds between two questions of a device."""

TOKEN_S = 86_400
"""Seconds that a device's token is valid."""

EXPIRES_S = LIFETIME_S

_LONGEST_NAME = 80


class DeviceRefusedError(Exception):
    """A device gets no token, or not yet; the message is one of the words of RFC 8628."""


@attrs.frozen(kw_only=True)
class Devices:
    """Lets devices wait, and somebody with a token let them in.

    Attributes
    ----------
    codes
        Those that wait.
    tokens, derived
        Whose tokens they are; what a device gets.
    authorizer
        Knows who sends a token.
    """

    codes: DeviceCodes
    tokens: TokenBook
    derived: DerivedTokens
    authorizer: Authorizer

    def ask(self, hosted: HostedChallenge, asked_by: str) -> NewCodes:
        """Let a device wait.

        Raises
        ------
        NotAllowedError
            If no tokens are looked at here.
        """
        if self.authorizer.trusts_ids:
            raise NotAllowedError("This server looks at no tokens, so no device needs one.")
        name = re.sub(r"[^\w .:/@()+-]", "?", asked_by)[:_LONGEST_NAME] or "a program"
        return self.codes.create(challenge=hosted.id, asked_by=name)

    def asked_by(self, hosted: HostedChallenge, user_code: str) -> str:
        """Return what the device calls itself that waits under a code.

        Raises
        ------
        UnknownResourceError
            If none does.
        """
        waiting = self.codes.asked(typed(user_code), challenge=hosted.id)
        if waiting is None:
            raise UnknownResourceError(_UNKNOWN)
        return waiting.asked_by

    def decide(self, hosted: HostedChallenge, *, user_code: str, token: str, allows: bool) -> None:
        """Let a device in, or send it away.

        Parameters
        ----------
        hosted
            The challenge.
        user_code, token
            As somebody has typed them.
        allows
            Whether it may come in.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
            If the token is not one of this challenge.
        UnknownResourceError
            If no device waits under the code.
        """
        identity = self.authorizer.identity(None, token.strip())
        if identity is None:
            raise NotAuthenticatedError("No tokens are looked at here.")
        self.decide_as(identity, hosted, user_code=user_code, allows=allows)

    def decide_as(
        self, identity: Identity, hosted: HostedChallenge, *, user_code: str, allows: bool
    ) -> None:
        """Let a device in, or send it away, in the name of somebody who is known; see `decide`."""
        self._refuse_strangers(identity, hosted)
        told = identity.token if allows else ""
        if not self.codes.decide(typed(user_code), challenge=hosted.id, token=told):
            raise UnknownResourceError(_UNKNOWN)

    def _refuse_strangers(self, identity: Identity, hosted: HostedChallenge) -> None:
        if identity.expires_at is not None:
            raise NotAllowedError("This token is derived itself; take the one behind it.")
        if not any(is_here(grant, hosted) for grant in identity.grants):
            raise NotAllowedError("The token belongs to another challenge.")

    def token(self, hosted: HostedChallenge, device_code: str) -> DerivedToken:
        """Return a device's token, once somebody has let it in.

        Raises
        ------
        DeviceRefusedError
            ``authorization_pending``, ``slow_down``, ``access_denied`` or ``expired_token``.
        """
        waiting = self.codes.poll(device_code, challenge=hosted.id, every_s=EVERY_S)
        if waiting is None:
            raise DeviceRefusedError("expired_token")
        if waiting.token is None:
            raise DeviceRefusedError(
                "slow_down" if waiting.asks_too_often else "authorization_pending"
            )
        identity = self.tokens.identity_of(waiting.token) if waiting.token else None
        if identity is None:
            raise DeviceRefusedError("access_denied")
        return self.derived.derive(identity, challenge=hosted.id, seconds=str(TOKEN_S))


_UNKNOWN = "No device waits under this code; it may have expired. Begin anew on the device."


def typed(user_code: str) -> str:
    """Return a code as it is stored, however somebody has typed it.

    Examples
    --------
    >>> typed(" bcdf-ghjk ")
    'BCDFGHJK'
    """
    return re.sub(r"[^A-Za-z]", "", user_code[:_LONGEST_NAME]).upper()


def shown(user_code: str) -> str:
    """Return a code as people read it.

    Examples
    --------
    >>> shown("BCDFGHJK")
    'BCDF-GHJK'
    """
    return f"{user_code[:4]}-{user_code[4:]}"
