"""What the commands that check a plugin or a challenge have found."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import attrs


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "FAILED"
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
        How it ended; ``EXPECTED`` if it failed and was expected to, ``SKIPPED`` if it needs a check
        that has failed.
    text
        What the check is about, or why it failed.
    seconds
        How long it took.
    """

    id: str
    outcome: Outcome
    text: str
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend."""
        return self.outcome is not Outcome.FAILED

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {**attrs.asdict(self), "outcome": self.outcome.value}
