"""Apps of challenges in this process, with and without tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import structlog

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.ledger import EVERY_CHALLENGE, Grant
from anomed_core.model import Role
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.testing.plugin_under_test import challenge_spec
from anomed_core.web import configure_logs, create_web_app
from tests.faults import probe

from .cases import AT_LEAST, TRIED
from .costs import SLOWEST

SMALL: dict[str, dict[str, Any]] = {
    "dataset-anonymization": {
        "data": {"source": "simulated:hospital-register?n=1500&seed=1"},
        "n_targets": 100,
        "n_queries": 30,
    },
    "supervised-mia": {
        "data": {"source": "sklearn:iris"},
        "mia_evaluation_dataset_length": 5,
    },
}
"""Challenges of shipped types on tables whose size nothing depends on; of others, the demo."""


def closing(app: Any) -> Any:
    """Return an app whose answers are read and closed at once, as servers do."""

    def call(environ: Any, start_response: Any) -> list[bytes]:
        answer = app(environ, start_response)
        try:
            return [b"".join(answer)]
        finally:
            if hasattr(answer, "close"):
                answer.close()

    return call


@attrs.frozen(kw_only=True)
class Served:
    """An app, and what stands behind it."""

    app: Any
    server: Server
    tokens: dict[Role, str]


@contextmanager
def serving_app(state: Path, *, auth: str = "open", plugin: str | None = None) -> Iterator[Served]:
    """Open a server of one probe challenge, or of a shipped type, until the block ends."""
    configure_logs()
    registry = build_registry(discover=plugin is not None)
    if plugin is None:
        registry.add(probe, name="probe")
        specs = [ChallengeSpec(id="probe", type="probe", config=probe.ProbeConfig())]
    else:
        specs = [challenge_spec(registry, registry.load(plugin), SMALL.get(plugin))]
    (spec,) = specs
    server = open_server(
        specs,
        registry=registry,
        settings=ServerSettings(state=state, auth=auth),
        environment={},
    )
    roles = {Role.ANONYMIZER: spec.id, Role.DEANONYMIZER: spec.id, Role.ORGANISER: EVERY_CHALLENGE}
    tokens = {
        role: server.tokens.create(Grant(role=role, holder="alice", challenge=challenge))
        for role, challenge in roles.items()
    }
    try:
        yield Served(app=closing(create_web_app(server)), server=server, tokens=tokens)
    finally:
        server.close()
        structlog.reset_defaults()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_app(tmp_path_factory.mktemp("open")) as served:
        yield served


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_app(tmp_path_factory.mktemp("tokens"), auth="tokens") as served:
        yield served


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show how much was tried."""
    if TRIED:
        terminalreporter.section("fuzzing")
        for module, n_cases in sorted(TRIED.items()):
            terminalreporter.write_line(f"{n_cases:7d} cases in {module}")
        terminalreporter.write_line(f"{sum(TRIED.values()):7d} cases altogether")
    if SLOWEST:
        terminalreporter.section("the slowest requests: CPU time, memory, body")
        for _, line in sorted(SLOWEST, reverse=True):
            terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a run fail that tried too little."""
    if sum(TRIED.values()) < AT_LEAST and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
