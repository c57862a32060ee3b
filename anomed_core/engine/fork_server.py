"""The fork server: forks a child for each job, and ends those that take too long."""

from __future__ import annotations

import ctypes
import os
import pickle
import resource
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

from anomed_core.engine.beginning import noted_by
from anomed_core.engine.contract import Perform
from anomed_core.engine.messages import BEGINS, receive_message, send_message
from anomed_core.errors import culprit_of
from anomed_core.redaction import discreet_traceback

# Options of prctl(2), for which Python has no names.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOOK_EVERY_S = 0.2
"""How late a job may be ended: there may be no message that would wake us at its deadline."""


def run_fork_server(
    control: socket.socket, perform: Perform, *, timeout_s: float, memory_bytes: int
) -> NoReturn:
    """Take jobs until the server closes the control socket; never returns.

    Parameters
    ----------
    control
        Each message carries the descriptor of a job's socket.
    perform
        Does one job.
    timeout_s
        Seconds after which a child is killed.
    memory_bytes
        Address space that a child may use beyond the fork server's own.
    """
    _ignore_the_servers_signals()
    # The socket does not end with a server whose end of it another child has inherited.
    _set_process_option(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _set_process_option(_PR_SET_CHILD_SUBREAPER, 1)  # what jobs leave behind becomes our child
    deadlines: dict[int, float] = {}
    while True:
        ready, _, _ = select.select([control], [], [], _LOOK_EVERY_S)
        _reap(deadlines)
        if not ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, 16, 1)
        if not message:
            _end(deadlines)
        if not descriptors:  # no more files may be open: the server finds its end closed
            continue
        with socket.socket(fileno=descriptors[0]) as connection:
            child = _fork()
            if child == 0:
                control.close()
                _do_job(connection, perform, memory_bytes)
        if child is not None:
            deadlines[child] = time.monotonic() + timeout_s


def _fork() -> int | None:
    """Fork; return ``None`` where the system has no room for another process."""
    try:
        return os.fork()
    except OSError:
        return None


def _ignore_the_servers_signals() -> None:
    """Let jobs finish while the server drains: the end of the control socket is our signal."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGWINCH):
        signal.signal(number, signal.SIG_IGN)
    # gunicorn's handlers came along and would run in here; and were SIGCHLD ignored, children that
    # have ended could not be waited for.
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGABRT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


def _set_process_option(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(option, value)


def _reap(deadlines: dict[int, float]) -> None:
    """Wait for jobs that have ended; end those that are late, and what jobs have left behind."""
    while (child := _ended_child()) is not None:
        deadlines.pop(child, None)
    now = time.monotonic()
    for child in _children() | deadlines.keys():
        if now > deadlines.get(child, 0.0):
            os.kill(child, signal.SIGKILL)


def _ended_child() -> int | None:
    """Return a child that has ended and was not waited for yet."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0] or None
    except ChildProcessError:
        return None


def _children() -> set[int]:
    """Return all living children; none where the kernel does not list them (proc(5))."""
    try:
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    except OSError:
        return set()
    return set(map(int, listed.split()))


def _end(deadlines: dict[int, float]) -> NoReturn:
    for child in _children() | deadlines.keys():
        os.kill(child, signal.SIGKILL)
    while deadlines:
        deadlines.pop(os.wait()[0], None)
    os._exit(0)


def _do_job(connection: socket.socket, perform: Perform, memory_bytes: int) -> NoReturn:
    """Do one job in this process and end it, whatever happens."""
    try:
        send_message(connection, _answer(connection, perform, memory_bytes))
    finally:
        os._exit(0)  # exit handlers and unwritten buffers are copies of the server's


def _answer(connection: socket.socket, perform: Perform, memory_bytes: int) -> bytes:
    try:
        _set_process_option(_PR_SET_PDEATHSIG, signal.SIGKILL)  # no child inherits it
        _limit_memory(memory_bytes)
        job = pickle.loads(receive_message(connection))  # noqa: S301 - sent by our own server
        os.nice(getattr(job, "niceness", 0))
        with noted_by(lambda: _say_begun(connection)):
            return pickle.dumps((True, perform(job)))
    except BaseException as error:  # noqa: BLE001 - a process border; the server logs the traceback
        return pickle.dumps((False, (discreet_traceback(error), culprit_of(error))))


def _say_begun(connection: socket.socket) -> None:
    """Tell whoever waits for the job that it begins, and wait until that is noted."""
    send_message(connection, BEGINS)
    receive_message(connection)


def _limit_memory(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold the ground truth
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
