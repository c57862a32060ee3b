"""What holds for all tests: pages are read as tests, and seconds are told folder by folder."""

from __future__ import annotations

import gc
import importlib.util
import os
import threading
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.pages import Page

ROOT = Path(__file__).parent

# Alembic runs these; nobody imports them.
collect_ignore = [str(path) for path in ROOT.glob("anomed_core/ledger/migrations/**/*.py")]
if importlib.util.find_spec("numba") is None:  # an optional extra
    collect_ignore += [str(path) for path in ROOT.glob("plugins/*/*/neighbours/_numba_search.py")]

# One profile for the suite, and a longer one for `make test-slow`.
_QUIET: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("default", max_examples=30, **_QUIET)
settings.register_profile("thorough", max_examples=1000, **_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Failures that tests provoke are logged; to print the values in all their frames takes a second.
for _formatter in (structlog.dev.rich_traceback, structlog.dev.rich_monochrome_traceback):
    _formatter.show_locals = False

_WORTH_TELLING_S = 1.0


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect README.md, the plugins' READMEs and everything below docs/."""
    page = file_path.relative_to(ROOT) if file_path.is_relative_to(ROOT) else file_path
    if page.suffix == ".md" and (page.name == "README.md" or page.parts[0] == "docs"):
        return Page.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep Python's collector from what lives until the end: half a million objects of tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture
def closed_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """End what applications run beside requests, as the processes that serve them do at their end.

    A later test that forks would else inherit whatever locks their threads hold at that moment.
    """
    from anomed_core import application

    servers: list[Any] = []
    open_server = application.open_server

    def opened(*arguments: Any, **options: Any) -> Any:
        servers.append(open_server(*arguments, **options))
        return servers[-1]

    monkeypatch.setattr(application, "open_server", opened)
    yield
    for server in servers:
        server.close()


_begun_in: dict[threading.Thread, str] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Note in which test the threads of a server began; each has one that does its jobs."""
    for thread in threading.enumerate():
        if thread.name == "jobs":
            _begun_in.setdefault(thread, item.nodeid)


@pytest.fixture(scope="session", autouse=True)
def no_server_is_left_open() -> Iterator[None]:
    """Fail if a server that a test opened works on when all other fixtures have ended."""
    yield
    left = sorted(test for thread, test in _begun_in.items() if thread.is_alive())
    assert not left, f"servers were left open by {', '.join(left)}"


_seconds: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add what a test took to its folder; under xdist, the controller hears of all tests."""
    _seconds[_folder_of(report.nodeid)] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the time went, folder by folder."""
    slowest = [(folder, s) for folder, s in _seconds.most_common() if s >= _WORTH_TELLING_S]
    if slowest:
        terminalreporter.section("seconds per folder")
    for folder, seconds in slowest:
        terminalreporter.write_line(f"{seconds:8.1f}  {folder}")


def _folder_of(nodeid: str) -> str:
    path = Path(nodeid.partition("::")[0])
    return "." if len(path.parts) == 1 else path.parent.as_posix()
