"""What the tests of a ledger's contract are made of: a clock, claims, and races for them."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import attrs

from anomed_core.errors import RequestError
from anomed_core.ledger import ClaimRequest, Ledger, Provenance, Quota
from anomed_core.model import Role, Score, Split, Subject

SECOND = 1_000_000
DAY = 86_400 * SECOND
LEASE_S = 100.0
PROVENANCE = Provenance(core_version="1", plugin="p", plugin_version="2")
SUBJECT = Subject(role=Role.ANONYMIZER, anonymizer="a")
OTHER_SUBJECT = Subject(role=Role.ANONYMIZER, anonymizer="b")
PAIR = Subject(role=Role.DEANONYMIZER, anonymizer="a", deanonymizer="bc")

OpenLedger = Callable[[Callable[[], int]], Ledger]


@attrs.define
class Clock:
    """A clock that tests set.

    Attributes
    ----------
    now
        Microseconds since 1970-01-01 UTC.
    """

    now: int = 20_000 * DAY + DAY // 2

    def __call__(self) -> int:
        """Return the present."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass, or set the clock back by a negative number of seconds."""
        self.now += int(seconds * SECOND)


def request_of(**changes: Any) -> ClaimRequest:
    """Return the claim of a final, with changes."""
    facts: dict[str, Any] = {
        "challenge": "iris",
        "kind": "anonymizer",
        "subject": SUBJECT,
        "split": Split.VALIDATION,
        "payload_digest": "d" * 64,
        "fingerprint": "f" * 64,
        "lease_s": LEASE_S,
    }
    return ClaimRequest(**{**facts, **changes})


def tuning(attempts: int | None = None, *, period_s: int = 86_400, **changes: Any) -> ClaimRequest:
    """Return the claim of a tuning attempt, with a quota of so many attempts."""
    quota = None if attempts is None else Quota(attempts=attempts, period_s=period_s)
    return request_of(split=Split.TUNING, quota=quota, **changes)


def scored(ledger: Ledger, request: ClaimRequest, **metrics: float) -> Score:
    """Claim and record."""
    return ledger.record(ledger.claim(request), metrics or {"accuracy": 0.5}, PROVENANCE)


def outcome(ledger: Ledger, request: ClaimRequest) -> str:
    """Return ``"granted"``, or the name of the refusal."""
    try:
        ledger.claim(request)
    except RequestError as error:
        return type(error).__name__
    return "granted"


def race_of_threads(ledger: Ledger, request: ClaimRequest, *, n: int = 8) -> list[str]:
    """Claim the same from many threads at once; return what each of them got, sorted."""
    start = threading.Barrier(n)
    outcomes: list[str] = []

    def run() -> None:
        start.wait()
        outcomes.append(outcome(ledger, request))

    threads = [threading.Thread(target=run) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def race_of_processes(
    open_ledger: OpenLedger, clock: Clock, do: Callable[[Ledger], str], *, n: int = 4
) -> list[str]:
    """Do the same in many processes at once; return what each of them got, sorted."""
    context = multiprocessing.get_context("fork")
    start, outcomes = context.Barrier(n), context.SimpleQueue()

    def run() -> None:
        ledger = open_ledger(clock)
        start.wait()
        outcomes.put(do(ledger))
        ledger.close()

    processes = [context.Process(target=run) for _ in range(n)]
    for process in processes:
        process.start()
    found = [outcomes.get() for _ in processes]
    for process in processes:
        process.join()
    outcomes.close()
    return sorted(found)
