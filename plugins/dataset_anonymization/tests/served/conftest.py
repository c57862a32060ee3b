"""A small register, served without a socket, and players who speak HTTP to it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
import structlog
from anomed_dataset_anonymization import plugin
from anomed_dataset_anonymization.challenge.arena import Arena
from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig, DataSettings
from falcon.testing import Result, TestClient

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.web import create_web_app

CONFIG = DatasetAnonymizationConfig(
    data=DataSettings(source="simulated:hospital-register?n=3000&seed=1"),
    n_targets=200,
    n_queries=60,
)


@attrs.frozen
class Player:
    """Speaks to a server."""

    client: TestClient
    server: Server

    @property
    def arena(self) -> Arena:
        """What only the server knows."""
        (hosted,) = self.server.challenges.values()
        arena: Arena = hosted.challenge.definition
        return arena

    def get(self, path: str, **query: str) -> Result:
        return self.client.simulate_get(path, params=query)

    def table(self, path: str, **query: str) -> pd.DataFrame:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return pd.read_parquet(io.BytesIO(answer.content))

    def leaky(self) -> pd.DataFrame:
        return self.table("/data/anonymizer/leaky")

    def publish(self, table: pd.DataFrame | bytes, scheme: str = "same", **query: str) -> Result:
        body = table if isinstance(table, bytes) else parquet(table)
        content, kind = form({"anon_data": body, "anon_scheme": scheme.encode()})
        return self.client.simulate_post(
            "/utility/anonymizer",
            params={"anonymizer": "alice"} | query,
            body=content,
            headers={"Content-Type": kind},
        )

    def published(self, **query: str) -> bytes:
        answer = self.get("/data/deanonymizer/anonymized", **({"anonymizer": "alice"} | query))
        assert answer.status_code == 200, answer.text
        return answer.content

    def attack(self, table: pd.DataFrame | bytes, task: str = "", **query: str) -> Result:
        body = table if isinstance(table, bytes) else parquet(table)
        pair = {"anonymizer": "alice", "deanonymizer": "dora"}
        chosen = {"task": task} if task else {}
        return self.client.simulate_post(
            "/utility/deanonymizer", params=pair | chosen | query, body=body
        )


def parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


def form(parts: dict[str, bytes]) -> tuple[bytes, str]:
    """Encode a form as the published client does: parts without file names and types."""
    boundary = "a-boundary-that-no-table-holds"
    chunks = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in parts.items()
    ]
    return b"".join(chunks) + f"--{boundary}--\r\n".encode(), (
        f"multipart/form-data; boundary={boundary}"
    )


def open_player(state: Path, config: Any = CONFIG, **settings: Any) -> Player:
    registry = build_registry(discover=False)
    registry.add(plugin, name=plugin.NAME)
    server = open_server(
        [ChallengeSpec(id="hospital", type=plugin.NAME, config=config)],
        registry=registry,
        settings=ServerSettings(state=state, **settings),
        environment={"ANOMED_SECRET": "ab" * 32},
    )
    return Player(client=TestClient(create_web_app(server)), server=server)


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def warm_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory that holds the frozen people already."""
    state = tmp_path_factory.mktemp("hospital") / "state"
    open_player(state).server.close()
    return state


@pytest.fixture
def player(warm_state: Path, tmp_path: Path) -> Iterator[Player]:
    """A fresh ledger on the people that all tests share."""
    player = open_player(warm_state, ledger=f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield player
    player.server.close()


@pytest.fixture
def leaky(player: Player) -> pd.DataFrame:
    return player.leaky()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)
