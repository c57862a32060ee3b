"""What surrounds a request never decides its answer."""

import contextlib
import http.client
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import LOOPBACK, RunningServer, process_group, serving

from .conftest import ProbeServer, configuration, probe_command
from .hostile_bodies import MIB
from .participants import ask, prediction, submit
from .test_kill import Participants, wait_for
from .test_starting_workers import answering

FINAL = "/utility/anonymizer?anonymizer={}&data_split=validation"


@pytest.fixture(scope="module")
def server(shared_probe_server: ProbeServer) -> RunningServer:
    limits = {"limits": {"body_bytes": MIB}, "quota": {"requests": 10_000}}
    return shared_probe_server("--workers", "1", server=limits)


@pytest.fixture
def connection(server: RunningServer) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=60)
    yield connection
    connection.close()


def state_of(server: RunningServer) -> Path:
    return server.log.parent / "state"


def counts_of(server: RunningServer) -> list[Path]:
    return list(Path("/dev/shm").glob(f"anomed-{os.getuid()}-*-{server.group}"))


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("POST", "/nope", 404),
        ("POST", "/livez", 405),
        ("PUT", FINAL.format("a"), 405),
        ("POST", "/utility/anonymizer", 400),
        ("POST", "/utility/form?anonymizer=a", 400),
        ("GET", "/challenge.json", 200),
    ],
)
def test_a_body_that_nobody_wanted_does_not_spoil_the_next_request(
    method: str, target: str, status: int, connection: http.client.HTTPConnection
) -> None:
    for _ in range(3):
        connection.request(method, target, body=b"x" * 300_000)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        socket = connection.sock
        connection.request("GET", "/livez")
        assert connection.getresponse().read() == b'{"status": "alive"}'
        assert connection.sock is socket


def test_a_connection_that_ends_says_so(connection: http.client.HTTPConnection) -> None:
    connection.putrequest("POST", "/nope")
    connection.putheader("Content-Length", str(3 * MIB))
    connection.endheaders()

    answer = connection.getresponse()

    assert (answer.status, answer.getheader("Connection")) == (404, "close")


@pytest.mark.parametrize("folder", ["artifacts", "payloads", "run"])
def test_a_folder_that_somebody_removes_costs_no_answer(folder: str, server: RunningServer) -> None:
    before = ask(server.port, "GET", "/data/both").body

    shutil.rmtree(state_of(server) / folder)

    assert ask(server.port, "GET", "/data/both").body == before
    assert submit(server.port, f"without-{folder}", prediction(0)).status == 201
    assert ask(server.port, "GET", "/readyz").body == {"status": "ready"}


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no /dev/shm here")
def test_counts_that_somebody_removes_cost_no_answer(server: RunningServer) -> None:
    (counts,) = counts_of(server)

    shutil.rmtree(counts)

    for target in ("/livez", "/readyz", "/metrics", "/challenge.json", "/nowhere-yet"):
        assert ask(server.port, "GET", target).status == (404 if "yet" in target else 200)
    assert submit(server.port, "uncounted", prediction(0)).status == 201


KNOWN = {
    "its ledger, whose loss must be noticed": r".*/state/ledger\.sqlite(-wal|-shm)?",
    "turns of writers": r".*/ledger\.sqlite\.turn",
    "counts of requests": r".*/state/run/request-counts\.sqlite(-wal|-shm|-journal)?",
    "metrics": r"/dev/shm/anomed-.*/(counter|histogram|gauge_[a-z]+)_\d+\.db",
    "the log": r".*\.log|/dev/null",
    "memory of nobody else, without a name": r".* \(deleted\)",
    "connections, and the loop that waits for them": r"(socket|pipe|anon_inode):\[.*\]",
}
"""What a worker may hold open: whoever adds to it says how the server does without."""


def held_open(server: RunningServer) -> set[str]:
    """Return what the processes of a server have open."""
    held = set()
    for process in process_group(server.group):
        for descriptor in Path(f"/proc/{process.pid}/fd").glob("*"):
            with contextlib.suppress(FileNotFoundError):
                held.add(str(descriptor.readlink()))
    return held


