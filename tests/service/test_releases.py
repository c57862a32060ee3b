"""A claim is given back, however long the ledger takes."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from anomed_core.errors import LedgerFullError
from anomed_core.ledger import Claim, Ledger
from anomed_core.service.releases import Releases
from anomed_core.service.server import Server
from tests.ledger.records import ANONYMIZER, final_of


class FullLedger:
    """A ledger that takes nothing back until there is room."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.has_room = False
        self.n_refused = 0

    def release(self, claim: Claim, reason: str, **more: Any) -> None:
        if not self.has_room:
            self.n_refused += 1
            raise LedgerFullError("no room left")
        self._ledger.release(claim, reason, **more)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("n_rounds", [1, 2])
def test_claims_are_given_back_when_the_ledger_can_take_them(server: Server, n_rounds: int) -> None:
    ledger = FullLedger(server.ledger)
    releases = Releases(ledger, retry_every_s=0.01)  # type: ignore[arg-type]
    for _ in range(n_rounds):
        ledger.has_room, ledger.n_refused = False, 0
        claims = [server.ledger.claim(final_of(kind=kind)) for kind in ("one", "two", "three")]
        for claim in claims:
            releases.release(claim, "failed")
        wait_for(lambda: ledger.n_refused > 3)  # so one was refused again
        ledger.has_room = True
        wait_for(lambda: states(server) == {"released"})


def states(server: Server) -> set[str]:
    return {
        attempt.state for attempt in server.ledger.attempts(challenge="iris", subject=ANONYMIZER)
    }
