"""Open servers of example types, and speak HTTP to them without a socket."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.ledger import migrate_ledger
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from tests.example_types import Guessing
from tests.interactive_type import Asked
from tests.paying import Serve, World

OpenServer = Callable[..., Server]


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger as migrations leave it: to copy it takes a hundredth of their time."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    migrate_ledger(f"sqlite:///{path}")
    return path


@pytest.fixture
def server_of(state: Path, empty_ledger: Path) -> Iterator[OpenServer]:
    """Open a server of plugins: one challenge for each type, its id is the type's name."""
    servers: list[Server] = []

    def make(
        *plugins: Any,
        specs: list[ChallengeSpec] | None = None,
        accept_change: bool = False,
        **settings: Any,
    ) -> Server:
        registry = build_registry(discover=False)
        for number, plugin in enumerate(plugins):
            registry.add(plugin, name=f"{type(plugin).__name__.lower()}-{number}")
        names = [loaded.type.name for loaded in registry.types]
        if not state.exists():
            state.mkdir(mode=0o700, parents=True)
            shutil.copy(empty_ledger, state / "ledger.sqlite")
        server = open_server(
            specs or [ChallengeSpec(id=name, type=name) for name in names],
            registry=registry,
            settings=ServerSettings(state=state, **settings),
            accept_change=accept_change,
            environment={},
        )
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def game() -> Guessing:
    return Guessing()


@pytest.fixture
def server(server_of: OpenServer, game: Guessing) -> Server:
    return server_of(game)


@pytest.fixture
def client(server: Server) -> TestClient:
    return TestClient(create_web_app(server))


@pytest.fixture
def serve(server_of: OpenServer) -> Serve:
    """Serve a challenge that has some operations, to somebody who calls them."""
    return lambda *operations, **settings: World(server_of(Asked(*operations), **settings))
