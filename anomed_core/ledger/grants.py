"""Who may be what: teams, the grants of their tokens, and whose do not count."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa

from anomed_core.ledger.schema import grants, teams, tokens
from anomed_core.model import Role

EVERY_CHALLENGE = "*"
"""Stands for all challenges of a server; only organisers' grants have it."""


@attrs.frozen(kw_only=True)
class Grant:
    """What the holder of a token may be.

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

    def __str__(self) -> str:
        return f"{self.challenge}:{self.role}:{self.holder}"


@attrs.frozen(kw_only=True)
class Owner:
    """Whose an id is.

    Attributes
    ----------
    team
        Name of the team.
    disqualified
        Why the team is disqualified; empty if it is not.
    """

    team: str
    disqualified: str = ""


@attrs.frozen(kw_only=True)
class Identity(Owner):
    """Who a token says that somebody is.

    Attributes
    ----------
    team, disqualified
        See `Owner`.
    grants
        What its holder may be, sorted.
    token
        Id of the token, or of the one behind it.
    expires_at
        When it ends by itself, in UTC, if it is a derived one.
    """

    grants: tuple[Grant, ...]
    token: str = ""
    expires_at: datetime | None = None


@attrs.frozen(kw_only=True)
class NewToken:
    """A token that is about to be created.

    Attributes
    ----------
    team
        Name of the team.
    grants
        At least one.
    """

    team: str
    grants: tuple[Grant, ...] = attrs.field(validator=attrs.validators.min_len(1))


@attrs.frozen(kw_only=True)
class TokenFacts:
    """What is known about a token; the token itself is not."""

    id: str
    identity: Identity
    created_at: datetime
    revoked_at: datetime | None


def disqualified_ids(connection: sa.Connection, challenge: str) -> frozenset[tuple[Role, str]]:
    """Return roles and ids in a challenge that belong to disqualified teams."""
    query = (
        sa.select(grants.c.role, grants.c.holder)
        .select_from(
            teams.join(tokens, tokens.c.team == teams.c.team).join(
                grants, grants.c.token == tokens.c.id
            )
        )
        .where(teams.c.disqualified != "", grants.c.challenge == challenge)
    )
    return frozenset((Role(role), holder) for role, holder in connection.execute(query))
