"""Open houses of example types, and speak HTTP to them without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.plugins import build_registry
from anomed_core.service.house import House, open_house
from anomed_core.web import create_web_app
from tests.example_types import Guessing

OpenHouse = Callable[..., House]


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def house_of(state: Path) -> Iterator[OpenHouse]:
    """Open a house of plugins: one challenge for each type, its id is the type's name."""
    houses: list[House] = []

    def make(
        *plugins: Any,
        specs: list[ChallengeSpec] | None = None,
        accept_change: bool = False,
        **settings: Any,
    ) -> House:
        registry = build_registry(discover=False)
        for number, plugin in enumerate(plugins):
            registry.add(plugin, name=f"{type(plugin).__name__.lower()}-{number}")
        names = [loaded.type.name for loaded in registry.types]
        house = open_house(
            specs or [ChallengeSpec(id=name, type=name) for name in names],
            registry=registry,
            settings=ServerSettings(state=state, **settings),
            accept_change=accept_change,
            environment={},
        )
        houses.append(house)
        return house

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def game() -> Guessing:
    return Guessing()


@pytest.fixture
def house(house_of: OpenHouse, game: Guessing) -> House:
    return house_of(game)


@pytest.fixture
def client(house: House) -> TestClient:
    return TestClient(create_web_app(house))
