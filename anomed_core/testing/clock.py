"""Another time of day: the clock of Python, put forward for a block of code."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

AHEAD = dt.timedelta(days=400, hours=7, minutes=23, seconds=17)
"""Another day of another week, month and year, and another hour, minute and second."""

_SECONDS = AHEAD.total_seconds()
_NOW = dt.datetime.now


class _LikeDates(type):
    """What is a date stays one for code that asks while the clock is put forward."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])


class _LaterDate(dt.date, metaclass=_LikeDates):
    """A date, today being another day."""

    @classmethod
    def today(cls) -> Any:
        return (_NOW() + AHEAD).date()


class _LaterDateTime(dt.datetime, metaclass=_LikeDates):
    """A point in time, now being another one."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return _NOW(tz) + AHEAD

    @classmethod
    def today(cls) -> Any:
        return cls.now()

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(dt.UTC).replace(tzinfo=None)


def _later(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of a time, which is now if none is given, now being another time."""
    now = time.time

    def call(seconds: float | None = None) -> Any:
        return function(now() + _SECONDS if seconds is None else seconds)

    return call


def _replacements() -> list[tuple[Any, Any]]:
    now, now_ns = time.time, time.time_ns
    return [
        (time.time, lambda: now() + _SECONDS),
        (time.time_ns, lambda: now_ns() + int(_SECONDS) * 10**9),
        (time.gmtime, _later(time.gmtime)),
        (time.localtime, _later(time.localtime)),
        (time.ctime, _later(time.ctime)),
        (dt.date, _LaterDate),
        (dt.datetime, _LaterDateTime),
    ]


@contextmanager
def clock_put_forward(modules: Iterable[ModuleType]) -> Iterator[None]:
    """Put the clock forward by `AHEAD` in the modules ``time`` and ``datetime``, and in others.

    Parameters
    ----------
    modules
        Those that may hold the functions and classes of the clock under names of their own. What is
        written in C, such as numpy, goes on reading the real clock.
    """
    replacements = _replacements()
    with ExitStack() as stack:
        for module in (time, dt, *modules):
            for name, value in list(vars(module).items()):
                for original, later in replacements:
                    if value is original:
                        stack.enter_context(mock.patch.object(module, name, later))
        yield
