"""Everybody who may ask, and the tokens they hold."""

from __future__ import annotations

import attrs

from anomed_core import Role
from anomed_core.ledger import EVERY_CHALLENGE, Grant, TokenBook
from anomed_core.testing.client import ANONYMIZER_ID, DEANONYMIZER_ID

NAMED = {Role.ANONYMIZER: ANONYMIZER_ID, Role.DEANONYMIZER: DEANONYMIZER_ID}
"""Whose ids stand in every query."""


@attrs.frozen(kw_only=True)
class Caller:
    """Somebody who asks.

    Attributes
    ----------
    name
        For people; its column in the tables.
    role
        What the token says; ``None`` for somebody who has none.
    is_named
        Whether the token's holder is the one whom the queries name.
    is_foreign
        Whether the token belongs to another challenge.
    is_refused
        Whether the token is none, or is not valid any more.
    is_for_all
        Whether the token is valid for all challenges.
    """

    name: str
    role: Role | None = None
    is_named: bool = False
    is_foreign: bool = False
    is_refused: bool = False
    is_for_all: bool = False

    @property
    def is_organiser(self) -> bool:
        return self.role is Role.ORGANISER


ANONYMIZER, DEANONYMIZER, ORGANISER = Role.ANONYMIZER, Role.DEANONYMIZER, Role.ORGANISER

OUTSIDER = Caller(name="outsider")
ANONYMIZER_HERE = Caller(name="anonymizer", role=ANONYMIZER, is_named=True)
DEANONYMIZER_HERE = Caller(name="deanonymizer", role=DEANONYMIZER, is_named=True)
REVOKED = Caller(name="revoked anonymizer", role=ANONYMIZER, is_named=True, is_refused=True)

CALLERS = (
    OUTSIDER,
    Caller(name="liar", is_refused=True),
    REVOKED,
    Caller(name="revoked organiser", role=ORGANISER, is_refused=True, is_for_all=True),
    ANONYMIZER_HERE,
    Caller(name="another anonymizer", role=ANONYMIZER),
    DEANONYMIZER_HERE,
    Caller(name="another deanonymizer", role=DEANONYMIZER),
    Caller(name="organiser", role=ORGANISER),
    Caller(name="organiser of all", role=ORGANISER, is_for_all=True),
    Caller(name="foreign anonymizer", role=ANONYMIZER, is_named=True, is_foreign=True),
    Caller(name="foreign deanonymizer", role=DEANONYMIZER, is_named=True, is_foreign=True),
    Caller(name="foreign organiser", role=ORGANISER, is_foreign=True),
)

NO_TOKEN = f"anomed-{'0' * 32}-{'0' * 64}"


def tokens_for(book: TokenBook, challenge: str, *, elsewhere: str) -> dict[str, str]:
    """Create everybody's token, by the caller's name; an outsider has none."""
    tokens = {"liar": NO_TOKEN}
    for caller in CALLERS:
        if caller.role is None:
            continue
        name = NAMED.get(caller.role, "olga")
        token = book.create(
            Grant(
                role=caller.role,
                holder=name if caller.is_named else f"not-{name}",
                challenge=_challenge_of(caller, challenge, elsewhere),
            )
        )
        tokens[caller.name] = token
        if caller.is_refused:
            assert book.revoke(token.split("-")[1])
    return tokens


def _challenge_of(caller: Caller, challenge: str, elsewhere: str) -> str:
    if caller.is_for_all:
        return EVERY_CHALLENGE
    return elsewhere if caller.is_foreign else challenge
