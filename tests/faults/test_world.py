"""A server keeps the world it started with, for every worker, whenever it starts."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.processes import RunningServer, free_port, serving

from .conftest import configuration, probe_command
from .participants import ask, prediction, submit
from .test_kill import wait_for, workers_of
from .test_starting_workers import answering

CLOSED = "\n[challenges.probe.phases]\nvalidation = { opens = 2030-01-01T00:00:00Z }\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a configuration, and a plugin that may be edited."""
    (tmp_path / "challenge.toml").write_text(configuration())
    shutil.copy(Path(__file__).with_name("probe.py"), tmp_path / "probe.py")
    return tmp_path


def command(folder: Path) -> list[str]:
    plugin = str(Path(__file__).with_name("probe.py"))
    return [
        str(folder / "probe.py") if part == plugin else part
        for part in probe_command(folder, "--workers", "2")
    ]


@contextmanager
def serving_two(folder: Path) -> Iterator[RunningServer]:
    """Serve until the block ends; both workers have started."""
    with serving(command(folder), name="server", folder=folder) as server:
        wait_for(lambda: len(answering(server)) == 2, timeout_s=30)
        yield server


def kill_workers(server: RunningServer) -> None:
    """End every worker there is, and wait until others answer."""
    before = workers_of(server)
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    wait_for(lambda: len(workers_of(server)) == 2 and not {*before} & {*workers_of(server)})


def append(text: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        with (folder / "challenge.toml").open("a") as file:
            file.write(text)

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        append(CLOSED),
        append("[server]\nquota = nonsense\n"),
        lambda f: (f / "challenge.toml").unlink(),
    ],
    ids=["a phase", "nonsense", "removed"],
)
def test_an_edited_configuration_waits_for_a_reload(
    edit: Callable[[Path], None], folder: Path
) -> None:
    with serving_two(folder) as server:
        edit(folder)
        kill_workers(server)
        answers = [submit(server.port, f"a{n}", prediction(0)).status for n in range(8)]

    assert answers == [201] * 8


def test_a_reload_takes_up_what_can_be_served_and_nothing_else(folder: Path) -> None:
    with serving_two(folder) as server:
        sound = (folder / "challenge.toml").read_text()
        append("[quota]\nx = 1\n")(folder)
        before = workers_of(server)
        os.kill(server.group, signal.SIGHUP)
        wait_for(lambda: "Not reloaded" in server.log.read_text(), timeout_s=30)
        assert workers_of(server) == before
        assert submit(server.port, "a", prediction(0)).status == 201

        (folder / "challenge.toml").write_text(sound + CLOSED)
        os.kill(server.group, signal.SIGHUP)
        wait_for(
            lambda: len(workers_of(server)) == 2 and not {*before} & {*workers_of(server)},
            timeout_s=30,
        )
        wait_for(lambda: submit(server.port, "b", prediction(0)).status == 403, timeout_s=30)
        answers = [submit(server.port, f"b{n}", prediction(0)).status for n in range(8)]

    assert answers == [403] * 8


def test_edited_code_is_never_run_beside_the_code_that_was_started(folder: Path) -> None:
    with serving_two(folder) as server:
        code = (folder / "probe.py").read_text()
        (folder / "probe.py").write_text(f"{code}\n# edited\n")
        first, second = workers_of(server)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: "changed since the server was started" in server.log.read_text())
        answers = [submit(server.port, f"a{n}", prediction(0)).status for n in range(8)]
        assert answers == [201] * 8
        assert second in workers_of(server)

        (folder / "probe.py").write_text(code)
        wait_for(lambda: ask(server.port, "GET", "/livez").status == 200)


@pytest.mark.parametrize(
    ("before", "after"),
    [("@hookimpl", "nonsense("), ("primary=True", 'primary=True, direction="lower"')],
)
def test_a_server_none_of_whose_workers_can_start_ends_with_a_code(
    before: str, after: str, folder: Path
) -> None:
    with serving_two(folder) as server:
        assert submit(server.port, "a", prediction(0)).status == 201
        code = (folder / "probe.py").read_text()
        (folder / "probe.py").write_text(code.replace(before, after))
        for worker in workers_of(server):
            os.kill(worker, signal.SIGKILL)

        wait_for(lambda: not workers_of(server), timeout_s=40)
        wait_for(lambda: ask(server.port, "GET", "/livez").status == 0, timeout_s=40)


def test_a_server_that_reports_to_a_platform_starts(folder: Path) -> None:
    environment = {"ANOMED_HOST": f"127.0.0.1:{free_port()}"}
    with serving(command(folder), name="s", folder=folder, environment=environment) as server:
        assert submit(server.port, "a", prediction(0)).status == 201
