"""Processes in other environments that import once and answer many calls."""

from __future__ import annotations

import fcntl
import json
import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self, cast

from anomed_core.environments.processes import bare_settings, last_words
from anomed_core.environments.recipes import Environment, lock_of
from anomed_core.errors import ForeignLibraryError

if TYPE_CHECKING:
    import pandas as pd

_ANSWERING = Path(__file__).with_name("answering.py")
_CHUNK_BYTES = 65_536
_KEPT_COMPLAINTS_BYTES = 8_192


class Worker:
    """Call the functions of a recipe's driver in its own environment.

    The process starts with the first call, stays for the next ones, and ends with this one. After
    a failure other than an exception of the library, the next call gets a fresh process. Calls of
    several threads wait for each other.

    Parameters
    ----------
    environment
        Where the library is; its recipe names the driver.
    timeout_s
        Time limit of a call; the first one's includes the import.
    memory_bytes
        What the process may allocate (``RLIMIT_DATA``); 0 is no limit.
    answer_bytes
        Longest answer, tables aside.

    Examples
    --------
    ``with Worker(environment, timeout_s=60) as worker: worker.call("count", {"epsilon": 1.0})``
    """

    def __init__(
        self,
        environment: Environment,
        *,
        timeout_s: float,
        memory_bytes: int = 0,
        answer_bytes: int = 16_777_216,
    ) -> None:
        if environment.recipe.driver is None:
            raise ValueError(f"the recipe {environment.recipe.name} names no driver to call")
        self._environment = environment
        self._driver = environment.recipe.driver
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._answer_bytes = answer_bytes
        self._home = tempfile.TemporaryDirectory(prefix="anomed-worker-")
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints = b""
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and delete its files."""
        with self._lock:
            self._end()
            self._home.cleanup()

    def call(
        self,
        function: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        tables: Mapping[str, pd.DataFrame] | None = None,
    ) -> Any:
        """Call a function of the driver.

        Parameters
        ----------
        function
            Its name.
        arguments
            Keyword arguments that JSON can hold.
        tables
            Keyword arguments that are tables.

        Returns
        -------
        object
            A JSON value, or a table if the function returned one.

        Raises
        ------
        ForeignLibraryError
            If the library raised, or its process ended, took too long or answered nonsense.
        """
        tables = tables or {}
        with self._lock, tempfile.TemporaryDirectory(dir=self._home.name) as folder:
            for name, table in tables.items():
                table.to_parquet(Path(folder) / f"{name}.parquet")
            request = {
                "call": function,
                "arguments": dict(arguments or {}),
                "tables": list(tables),
                "folder": folder,
            }
            try:
                line = self._exchange(json.dumps(request).encode() + b"\n")
                answer = parsed_answer(line)
            except BaseException as error:
                self._end()
                if isinstance(error, _WorkerError):
                    raise ForeignLibraryError(self._sentence(error)) from error
                raise
            if "error" in answer:
                raise ForeignLibraryError(f"{self._name}.{function} raised {answer['error']}")
            if "table" in answer:
                import pandas as pd

                return pd.read_parquet(Path(folder) / "answer.parquet")
            return answer["value"]

    @property
    def _name(self) -> str:
        return self._environment.recipe.name

    def _sentence(self, failure: _WorkerError) -> str:
        words = last_words(self._complaints.decode(errors="replace")) or "nothing"
        return f"the worker of {self._name} {failure}; its last lines were: {words}"

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            command = [str(self._environment.python), "-I", str(_ANSWERING), str(self._driver)]
            self._complaints = b""
            in_use = _in_use(self._environment)
            try:
                self._process = subprocess.Popen(
                    [*command, str(os.getpid()), str(self._memory_bytes)],
                    pass_fds=in_use,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                    cwd=self._home.name,
                    env=bare_settings(self._home.name),
                    start_new_session=True,
                )
            except OSError as error:
                raise _WorkerError(
                    f"could not start ({error}): make its environment anew"
                ) from error
            finally:
                for descriptor in in_use:
                    os.close(descriptor)
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                os.set_blocking(cast("IO[bytes]", pipe).fileno(), False)
        return self._process

    def _exchange(self, request: bytes) -> bytes:
        """Send a line and return the answer's, never waiting for one pipe alone."""
        process = self._started()
        ends_at = time.monotonic() + self._timeout_s
        answer = b""
        with selectors.DefaultSelector() as ready:
            ready.register(cast("IO[bytes]", process.stdin), selectors.EVENT_WRITE)
            ready.register(cast("IO[bytes]", process.stdout), selectors.EVENT_READ)
            ready.register(cast("IO[bytes]", process.stderr), selectors.EVENT_READ)
            while not answer.endswith(b"\n"):
                left_s = ends_at - time.monotonic()
                if left_s <= 0:
                    raise _WorkerError(
                        f"took longer than its limit of {self._timeout_s:g} s: allow more or "
                        "give it less"
                    )
                for key, _ in ready.select(left_s):
                    if key.fileobj is process.stdin:
                        request = _sent(key.fd, request)
                        if not request:
                            ready.unregister(key.fileobj)
                        continue
                    chunk = os.read(key.fd, _CHUNK_BYTES)
                    if key.fileobj is process.stdout:
                        answer += chunk
                        self._check(process, chunk, len(answer))
                    elif chunk:
                        kept = self._complaints + chunk
                        self._complaints = kept[-_KEPT_COMPLAINTS_BYTES:]
                    else:
                        ready.unregister(key.fileobj)
        return answer

    def _check(self, process: subprocess.Popen[bytes], chunk: bytes, size_bytes: int) -> None:
        if not chunk:
            self._complaints += _remaining(process)
            raise _WorkerError(
                f"ended ({_reason(process)}): read its last lines, or allow more memory"
            )
        if size_bytes > self._answer_bytes:
            raise _WorkerError(
                f"answered more than {self._answer_bytes} bytes: ask for less, or return a table"
            )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # its own group, see start_new_session
            with process:  # waits, and closes the pipes
                pass


def _in_use(environment: Environment) -> tuple[int, ...]:
    """Take the environment's lock, which a worker then holds for as long as it lives."""
    try:
        descriptor = os.open(lock_of(environment.folder), os.O_RDONLY)
    except FileNotFoundError:  # not one of the cache
        return ()
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return (descriptor,)


class _WorkerError(Exception):
    """What a worker did, and what to do about it."""


def parsed_answer(line: bytes) -> dict[str, Any]:
    """Return what a worker answered; only one JSON object of a known form is an answer."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or list(answer) not in (["value"], ["table"], ["error"]):
        raise _WorkerError(f"answered nonsense ({line[:60]!r}): repair its driver")
    return answer


def _sent(descriptor: int, request: bytes) -> bytes:
    """Write what the pipe takes and return the rest; who reads no more is told by its answer."""
    try:
        return request[os.write(descriptor, request[:_CHUNK_BYTES]) :]
    except BrokenPipeError:
        return b""


def _remaining(process: subprocess.Popen[bytes]) -> bytes:
    try:
        return os.read(cast("IO[bytes]", process.stderr).fileno(), _CHUNK_BYTES)
    except BlockingIOError:
        return b""


def _reason(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=5.0)
    except subprocess.TimeoutExpired:
        return "it closed its output"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
