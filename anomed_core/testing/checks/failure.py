"""How a check says what is wrong, what is doubtful, and what it could not look at."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_TOLD = 5


class ConformanceError(AssertionError):
    """A plugin does not keep its contract; the message names the fault and where it is."""


class NotCheckedError(Exception):
    """There is nothing to look at where there should be something; the message says what."""


class NotApplicableError(Exception):
    """There is nothing to look at, as a plugin may well do without; the message says what."""


class DoubtfulError(Exception):
    """Something is allowed, but rarely meant; the message says what."""


def fail_if_any(problems: Iterable[str]) -> None:
    """Fail with all problems that were found; at most five are told in full.

    Raises
    ------
    ConformanceError
        If there are any.
    """
    told = _told(problems)
    if told:
        raise ConformanceError(told)


def doubt_if_any(doubts: Iterable[str]) -> None:
    """Warn of all that is doubtful; see `fail_if_any`.

    Raises
    ------
    DoubtfulError
        If there is anything.
    """
    told = _told(doubts)
    if told:
        raise DoubtfulError(told)


def _told(problems: Iterable[str]) -> str:
    found = list(dict.fromkeys(problems))
    n_more = len(found) - _MOST_TOLD
    return "; ".join(found[:_MOST_TOLD]) + (f"; and {n_more} more" if n_more > 0 else "")
