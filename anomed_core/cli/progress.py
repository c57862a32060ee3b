"""Say on standard error what takes long."""

from __future__ import annotations

import time

import attrs
import click

_EVERY_S = 2.0


@attrs.define
class Progress:
    """Told often, it speaks every two seconds; what takes less goes without a word."""

    _next_at: float = attrs.field(factory=lambda: time.monotonic() + _EVERY_S)

    def __call__(self, what: str, n_done: int, n_all: int) -> None:
        """Say what is under way, how many are done, and of how many; 0 where nobody knows."""
        now = time.monotonic()
        if now < self._next_at:
            return
        self._next_at = now + _EVERY_S
        done = f": {n_done:,}" if n_done else ""
        click.echo(f"{what}{done}" + (f" of {n_all:,}" if n_all else ""), err=True)
