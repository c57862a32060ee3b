"""Codes of devices that wait for somebody to let them in.

Of the device's own code only the digest is stored; the one that people type is no secret: it lets
nobody in, but says who asks.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

import attrs
import sqlalchemy as sa

from anomed_core.ledger.database import Database
from anomed_core.ledger.schema import device_codes
from anomed_core.ledger.times import MICROSECOND, utc_microseconds

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Of user codes: without vowels they spell nothing, and none is taken for another one."""

LIFETIME_S = 600
"""Seconds until a code that nobody has typed is worthless."""

_N_LETTERS = 8
_N_BYTES = 32


@attrs.frozen(kw_only=True)
class NewCodes:
    """What a device is given.

    Attributes
    ----------
    device
        The device's own, with which it asks for its token.
    user
        What somebody types, such as ``BCDF-GHJK``.
    """

    device: str = attrs.field(repr=False)
    user: str


@attrs.frozen(kw_only=True)
class Waiting:
    """What is known about a device that waits.

    Attributes
    ----------
    asked_by
        What it calls itself.
    token
        Id of the token of whoever has let it in; ``None`` as long as nobody has, empty if somebody
        has sent it away.
    asks_too_often
        Whether it asks sooner than it was told to.
    """

    asked_by: str
    token: str | None
    asks_too_often: bool = False


class DeviceCodes:
    """Waiting devices in a SQL database: any worker answers them.

    Parameters
    ----------
    database
        Shared with the ledger.
    clock
        Returns microseconds since 1970-01-01 UTC.
    """

    def __init__(self, database: Database, *, clock: Callable[[], int] = utc_microseconds) -> None:
        self._database = database
        self._clock = clock

    def create(self, *, challenge: str, asked_by: str) -> NewCodes:
        """Let a device wait; forget those that have waited too long."""
        letters = "".join(secrets.choice(LETTERS) for _ in range(_N_LETTERS))
        codes = NewCodes(device=secrets.token_urlsafe(_N_BYTES), user=letters)
        with self._database.writing(durable=False) as connection:
            now = self._clock()
            connection.execute(sa.delete(device_codes).where(device_codes.c.expires_at <= now))
            connection.execute(
                sa.insert(device_codes).values(
                    user_code=codes.user,
                    digest=_digest(codes.device),
                    challenge=challenge,
                    asked_by=asked_by,
                    expires_at=now + LIFETIME_S * MICROSECOND,
                    next_question_at=now,
                )
            )
        return codes

    def asked(self, user_code: str, *, challenge: str) -> Waiting | None:
        """Return what waits under a code that somebody has typed, and nobody has decided about."""
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(device_codes.c.asked_by).where(*self._open(user_code, challenge))
            ).first()
        return None if row is None else Waiting(asked_by=row.asked_by, token=None)

    def decide(self, user_code: str, *, challenge: str, token: str) -> bool:
        """Let a device in, or send it away with an empty token; say whether it still waited."""
        with self._database.writing() as connection:
            decided = connection.execute(
                sa.update(device_codes).where(*self._open(user_code, challenge)).values(token=token)
            )
            return decided.rowcount == 1

    def poll(self, device_code: str, *, challenge: str, every_s: float) -> Waiting | None:
        """Return what has become of a device; what was decided is told once.

        Parameters
        ----------
        device_code
            The device's own.
        challenge
            Where it waits.
        every_s
            How long it has to wait between two questions.

        Returns
        -------
        Waiting or None
            ``None`` if nobody has such a code, or not any more.
        """
        with self._database.writing(durable=False) as connection:
            now = self._clock()
            is_it = sa.and_(
                device_codes.c.digest == _digest(device_code),
                device_codes.c.challenge == challenge,
                device_codes.c.expires_at > now,
            )
            row = connection.execute(sa.select(device_codes).where(is_it)).first()
            if row is None:
                return None
            if row.token is not None:
                gone = connection.execute(sa.delete(device_codes).where(is_it)).rowcount == 1
                return Waiting(asked_by=row.asked_by, token=row.token) if gone else None
            pause = int(every_s * MICROSECOND)
            connection.execute(
                sa.update(device_codes).where(is_it).values(next_question_at=now + pause)
            )
            return Waiting(
                asked_by=row.asked_by, token=None, asks_too_often=now < row.next_question_at
            )

    def _open(self, user_code: str, challenge: str) -> list[sa.ColumnElement[bool]]:
        return [
            device_codes.c.user_code == user_code,
            device_codes.c.challenge == challenge,
            device_codes.c.token.is_(None),
            device_codes.c.expires_at > self._clock(),
        ]


def _digest(device_code: str) -> str:
    return hashlib.sha256(device_code.encode(errors="replace")).hexdigest()
