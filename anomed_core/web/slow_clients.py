"""gunicorn's threaded worker with more patience, and with limits to it.

gunicorn's threaded worker gives a connection a thread as soon as it is accepted, and reads heads
and bodies without a limit on the whole. Here the event loop reads heads: a thread is given to a
complete one only, which must have arrived within `HEAD_TIMEOUT_S` of its first byte, and whoever
reads a body sets a deadline. Where places run out, connections that say nothing give way.

gunicorn ends the whole server when one worker cannot start. Here that worker tries again, so that
a ledger that is away for a minute costs one worker that minute, and not everybody the server. If
it never can, since what it needs has changed, the server ends with its last worker.
"""

from __future__ import annotations

import errno
import multiprocessing
import re
import socket
import sys
import time
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.workers.gthread import ThreadWorker

from anomed_core.errors import LedgerMismatchError, UsageError
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
_DRAIN_TIMEOUT_S = 10.0
_CHUNK_BYTES = 2**14
_LONGEST_HEAD_BYTES = 2**16
_REQUEST = re.compile(rb"[A-Za-z]+ [^ ]+ HTTP/1\.[01]")


class SlowClientSocket(socket.socket):
    """A connection whose reads end at a deadline, however many bytes trickle in.

    Attributes
    ----------
    deadline
        Value of `time.monotonic` after which reading raises `TimeoutError`; ``None`` for none.
    head
        What the event loop has read and no request has yet.
    """

    deadline: float | None = None
    head = b""
    _awaits_head = False

    @classmethod
    def adopt(cls, connection: socket.socket) -> SlowClientSocket:
        """Return a connection as a patient one; the old object is closed."""
        if isinstance(connection, SlowClientSocket):
            return connection
        kind = (connection.family, connection.type, connection.proto)
        return cls(*kind, fileno=connection.detach())

    def take_head(self) -> None:
        """Read what has arrived of a head, without waiting.

        Raises
        ------
        OSError
            If the connection is broken or has ended.
        """
        try:
            arrived = super().recv(_CHUNK_BYTES)
        except BlockingIOError:
            return
        if not arrived:
            raise ConnectionResetError(errno.ECONNRESET, "the connection has ended")
        self.head += arrived

    @property
    def has_head(self) -> bool:
        """Whether a thread can go on: the head is complete, or will never be one."""
        first, line_end, _ = self.head.partition(b"\r\n")
        return b"\r\n\r\n" in self.head or (bool(line_end) and not _REQUEST.fullmatch(first))

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
        if self.head:
            arrived, self.head = self.head[:n_bytes], self.head[n_bytes:]
            return arrived
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
            except (UsageError, LedgerMismatchError) as error:
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

    def accept(self, listener: Any) -> None:
        """Accept a connection; if places run out, one that says nothing gives way."""
        if self.nr_conns >= self.worker_connections - 1:
            self._close_a_silent_one()
        super().accept(listener)

    def _close_a_silent_one(self) -> None:
        silent = [conn for conn in self.pending_conns if not conn.sock.head]
        candidates = [*silent, *self.keepalived_conns, *self.pending_conns]
        if candidates:
            self._drop(candidates[0])

    def _drop(self, conn: Any) -> None:
        """Close a connection that waits for a head."""
        for waiting in (self.pending_conns, self.keepalived_conns):
            with suppress(ValueError):
                waiting.remove(conn)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection a thread, once a head is complete."""
        conn.sock = SlowClientSocket.adopt(conn.sock)
        if conn.initialized and conn.parser.unreader.buf.getvalue():  # read together with a body
            self._give_thread(conn)
            return
        conn.sock.setblocking(False)
        if conn.initialized:  # it was readable a moment ago, and mostly all of a head has arrived
            with suppress(OSError):  # the poller tells of its end again
                conn.sock.take_head()
            if conn.sock.has_head:
                self._give_thread(conn)
                return
        wait_s = HEAD_TIMEOUT_S if conn.sock.head else self.cfg.keepalive
        conn.timeout = time.monotonic() + wait_s
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._read_head, conn))

    def _read_head(self, conn: Any, connection: SlowClientSocket) -> None:
        is_first = not connection.head
        try:
            connection.take_head()
        except OSError:
            self._drop(conn)
            return
        if connection.has_head:
            self.poller.unregister(connection)
            self.pending_conns.remove(conn)
            self._give_thread(conn)
        elif len(connection.head) > _LONGEST_HEAD_BYTES:
            answer_malformed(connection, LimitRequestHeaders("limit of the whole head"))
            self._drop(conn)
        elif is_first and connection.head:
            conn.timeout = time.monotonic() + HEAD_TIMEOUT_S

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Read what is left of a body after its answer, so that the next request is found."""
        deadline = time.monotonic() + _DRAIN_TIMEOUT_S
        return keepalive and bool(conn.parser.finish_body(deadline=deadline, max_bytes=sys.maxsize))

    def _give_thread(self, conn: Any) -> None:
        conn.data_ready = True
        conn.sock.await_head()
        super().enqueue_req(conn)

    def murder_pending(self) -> None:
        """Close connections whose time is over; they began to wait in another order."""
        now = time.monotonic()
        for conn in [conn for conn in self.pending_conns if conn.timeout <= now]:
            self._drop(conn)

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
