"""gunicorn's threaded worker with more patience, and with limits to it.

gunicorn's threaded worker gives a connection a thread as soon as it is accepted, and reads heads
and bodies without a limit on the whole. Here a connection waits for its first byte without a
thread, its head must be complete in `HEAD_TIMEOUT_S`, and whoever reads a body sets a deadline.

gunicorn ends the whole server when one worker cannot start. Here that worker tries again, so that
a ledger that is away for a minute costs one worker that minute, and not everybody the server. If
it never can, since what it needs has changed, the server ends with its last worker.
"""

from __future__ import annotations

import errno
import multiprocessing
import socket
import sys
import time
from contextvars import ContextVar
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from anomed_core.errors import UsageError
from anomed_core.web.malformed import answer_malformed

HEAD_TIMEOUT_S = 10.0
START_AGAIN_S = 2.0
CHECK_AGAIN_S = 30.0
WORLD_CHANGED = 3
"""Exit code of a server that cannot go on as it began; gunicorn ends everything at this one."""

_N_SLOTS = 1024
_serving = multiprocessing.RawArray("b", _N_SLOTS)
"""Which workers serve, by their age; shared by the arbiter and all of its workers."""
_AT_ONCE_S = 1e-6


class SlowClientSocket(socket.socket):
    """A connection whose reads end at a deadline, however many bytes trickle in.

    Attributes
    ----------
    deadline
        Value of `time.monotonic` after which reading raises `TimeoutError`; ``None`` for none.
    """

    deadline: float | None = None
    _awaits_head = False

    @classmethod
    def adopt(cls, connection: socket.socket) -> SlowClientSocket:
        """Return a connection as a patient one; the old object is closed."""
        if isinstance(connection, SlowClientSocket):
            return connection
        kind = (connection.family, connection.type, connection.proto)
        return cls(*kind, fileno=connection.detach())

    def await_head(self) -> None:
        """Expect a request's head: its time begins with its first byte."""
        self._awaits_head = True
        self.deadline = None

    def await_body(self) -> None:
        """Expect a body, or nothing: there is no deadline until somebody sets one."""
        self._awaits_head = False
        self.deadline = None
        self.settimeout(None)

    def recv(self, n_bytes: int, flags: int = 0, /) -> bytes:
        """Receive what has arrived.

        Raises
        ------
        TimeoutError
            If nothing arrives before the deadline.
        ConnectionResetError
            If it is a head that is late: there is nobody to answer, so the connection ends.
        """
        if self._awaits_head and self.deadline is None:
            self.deadline = time.monotonic() + HEAD_TIMEOUT_S
        if self.deadline is None:
            return super().recv(n_bytes, flags)
        remaining_s = self.deadline - time.monotonic()
        try:
            self.settimeout(max(remaining_s, _AT_ONCE_S))
            return super().recv(n_bytes, flags)
        except TimeoutError as error:
            if self._awaits_head:
                raise ConnectionResetError(errno.ECONNRESET, "the head took too long") from error
            raise


class SlowClientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threaded worker with patient connections and patient starts."""

    def load_wsgi(self) -> None:
        """Create the application, as often as it takes.

        That everything is in order was found out before the first worker started, so what fails
        now may be over in a moment. Nobody waits for this worker meanwhile: it accepts nothing.
        What an organiser changed meanwhile is not over in a moment.
        """
        while self.alive:
            try:
                super().load_wsgi()
            except UsageError as error:
                self.log.error(  # noqa: TRY400 - the sentence says it all
                    "A worker cannot start as the server was started: %s", error
                )
                self._wait_for_the_others()
            except Exception:
                self.log.exception("A worker cannot start; it tries again in %g s", START_AGAIN_S)
                self._sleep(START_AGAIN_S)
            else:
                _serving[self.age % _N_SLOTS] = 1
                return
        sys.exit(0)

    def _wait_for_the_others(self) -> None:
        """Wait for a while, but end the server once no other worker serves any more."""
        deadline = time.monotonic() + CHECK_AGAIN_S
        while self.alive and time.monotonic() < deadline:
            if not any(_serving):
                sys.exit(WORLD_CHANGED)
            self._sleep(START_AGAIN_S)

    def _sleep(self, seconds: float) -> None:
        """Wait, or until told to end, and show that this process lives."""
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            self.notify()
            time.sleep(0.1)

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection a thread, once its first byte has arrived."""
        conn.sock = SlowClientSocket.adopt(conn.sock)
        if conn.initialized or conn.data_ready:
            conn.sock.await_head()
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, readable)

    def handle_error(
        self, _request: Any, connection: socket.socket, _address: Any, error: Exception
    ) -> None:
        """Answer input that is not a request, in the same form as all other errors."""
        answer_malformed(connection, error)


_request: ContextVar[Any] = ContextVar("_request", default=None)


def has_ended(worker: Any) -> None:
    """Note that a worker serves no more; called in the arbiter."""
    _serving[worker.age % _N_SLOTS] = 0


def head_is_complete(_worker: Any, request: Any) -> None:
    """Take off the head's deadline; gunicorn's hook ``pre_request``."""
    _request.set(request)
    connection = request.unreader.sock
    if isinstance(connection, SlowClientSocket):
        connection.await_body()


def close_after_answer() -> None:
    """Announce that the connection ends with the answer to this thread's request.

    gunicorn drops a ``Connection`` header of the application; it listens to its own request only.
    """
    request = _request.get()
    if request is not None:
        request.force_close()
