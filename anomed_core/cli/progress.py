"""Say on standard error what takes long."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

import click

_EVERY_S = 2.0
_LOGGED_AFTER_S = 10.0
_LONGEST_PAUSE_S = 60.0


class Progress:
    """Told often, it speaks every two seconds; what takes less goes without a word."""

    spoken_at: ClassVar[float] = 0.0
    """When one spoke last: where something is counted, nobody need say that time goes by."""

    def __init__(self) -> None:
        self._next_at = time.monotonic() + _EVERY_S

    def __call__(self, what: str, n_done: int, n_all: int) -> None:
        """Say what is under way, how many are done, and of how many; 0 where nobody knows."""
        now = time.monotonic()
        if now < self._next_at:
            return
        self._next_at = now + _EVERY_S
        Progress.spoken_at = now
        done = f": {n_done:,}" if n_done else ""
        click.echo(f"{what}{done}" + (f" of {n_all:,}" if n_all else ""), err=True)


@contextlib.contextmanager
def at_work(what: str) -> Iterator[None]:
    """Say now and then that something is at work, while it is, and for how long it has been.

    People at a terminal hear of it after two seconds, the log of a program after ten.
    """
    over = threading.Event()
    pause = _EVERY_S if sys.stderr.isatty() else _LOGGED_AFTER_S
    told = threading.Thread(target=_tell, args=(what, over, pause), daemon=True)
    told.start()
    try:
        yield
    finally:
        over.set()
        told.join()


def _tell(what: str, over: threading.Event, pause_s: float) -> None:
    began = time.monotonic()
    while not over.wait(pause_s):
        now = time.monotonic()
        if now - Progress.spoken_at >= pause_s:
            # Past Python's buffer, whose lock a process that is forked now would inherit.
            with contextlib.suppress(OSError):
                os.write(2, f"{what}: at work for {now - began:.0f} s\n".encode())
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
