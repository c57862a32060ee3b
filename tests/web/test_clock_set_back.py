"""Nothing reopens when the machine's clock is set back, whether the server is restarted or not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, Phase, ServerSettings, Split
from anomed_core.config import QuotaSettings
from anomed_core.errors import AttemptInProgressError
from anomed_core.ledger import EVERY_CHALLENGE, Grant
from anomed_core.model import Role
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.example_types import Guessing
from tests.ledger.records import NOON, SettableClock, final_of

GUESS = encode_npz({"prediction": np.zeros(10)})
HOUR, DAYS = timedelta(hours=1), timedelta(days=3)


class Restarted:
    """A server that can be restarted, and a clock that can be set."""

    def __init__(self, state: Path) -> None:
        self.clock = SettableClock()
        self._state = state

    @contextmanager
    def running(self) -> Iterator[tuple[Server, TestClient]]:
        registry = build_registry(discover=False)
        registry.add(Guessing(), name="guessing")
        phases = {Split.VALIDATION: Phase(closes=NOON + HOUR)}
        server = open_server(
            [ChallengeSpec(id="guessing", type="guessing", phases=phases)],
            registry=registry,
            settings=ServerSettings(
                state=self._state, quota=QuotaSettings(tuning_attempts=1, requests=100)
            ),
            environment={},
            clock=self.clock,
        )
        try:
            yield server, TestClient(create_web_app(server))
        finally:
            server.close()


@pytest.fixture
def machine(state: Path) -> Restarted:
    return Restarted(state)


def submit(client: TestClient, split: str, *, name: str = "a", key: str = "") -> int:
    url = f"/utility/anonymizer?anonymizer={name}&data_split={split}"
    headers = {"Idempotency-Key": key} if key else {}
    return client.simulate_post(url, body=GUESS, headers=headers).status_code


def refused_before_and_after(machine: Restarted, ask: Callable[[TestClient], int]) -> list[int]:
    """Ask now, with the clock set back, and after a restart with the clock set back."""
    with machine.running() as (_, client):
        answers = [ask(client)]
        machine.clock.now -= DAYS
        answers.append(ask(client))
    with machine.running() as (_, client):
        answers.append(ask(client))
    return answers


def test_a_phase_that_closed_stays_closed(machine: Restarted) -> None:
    machine.clock.now = NOON + 2 * HOUR
    assert refused_before_and_after(machine, lambda c: submit(c, "validation")) == [403] * 3


def test_a_phase_that_closed_unseen_stays_closed_if_somebody_submitted_since(
    machine: Restarted,
) -> None:
    with machine.running() as (_, client):
        machine.clock.now = NOON + 2 * HOUR
        assert submit(client, "tuning") == 201
        machine.clock.now -= DAYS
        assert submit(client, "validation") == 403


def test_a_quota_that_was_used_up_stays_used_up(machine: Restarted) -> None:
    with machine.running() as (_, client):
        assert submit(client, "tuning") == 201
    assert refused_before_and_after(machine, lambda c: submit(c, "tuning")) == [429] * 3


def test_a_final_stays_scored(machine: Restarted) -> None:
    with machine.running() as (_, client):
        assert submit(client, "validation") == 201
    assert refused_before_and_after(machine, lambda c: submit(c, "validation")) == [409] * 3


def test_a_lease_neither_ends_early_nor_never(machine: Restarted) -> None:
    with machine.running() as (server, _):
        server.ledger.claim(final_of(lease_s=60))
        machine.clock.now -= DAYS
        with pytest.raises(AttemptInProgressError) as refusal:
            server.ledger.claim(final_of())
        assert 0 < refusal.value.retry_after_s <= 60
        machine.clock.now += DAYS + timedelta(seconds=60)
        server.ledger.claim(final_of())


def test_an_idempotency_key_stays_used(machine: Restarted) -> None:
    with machine.running() as (server, client):
        assert submit(client, "tuning", key="k") == 201
        machine.clock.now -= DAYS
        assert submit(client, "tuning", key="k") == 201
        assert len(server.ledger.scores()) == 1


def test_a_cap_on_requests_stays_reached(machine: Restarted) -> None:
    with machine.running() as (_, client):
        before = [client.simulate_get("/attempts?anonymizer=a").status_code for _ in range(101)]
        machine.clock.now -= DAYS
        after = client.simulate_get("/attempts?anonymizer=a").status_code
    assert (before[-2:], after) == ([200, 429], 429)


def test_a_revoked_token_stays_revoked(machine: Restarted) -> None:
    with machine.running() as (server, _):
        identity = Grant(role=Role.ORGANISER, holder="olga", challenge=EVERY_CHALLENGE)
        token = server.tokens.create(identity)
        server.tokens.revoke(token.split("-")[1])
        machine.clock.now -= DAYS
        assert server.tokens.identify(token) is None
