"""How a check says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable


class ConformanceError(AssertionError):
    """A plugin does not keep its contract; the message names the fault and where it is."""


def fail_if_any(problems: Iterable[str]) -> None:
    """Fail with all problems that were found; at most five are told in full.

    Raises
    ------
    ConformanceError
        If there are any.
    """
    found = list(dict.fromkeys(problems))
    if found:
        more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
        raise ConformanceError("; ".join(found[:5]) + more)
