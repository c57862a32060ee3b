"""An app of the probe challenge in this process, with and without tokens."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import structlog
from hypothesis import HealthCheck, settings

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.ledger import EVERY_CHALLENGE, Identity
from anomed_core.model import Role
from anomed_core.plugins import build_registry
from anomed_core.service.house import House, open_house
from anomed_core.web import configure_logs, create_web_app
from tests.faults import probe

CASES = int(os.environ.get("ANOMED_FUZZ_CASES", "40"))
"""Examples of most tests; 600 make more than 10,000 cases altogether."""

fuzzed = settings(
    max_examples=CASES,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
fuzzed_a_little = settings(fuzzed, max_examples=max(2, CASES // 5))
"""For what is repeated for each of many routes."""


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
    house: House
    tokens: dict[Role, str]


@contextmanager
def serving_app(state: Path, *, auth: str = "open") -> Iterator[Served]:
    """Open a house of one probe challenge until the block ends."""
    configure_logs()
    registry = build_registry(discover=False)
    registry.add(probe, name="probe")
    house = open_house(
        [ChallengeSpec(id="probe", type="probe", config=probe.ProbeConfig())],
        registry=registry,
        settings=ServerSettings(state=state, auth=auth),
        environment={},
    )
    roles = {Role.ANONYMIZER: "probe", Role.DEANONYMIZER: "probe", Role.ORGANISER: EVERY_CHALLENGE}
    tokens = {
        role: house.tokens.create(Identity(role=role, holder="alice", challenge=challenge))
        for role, challenge in roles.items()
    }
    try:
        yield Served(app=closing(create_web_app(house)), house=house, tokens=tokens)
    finally:
        house.close()
        structlog.reset_defaults()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_app(tmp_path_factory.mktemp("open")) as served:
        yield served


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_app(tmp_path_factory.mktemp("tokens"), auth="tokens") as served:
        yield served
