"""Who may be what: teams, the grants of their tokens, and what is known about a token."""

from __future__ import annotations

from datetime import datetime

import attrs

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
    """

    grants: tuple[Grant, ...]


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
