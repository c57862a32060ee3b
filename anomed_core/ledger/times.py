"""How times are stored: as integers, microseconds since 1970-01-01 UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

MICROSECOND = 1_000_000
"""Stored units of time in a second."""

NEVER = 2**62
"""A time that does not come."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_microseconds() -> int:
    """Return the present as microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def as_datetime(microseconds: int) -> datetime:
    """Return a stored time as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def as_microseconds(moment: datetime) -> int:
    """Return a time as it is stored."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
