"""Do each job in a process of its own, with a limit on time and on memory.

A helper process, the *fork server*, is forked off while the server still has a single thread and
holds every open challenge. It forks a child for each job, so that a job starts in milliseconds,
shares the server's memory, and takes nothing with it when it loops, leaks, crashes or calls
``os._exit``.
Each job has a socket of its own; its end is the end of the job.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from anomed_core.engine.beginning import Begun, unheard
from anomed_core.engine.contract import Engine, Perform
from anomed_core.engine.fork_server import run_fork_server
from anomed_core.engine.inline import FAILED
from anomed_core.engine.messages import BEGINS, NOTED, receive_message, send_message
from anomed_core.errors import EvaluationFailedError, EvaluationTimeoutError

log = structlog.get_logger(__name__)

_GRACE_S = 5.0
"""By how much we wait longer than the fork server, so that a late job ends before we give up."""
_BROKEN = 70
"""Exit code of a fork server that failed: EX_SOFTWARE of sysexits.h."""


class ForkingEngine(Engine):
    """See `Engine`.

    Parameters
    ----------
    perform
        Does one job; in the children it sees what the server held when the engine was built.
    timeout_s
        Seconds that a job may take.
    memory_bytes
        Address space that a job may use beyond the server's own.
    n_parallel
        Jobs that run at once; others wait for their turn, at most as long as a job may take.
    on_loss
        Called when the fork server is found dead: no job can be done in this process any more.
    """

    def __init__(
        self,
        perform: Perform,
        *,
        timeout_s: float,
        memory_bytes: int,
        n_parallel: int,
        on_loss: Callable[[], None] = lambda: None,
    ) -> None:
        self._timeout_s = timeout_s
        self._on_loss = on_loss
        self._turns = threading.BoundedSemaphore(n_parallel)
        self._noting = threading.Lock()  # many jobs lose one fork server, which is told once
        self._lost = False
        # Sequenced packets, so that each message is received with its own descriptor.
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._fork_server = os.fork()
        if self._fork_server == 0:
            try:
                self._control.close()
                run_fork_server(theirs, perform, timeout_s=timeout_s, memory_bytes=memory_bytes)
            except BaseException:
                log.exception("the fork server failed")
            finally:  # whatever happens, this process must not go on as a second server
                os._exit(_BROKEN)
        theirs.close()

    def run(self, job: Any, *, begun: Begun = unheard) -> Any:
        """See `Engine.run`."""
        if not self._turns.acquire(timeout=self._timeout_s):
            raise EvaluationTimeoutError(
                "Too many evaluations are waiting; your attempt is free again, try later.",
                by_engine=True,
            )
        try:
            deadline = time.monotonic() + self._timeout_s
            return self._result(job, self._start(job), deadline, begun)
        finally:
            self._turns.release()

    def _start(self, job: Any) -> socket.socket:
        """Hand a job to the fork server and return our end of its socket."""
        ours, theirs = socket.socketpair()
        ours.settimeout(self._timeout_s + _GRACE_S)
        try:
            with theirs:
                socket.send_fds(self._control, [b"job"], [theirs.fileno()])
            send_message(ours, pickle.dumps(job, protocol=pickle.HIGHEST_PROTOCOL))
        except OSError as error:
            ours.close()
            log.warning("evaluation was not started", job=str(job), reason=str(error))
            self._note_loss(job)
            raise EvaluationFailedError(FAILED, by_engine=True) from error
        return ours

    def _result(self, job: Any, ours: socket.socket, deadline: float, begun: Begun) -> Any:
        try:
            with ours:
                while (answer := receive_message(ours)) == BEGINS:
                    begun()
                    send_message(ours, NOTED)
        except (OSError, EOFError) as error:
            # The end of a job that was killed for being late looks like that of one that crashed.
            if time.monotonic() >= deadline:
                log.warning("evaluation timed out", job=str(job), timeout_s=self._timeout_s)
                raise EvaluationTimeoutError(
                    f"The evaluation took longer than {self._timeout_s:g} s; "
                    "your attempt is free again."
                ) from error
            log.warning("evaluation process died", job=str(job))
            self._note_loss(job)
            raise EvaluationFailedError(FAILED, by_engine=self._lost) from error
        succeeded, result = pickle.loads(answer)  # noqa: S301 - written by our own child
        if not succeeded:
            trace, culprit = result
            log.error("evaluation failed", job=str(job), culprit=culprit, exception=trace)
            raise EvaluationFailedError(FAILED)
        return result

    def _note_loss(self, job: Any) -> None:
        """Say so if it is the fork server that has ended, and not the job alone."""
        with self._noting:
            if self._lost or not _has_ended(self._fork_server):
                return
            self._lost = True
        log.error("the fork server is gone", job=str(job))
        self._on_loss()

    def close(self) -> None:
        """See `Engine.close`: the fork server ends its children and itself."""
        self._control.close()
        with contextlib.suppress(ChildProcessError):  # it was found dead before
            os.waitpid(self._fork_server, 0)


def _has_ended(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True
