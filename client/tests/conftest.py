"""A participant without settings of ours, and a server that fails as told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from anomed_client import Challenge, Options, connect

from client.tests.fault_server import FaultServer, listening

Join = Callable[..., Challenge]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither variables nor files of whoever runs the tests."""
    for name in os.environ:
        if name.startswith("ANOMED_CLIENT_") or name.lower() in {"http_proxy", "all_proxy"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ANOMED_CLIENT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with listening(FaultServer()) as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """Seconds that were waited, in a test that waits for nothing."""
    return []


@pytest.fixture
def join(server: FaultServer, waits: list[float]) -> Iterator[Join]:
    """Connect to the server, with a clock that does not tick."""
    joined: list[Challenge] = []

    def connected(url: str = "", name: str | None = "alice", **options: Any) -> Challenge:
        chosen = {"progress": False, "stall_s": 0.5, "answer_s": 0.5} | options
        challenge = connect(url or server.url, name=name, options=Options(**chosen))
        challenge._access.calls.sleep = waits.append
        joined.append(challenge)
        return challenge

    yield connected
    for challenge in joined:
        challenge.close()


@pytest.fixture
def challenge(join: Join) -> Challenge:
    return join()
