"""Ask what may not answer, such as a database that stands still, and wait for so long only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class InTime(Generic[T]):
    """A question with a deadline.

    Whoever asks while somebody else waits for the answer gets the same one, so that one thread at
    most is stuck, however often it is asked.

    Parameters
    ----------
    ask
        Returns the answer, or raises.
    timeout_s
        Seconds after which who asks is told that there is none; the question stays open.
    """

    def __init__(self, ask: Callable[[], T], *, timeout_s: float) -> None:
        self._ask = ask
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._pending: Future[T] | None = None

    def __call__(self) -> T:
        """Return the answer, or raise what asking raised.

        Raises
        ------
        TimeoutError
            If there is no answer yet.
        """
        with self._lock:
            pending = self._pending
            if pending is None or pending.done():
                pending = self._pending = Future()
                # Nobody waits for it when the process ends.
                threading.Thread(target=self._answer, args=[pending], daemon=True).start()
        return pending.result(self._timeout_s)

    def _answer(self, pending: Future[T]) -> None:
        try:
            pending.set_result(self._ask())
        except BaseException as error:  # noqa: BLE001 - whoever asked gets it
            pending.set_exception(error)
