"""Start servers as their users do, each in a process group of its own, and end all of it.

A server's leader is started in a new session (`os.setsid`), so the group's id is the leader's
process id, and gunicorn's workers inherit it. The group is how a server's processes are found (to
end them, or to count their CPU time), never their names.
"""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

LOOPBACK = "127.0.0.1"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
LOG_TAIL_CHARACTERS = 6000


class ServerFailedError(RuntimeError):
    """A server ended, or stayed silent, instead of answering; the message holds its log."""


@attrs.frozen(kw_only=True)
class RunningServer:
    """A server that has answered `GET /`."""

    name: str
    port: int
    group: int = attrs.field(metadata={"help": "process group id, the leader's process id"})
    log: Path

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]


@contextmanager
def serving(
    command: Sequence[str],
    *,
    name: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Iterator[RunningServer]:
    """Run `command` in `folder` until the block ends; `{port}` in it becomes `port`, or a free one.

    The server sees no `ANOMED_*` variable of ours except those in `environment`. Its output goes to
    `<name>.log` in `folder`.

    Raises
    ------
    ServerFailedError
        If it ends or does not answer `GET /` with 200 within a minute.
    """
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        leader = subprocess.Popen(
            [part.replace("{port}", str(port)) for part in command],
            cwd=folder,
            env=_environment(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = RunningServer(name=name, port=port, group=leader.pid, log=log)
    try:
        _wait_until_it_answers(server, leader)
        yield server
    finally:
        _stop(leader)


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("ANOMED_")}
    return inherited | {"NO_PROXY": LOOPBACK, "OMP_NUM_THREADS": "1"} | dict(extra)


def _wait_until_it_answers(server: RunningServer, leader: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if leader.poll() is not None:
            raise ServerFailedError(
                f"{server.name} ended with {leader.returncode}:\n{server.log_tail()}"
            )
        if _answers(server):
            return
        time.sleep(0.05)
    raise ServerFailedError(
        f"{server.name} did not answer within {START_TIMEOUT_S:.0f} s:\n{server.log_tail()}"
    )


def _answers(server: RunningServer) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(leader: subprocess.Popen[bytes]) -> None:
    """End the leader politely, then whatever of its group is left."""
    leader.terminate()
    try:
        leader.wait(timeout=STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        leader.kill()
        leader.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)


@attrs.frozen(kw_only=True)
class ProcessState:
    """What `/proc/<pid>/stat` says about one process (Linux)."""

    pid: int
    parent: int
    group: int
    cpu_s: float = attrs.field(metadata={"help": "user and system time, with children waited for"})


def process_group(group: int) -> list[ProcessState]:
    """Return the living processes of a group, the leader first."""
    states = [_read_state(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    members = [state for state in states if state is not None and state.group == group]
    return sorted(members, key=lambda state: (state.pid != group, state.pid))


def _read_state(entry: Path) -> ProcessState | None:
    try:
        text = (entry / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None  # it ended while we were looking
    fields = text.rpartition(")")[2].split()  # the command's name may hold spaces and brackets
    state, parent, group = fields[0], int(fields[1]), int(fields[2])
    if state in "ZX":
        return None
    ticks = sum(int(field) for field in fields[11:15])
    cpu_s = ticks / os.sysconf("SC_CLK_TCK")
    return ProcessState(pid=int(entry.name), parent=parent, group=group, cpu_s=cpu_s)
