"""Start servers of the probe challenge, and show their logs when a test fails."""

import json
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import RunningServer, serving
from tests.postgresql import create_database, postgresql

from .small_disk import SmallDisk, small_disk

__all__ = ["postgresql"]

PROBE = Path(__file__).with_name("probe.py")
SERVERS = pytest.StashKey[list[RunningServer]]()
FIGURES = pytest.StashKey[list[str]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the log of every running server to a failure."""
    report = yield
    if report.failed:
        for server in item.config.stash.get(SERVERS, []):
            report.sections.append((f"log of {server.name}", server.log_tail()))
    return report


NoteFigures = Callable[[str], None]


@pytest.fixture
def note_figures(request: pytest.FixtureRequest) -> NoteFigures:
    """Show a line of figures at the end of the run."""
    lines = request.config.stash.setdefault(FIGURES, [])
    return lambda line: lines.append(f"{request.node.name}: {line}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was counted."""
    lines = terminalreporter.config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("figures")
    for line in lines:
        terminalreporter.write_line(line)


def configuration(
    *, server: Mapping[str, Any] | None = None, challenge: Mapping[str, Any] | None = None
) -> str:
    """Return the TOML of a server with one probe challenge."""
    tables = {"server": server or {}, "challenges.probe": {"type": "probe", **(challenge or {})}}
    return "".join(_table(name, values) for name, values in tables.items())


def _table(name: str, values: Mapping[str, Any]) -> str:
    lines = [f"[{name}]"]
    lines += [f"{k} = {json.dumps(v)}" for k, v in values.items() if not isinstance(v, Mapping)]
    inner = [_table(f"{name}.{k}", v) for k, v in values.items() if isinstance(v, Mapping)]
    return "\n".join([*lines, "", *inner])


ProbeServer = Callable[..., RunningServer]


def probe_command(folder: Path, *options: str) -> list[str]:
    """Return the command that serves `folder/challenge.toml`; `{port}` stands in it."""
    return [
        *(sys.executable, "-m", "anomed_core", "serve", str(folder / "challenge.toml")),
        *("--plugin", str(PROBE), "--port", "{port}", "--state", str(folder / "state")),
        *options,
    ]


@pytest.fixture
def probe_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProbeServer]:
    """Serve probe challenges until the test ends."""
    yield from _serving_probes(request.config, tmp_path_factory)


@pytest.fixture(scope="module")
def shared_probe_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProbeServer]:
    """Serve probe challenges until the module's tests end."""
    yield from _serving_probes(request.config, tmp_path_factory)


def _serving_probes(
    config: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProbeServer]:
    running = config.stash.setdefault(SERVERS, [])

    def start(
        *options: str,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        port: int | None = None,
        **tables: Mapping[str, Any],
    ) -> RunningServer:
        folder = folder or tmp_path_factory.mktemp("probe")
        folder.mkdir(exist_ok=True)
        (folder / "challenge.toml").write_text(configuration(**tables))
        command = probe_command(folder, *options)
        server = stack.enter_context(
            serving(command, name="server", folder=folder, environment=environment, port=port)
        )
        running.append(server)
        stack.callback(running.remove, server)
        return server

    with ExitStack() as stack:
        yield start


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_options(request: pytest.FixtureRequest) -> list[str]:
    """Return the options of a server that keeps its ledger on either database."""
    return options_of_ledger(request)


def options_of_ledger(request: pytest.FixtureRequest) -> list[str]:
    """Return a server's options for the database that a fixture's parameter names, a new one."""
    if request.param == "sqlite":
        return []
    url: str = request.getfixturevalue("postgresql")
    return ["--ledger", create_database(url)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Mount a disk of 12 MiB."""
    with small_disk(tmp_path / "disk", size_mib=12) as disk:
        yield disk
