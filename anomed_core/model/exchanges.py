"""What was asked and answered: entries of the archive as plugins meet them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from anomed_core.model.accounts import Line


@attrs.frozen(kw_only=True)
class Exchange:
    """A call of an operation and its answer, as the archive keeps them.

    Attributes
    ----------
    number
        Grows from one exchange to the next; that of the archive's entry.
    operation
        Name of the operation.
    parameters
        Query parameters that were given.
    request, answer
        Decoded bodies: JSON values, or bytes of any other media type. ``None`` where there was
        none, or it is kept no longer.
    lines
        What was spent on it.
    outcome
        ``answered``, or ``lost``: something was spent, and the answer never came to be.
    at
        When it was recorded, in UTC; ``None`` for whoever has not asked it.
    """

    number: int
    operation: str
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    request: Any = None
    answer: Any = None
    lines: tuple[Line, ...] = ()
    outcome: str = "answered"
    at: datetime | None = None
