"""Let the writers of a SQLite file stand in a queue instead of knocking at its lock.

SQLite's own way to wait for a lock is to sleep and to look again, for longer and longer: under load
some wait for seconds while the file is free. Here the threads of a process wait for each other, and
of each process one waits in the kernel until the file beside the database is unlocked, which also
happens when its holder dies. SQLite's lock stays what correctness rests on.
"""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Turns:
    """The queue of the writers of one file.

    Parameters
    ----------
    path
        File that is locked; where it cannot be opened, there is no queue between processes.
    timeout_s
        Seconds after which a thread goes ahead, and leaves it to SQLite to refuse.
    """

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._threads = threading.Lock()
        self._file: int | None = None
        self._finalizer: weakref.finalize[Any, Any] | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until nobody else has a turn; it lasts until the block ends."""
        if not self._threads.acquire(timeout=self._timeout_s):
            yield
            return
        try:
            file = self._opened()
            if file is None:
                yield
                return
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def _opened(self) -> int | None:
        """Return the descriptor of the file; it is closed with the queue, or with its memory."""
        if self._file is None:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError:
                return None
            self._finalizer = weakref.finalize(self, os.close, self._file)
        return self._file

    def close(self) -> None:
        """Leave the queue."""
        if self._finalizer is not None:
            self._finalizer()
            self._file = self._finalizer = None
