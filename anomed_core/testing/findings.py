"""What the commands that check a plugin or a challenge have found."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import attrs


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "FAILED"
    UNCHECKED = "not checked"
    EXPECTED = "expected"
    SKIPPED = "skipped"


@attrs.frozen(kw_only=True)
class Finding:
    """What a check, or a rehearsal, found.

    Attributes
    ----------
    id
        Identifier of the check, or of the rehearsed challenge.
    outcome
        How it ended; ``WARNING`` if something is allowed, but rarely meant; ``UNCHECKED`` if there
        was nothing to look at where there should be something; ``EXPECTED`` if it failed, or
        checked nothing, and was expected to; ``SKIPPED`` if it needs a check that has failed, or
        something that a plugin may well do without.
    text
        What the check is about, why it failed, or what it did not find.
    seconds
        How long it took.
    looked_at
        What a check that passed has looked at; empty if it does not count that.
    """

    id: str
    outcome: Outcome
    text: str
    seconds: float = 0.0
    looked_at: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend: neither a failure, nor emptiness."""
        return self.outcome not in {Outcome.FAILED, Outcome.UNCHECKED}

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {**attrs.asdict(self), "outcome": self.outcome.value}
