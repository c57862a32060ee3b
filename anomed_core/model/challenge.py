"""A challenge: one configured instance of a challenge type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import attrs

from anomed_core.model._converters import as_both_roles, as_final_scores, choice_of, matching
from anomed_core.model.roles import BothRoles, FinalScores, Role, Split
from anomed_core.sampling import Lottery

CHALLENGE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Identifiers of challenges: they are URL segments and folder names."""


@attrs.frozen(kw_only=True)
class Phase:
    """When submissions for a split are taken.

    Attributes
    ----------
    opens, closes
        Times with their zone; ``None`` for always open, or never closed.
    """

    opens: datetime | None = None
    closes: datetime | None = None

    def __attrs_post_init__(self) -> None:
        for time in (self.opens, self.closes):
            if time is not None and (not isinstance(time, datetime) or time.tzinfo is None):
                raise ValueError(
                    f"a phase opens and closes at times with a zone, got {time!r}; give "
                    "datetime(2027, 1, 31, tzinfo=UTC)"
                )
        if self.opens and self.closes and self.opens >= self.closes:
            raise ValueError(
                f"a phase must open before it closes, got {self.opens} and {self.closes}"
            )


class Since(StrEnum):
    """From when rankings are shown: when the finals close, or at once."""

    CLOSE = "close"
    NOW = "now"


def _as_since(value: Since | str) -> Since:
    return choice_of(Since, value)


_VIEWERS = (Role.ORGANISER.value, "participants", Role.PUBLIC.value)


@attrs.frozen(kw_only=True)
class ShownRanking:
    """Who sees the rankings of a challenge, and from when; the organiser always does.

    Attributes
    ----------
    visible_to
        ``organiser``, ``participants`` (who have a token; everybody where ids are trusted) or
        ``public``. Whoever sees a ranking may also see its metrics at the scores' own addresses.
    from_
        ``close`` shows rankings when the phase of the finals has closed, and at once if it has no
        end; ``now`` shows them at once.
    """

    visible_to: str = attrs.field(default="participants", validator=attrs.validators.in_(_VIEWERS))
    from_: Since = attrs.field(default=Since.CLOSE, converter=_as_since)


@attrs.frozen(kw_only=True)
class ChallengePages:
    """What an organiser puts on the first page of a challenge.

    Attributes
    ----------
    story, rules
        Markdown; HTML in it is shown as it is written.
    image
        Bytes of a picture; none, if there are none.
    image_type
        Its media type.
    image_alt
        What it shows, in words; empty for a decoration.
    """

    story: str = ""
    rules: str = ""
    image: bytes = attrs.field(default=b"", repr=False)
    image_type: str = ""
    image_alt: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of everything, hexadecimal."""
        texts = (self.story, self.rules, self.image_type, self.image_alt)
        parts = [*(text.encode() for text in texts), self.image]
        return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()


@attrs.frozen(kw_only=True)
class ChallengeSpec:
    """What an organiser decides about a challenge, from TOML or from Python.

    Attributes
    ----------
    id
        URL segment and key in the ledger; lower-case letters, digits, hyphens and underscores.
    type
        Slug of the challenge type.
    title
        A few words for people; the type's title if empty.
    description
        A paragraph for people.
    seed
        Makes every draw reproducible for tests and papers, and guessable for everyone who knows it.
        ``None`` draws by the server's secret.
    phases
        When submissions for each split are taken; always, if not named.
    ranking
        Who sees the rankings, and from when.
    pages
        What stands on its first page.
    both_roles
        Whether one team may hold tokens of both roles; what the type says, if it is ``None``.
    finals
        Whether scores of finals are sealed until they close; by kind, if it is ``None``.
    config
        Object of the type's config class.
    """

    id: str = attrs.field(
        validator=matching(CHALLENGE_ID, "1 to 64 lower-case letters, digits, - or _, as in iris")
    )
    type: str
    title: str = ""
    description: str = ""
    seed: int | None = None
    phases: Mapping[Split, Phase] = attrs.field(factory=dict)
    ranking: ShownRanking = attrs.field(factory=ShownRanking)
    pages: ChallengePages = attrs.field(factory=ChallengePages)
    both_roles: BothRoles | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_both_roles)
    )
    finals: FinalScores | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_final_scores)
    )
    config: Any = None


@attrs.frozen(kw_only=True)
class Challenge:
    """An open challenge, as every hook receives it.

    Attributes
    ----------
    id
        Identifier, unique within the server.
    type
        Slug of the challenge type.
    title, description
        For people.
    definition
        Whatever the owner's ``anomed_create_challenge`` returned: its data.
    config
        What the organiser decided: an object of the type's config class, or ``None`` without any.
    lottery
        Source of every draw that participants must not be able to foresee.
    """

    id: str
    type: str
    title: str
    description: str = ""
    definition: Any = attrs.field(repr=False)
    config: Any = attrs.field(default=None, repr=False)
    lottery: Lottery = attrs.field(repr=False)
