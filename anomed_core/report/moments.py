"""Moments for people: UTC in words, and as an element to which a browser adds its own time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from markupsafe import Markup, escape

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\+00:00|Z)")


def moment(time: datetime) -> str:
    """Return a moment in words.

    Examples
    --------
    >>> moment(datetime(2026, 11, 30, 0, 0, tzinfo=UTC))
    '30 Nov 2026, 00:00 UTC'
    """
    time = time.astimezone(UTC)
    return f"{time.day} {_MONTHS[time.month - 1]} {time:%Y, %H:%M} UTC"


def when(time: datetime) -> Markup:
    """Return a moment as an element: in words, and for the browser's clock.

    Examples
    --------
    >>> print(when(datetime(2026, 11, 30, 0, 0, tzinfo=UTC)))
    <time datetime="2026-11-30T00:00:00Z">30 Nov 2026, 00:00 UTC</time>
    """
    stamp = f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Markup('<time datetime="{}">{}</time>').format(stamp, moment(time))


def day_of(time: datetime, *, year: int) -> Markup:
    """Return a moment in a table under a head that says UTC: the year only if it is another one.

    Examples
    --------
    >>> print(day_of(datetime(2026, 11, 28, 16, 2, tzinfo=UTC), year=2026))
    <time datetime="2026-11-28T16:02:00Z">28 Nov, 16:02</time>
    """
    time = time.astimezone(UTC)
    day, iso = f"{time.day} {_MONTHS[time.month - 1]}", time.isoformat(timespec="seconds")
    words = f"{day}, {iso[11:16]}" if time.year == year else f"{day} {time.year}"
    stamp = f'datetime="{iso[:19]}Z"'
    return Markup(f"<time {stamp}>{words}</time>")  # noqa: S704  # digits and names of months


def with_moments(sentence: str) -> Markup:
    """Return a sentence with its moments in words; all else of it is escaped.

    Examples
    --------
    >>> print(with_moments("It opens at 2027-01-01T00:00:00+00:00."))
    It opens at <time datetime="2027-01-01T00:00:00Z">1 Jan 2027, 00:00 UTC</time>.
    """
    parts, end = [], 0
    for match in _ISO.finditer(sentence):
        parts += [escape(sentence[end : match.start()]), when(datetime.fromisoformat(match[0]))]
        end = match.end()
    return Markup().join([*parts, escape(sentence[end:])])


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