def test_whatever_a_worker_holds_open_may_vanish_under_load(
    probe_server: ProbeServer, ledger_options: list[str]
) -> None:
    challenge, settings = {"cheap": False}, {"quota": {"requests": 10_000}}
    options = ("--workers", "2", *ledger_options)
    server = probe_server(*options, challenge=challenge, server=settings)
    state, first = state_of(server), submit(server.port, "first", prediction(0)).body
    held = held_open(server)
    assert {
        path for path in held if not any(re.fullmatch(k, path) for k in KNOWN.values())
    } == set()
    vanishing = [Path(path) for path in sorted(held) if re.fullmatch(VANISHING, path)]
    vanishing += [state / name for name in ("artifacts", "payloads", "run")]

    with Participants(server.port) as participants:
        for path in [*vanishing, *counts_of(server)]:
            n_settled = len(participants.settled)
            if path.exists():  # a worker may have taken its own with it
                gone = path.rename(path.with_name(f"{path.name}.gone"))
                shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
            wait_for(lambda n=n_settled: len(participants.settled) >= n + 6)
            assert ask(server.port, "GET", "/livez").status == 200

    assert {*participants.answers} <= {200, 201, 202}
    assert submit(server.port, "last", prediction(0)).body == first
    assert ask(server.port, "GET", "/readyz").body == {"status": "ready"}


VANISHING = "|".join(KNOWN[name] for name in ("turns of writers", "counts of requests", "metrics"))


def test_state_is_its_owners_whoever_made_the_folder(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o755)
    (tmp_path / "challenge.toml").write_text(configuration())
    command = probe_command(tmp_path, "--workers", "1")
    with serving(command, name="server", folder=tmp_path) as server:
        assert submit(server.port, "a", prediction(0)).status == 201

    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    files = [path for path in state.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if path.stat().st_mode & 0o077]


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "| true"])
def test_nobody_needs_to_read_what_a_server_says(streams: str, tmp_path: Path) -> None:
    (tmp_path / "challenge.toml").write_text(configuration())
    command = subprocess.list2cmdline(probe_command(tmp_path, "--workers", "1"))
    with serving(["sh", "-c", f"{command} {streams}"], name="server", folder=tmp_path) as server:
        assert ask(server.port, "GET", "/livez").status == 200
        assert submit(server.port, "a", prediction(0)).status == 201


def test_two_servers_on_one_state_count_each_for_itself(
    probe_server: ProbeServer, tmp_path: Path
) -> None:
    first = probe_server("--workers", "1", folder=tmp_path / "one")
    with serving(
        [*probe_command(tmp_path / "one", "--workers", "1")], name="second", folder=tmp_path
    ) as second:
        assert submit(second.port, "a", prediction(0)).status == 201
    assert not counts_of(second)

    assert counts_of(first)
    assert submit(first.port, "a", prediction(0)).status == 409
    assert submit(first.port, "b", prediction(0)).status == 201
    assert "anomed_requests_total" in str(ask(first.port, "GET", "/metrics").body)


def test_a_ledger_that_somebody_removes_is_missed_at_once(
    probe_server: ProbeServer, tmp_path: Path
) -> None:
    server = probe_server("--workers", "2", folder=tmp_path / "one")
    wait_for(lambda: len(answering(server)) == 2, timeout_s=30)
    assert submit(server.port, "a", prediction(0)).status == 201
    aside = tmp_path / "aside"
    aside.mkdir()
    files = sorted(state_of(server).glob("ledger.sqlite*"))

    for file in files:
        file.rename(aside / file.name)

    for _ in range(4):
        assert submit(server.port, "b", prediction(0)).status == 503
        assert ask(server.port, "GET", "/readyz").status == 503
    assert "ledger.sqlite is gone" in server.log.read_text()
    assert not (state_of(server) / "ledger.sqlite").exists()

    for file in files:
        (aside / file.name).rename(file)
    assert submit(server.port, "a", prediction(0)).status == 409
    assert submit(server.port, "b", prediction(0)).status == 201
