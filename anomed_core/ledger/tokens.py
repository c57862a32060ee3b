"""Tokens: who is believed to be whom.

A token is ``anomed-<id>-<secret>``: 128 bits of id and 256 bits of secret, both random. Only the
SHA-256 of the secret is stored; a slow password hash would add nothing to 256 random bits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from anomed_core.ledger.database import Database
from anomed_core.ledger.schema import as_datetime, tokens, utc_microseconds
from anomed_core.model import Role

_FORM = re.compile(r"anomed-([0-9a-f]{32})-([0-9a-f]{64})")
EVERY_CHALLENGE = "*"
"""Stands for all challenges of a server; only organisers' tokens have it."""
_NOBODYS = "0" * 64
"""The digest that unknown tokens are compared with; nothing is known to hash to it."""


@attrs.frozen(kw_only=True)
class Identity:
    """Who a token says that somebody is.

    Attributes
    ----------
    role
        What the holder may be.
    holder
        Identifier of the anonymizer or deanonymizer; an organiser's name.
    challenge
        Identifier of the challenge, or `EVERY_CHALLENGE`.
    """

    role: Role
    holder: str
    challenge: str


@attrs.frozen(kw_only=True)
class TokenFacts:
    """What is known about a token; the token itself is not."""

    id: str
    identity: Identity
    created_at: datetime
    revoked_at: datetime | None


class TokenBook:
    """Tokens in a SQL database.

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

    def create(self, identity: Identity) -> str:
        """Create a token.

        Returns
        -------
        str
            The token, shown this once.
        """
        token_id, secret = secrets.token_hex(16), secrets.token_hex(32)
        with self._database.writing() as connection:
            connection.execute(
                sa.insert(tokens).values(
                    id=token_id,
                    challenge=identity.challenge,
                    role=identity.role.value,
                    holder=identity.holder,
                    digest=_digest(secret),
                    created_at=self._clock(),
                )
            )
        return f"anomed-{token_id}-{secret}"

    def identify(self, token: str) -> Identity | None:
        """Return who a token belongs to; ``None`` if it is unknown, wrong or revoked."""
        form = _FORM.fullmatch(token)
        if form is None:
            return None
        with self._database.reading() as connection:
            row = (
                connection.execute(sa.select(tokens).where(tokens.c.id == form[1]))
                .mappings()
                .first()
            )
        # An unknown id takes the same time as a wrong secret.
        is_right = hmac.compare_digest(row["digest"] if row else _NOBODYS, _digest(form[2]))
        if row is None or not is_right or row["revoked_at"] is not None:
            return None
        return _identity(row)

    def knows(self, identity: Identity) -> bool:
        """Return whether there is, or ever was, a token for somebody."""
        with self._database.reading() as connection:
            token = connection.execute(
                sa.select(tokens.c.id)
                .where(
                    tokens.c.challenge == identity.challenge,
                    tokens.c.role == identity.role.value,
                    tokens.c.holder == identity.holder,
                )
                .limit(1)
            )
            return token.first() is not None

    def facts(self) -> Sequence[TokenFacts]:
        """Return what is known about all tokens, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(tokens).order_by(tokens.c.created_at)).mappings()
            return [
                TokenFacts(
                    id=row["id"],
                    identity=_identity(row),
                    created_at=as_datetime(row["created_at"]),
                    revoked_at=as_datetime(row["revoked_at"]) if row["revoked_at"] else None,
                )
                for row in rows
            ]

    def revoke(self, token_id: str) -> bool:
        """Revoke a token by the beginning of its id, at least 8 digits.

        Returns
        -------
        bool
            Whether there was exactly one such token that had not been revoked yet.
        """
        with self._database.writing() as connection:
            matching = (
                connection.execute(
                    sa.select(tokens.c.id).where(
                        tokens.c.id.startswith(token_id, autoescape=True),
                        tokens.c.revoked_at.is_(None),
                    )
                )
                .scalars()
                .all()
            )
            if len(matching) != 1 or len(token_id) < 8:
                return False
            connection.execute(
                sa.update(tokens).where(tokens.c.id == matching[0]).values(revoked_at=self._clock())
            )
            return True


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _identity(row: sa.RowMapping) -> Identity:
    return Identity(role=Role(row["role"]), holder=row["holder"], challenge=row["challenge"])
