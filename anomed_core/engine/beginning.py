"""How a job says that it now begins with what cannot be undone, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Begun = Callable[[], None]
"""Notes that a job has begun; what it raises ends the job."""


def unheard() -> None:
    """Note nothing."""


_begun: ContextVar[Begun] = ContextVar("begun", default=unheard)


def begin() -> None:
    """Say from within a job that it begins; return once whoever waits for it has noted that."""
    _begun.get()()


@contextmanager
def noted_by(begun: Begun) -> Iterator[None]:
    """Let what a job says within the block be noted."""
    token = _begun.set(begun)
    try:
        yield
    finally:
        _begun.reset(token)
