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


class WriteQueue:
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
        self._left_behind: _Waiter | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until nobody else has a turn; it lasts until the block ends."""
        if not self._threads.acquire(timeout=self._timeout_s):
            yield
            return
        try:
            file = self._opened()
            if file is None or not self._locked(file):
                yield
                return
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def _locked(self, file: int) -> bool:
        """Wait until the file is locked; say whether it is."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # mostly free: that costs no thread
        except BlockingIOError:
            return self._locked_in_time(file)
        return True

    def _locked_in_time(self, file: int) -> bool:
        # One that is left behind is enough: who holds the file now holds it against us all.
        if self._left_behind is not None and self._left_behind.is_alive():
            return False
        waiter = _Waiter(file)
        if waiter.is_granted(timeout_s=self._timeout_s):
            return True
        self._left_behind = waiter
        if self._finalizer is not None:
            self._finalizer.detach()  # the descriptor is the waiter's now
        self._file = self._finalizer = None
        return False

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


class _Waiter(threading.Thread):
    """Waits for a lock in the kernel, which knows no time-out, and may be left behind there.

    Parameters
    ----------
    file
        Descriptor of the file; if the waiter is left behind, it closes it in the end.
    """

    def __init__(self, file: int) -> None:
        super().__init__(daemon=True)
        self._file = file
        self._granted = threading.Event()
        self._decision = threading.Lock()
        self._is_left_behind = False

    def run(self) -> None:
        """Wait; give the lock back at once if nobody wants it any more."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        with self._decision:
            if self._is_left_behind:
                os.close(self._file)
            else:
                self._granted.set()

    def is_granted(self, *, timeout_s: float) -> bool:
        """Begin to wait; say whether the lock came in time."""
        self.start()
        self._granted.wait(timeout_s)
        with self._decision:
            self._is_left_behind = not self._granted.is_set()
        return not self._is_left_behind
