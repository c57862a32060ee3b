"""What the tests of the ledger record, and when."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs

from anomed_core.ledger import (
    OPERATION,
    ArchivedBody,
    ArchiveEntry,
    ClaimRequest,
    Database,
    Ledger,
    NewJob,
    NewScore,
    Provenance,
    lines_on,
)
from anomed_core.model import Account, Line, Resource, Role, Score, Split, Subject

PROVENANCE = Provenance(core_version="1", plugin="contract", plugin_version="2")
ANONYMIZER = Subject(role=Role.ANONYMIZER, anonymizer="alice")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LEASE_S = 60.0


PRIVACY = Account(
    name="privacy",
    resources=[
        Resource(name="epsilon", limit="0.3", lapse="spent"),
        Resource(name="queries", limit=100),
    ],
)
TOGETHER = Account(
    name="together", shared=True, resources=[Resource(name="epsilon", limit=1, lapse="spent")]
)
HOURLY = Account(name="hourly", period_s=3600, resources=[Resource(name="queries", limit=2)])
ACCOUNTS = (PRIVACY, TOGETHER, HOURLY)


class SettableClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        """Return microseconds since 1970-01-01 UTC."""
        return round(self.now.timestamp()) * 1_000_000


def final_of(subject: Subject = ANONYMIZER, **changes: Any) -> ClaimRequest:
    """Return a request for a subject's final."""
    request = ClaimRequest(
        challenge="iris",
        kind="anonymizer",
        subject=subject,
        split=Split.VALIDATION,
        payload_digest="d" * 64,
        fingerprint="f" * 64,
        lease_s=LEASE_S,
        request_id="request-1",
    )
    return attrs.evolve(request, **changes)


def tuning_of(subject: Subject = ANONYMIZER, **changes: Any) -> ClaimRequest:
    """Return a request for a tuning attempt."""
    return final_of(subject, split=Split.TUNING, **changes)


def call_of(*lines: Line, subject: Subject | None = ANONYMIZER, **changes: Any) -> ClaimRequest:
    """Return a request for a call of an operation with a price."""
    request = ClaimRequest(
        challenge="iris",
        what=OPERATION,
        kind="count",
        subject=subject,
        split=None,
        payload_digest="c" * 64,
        fingerprint="f" * 64,
        lease_s=LEASE_S,
        lines=lines_on(ACCOUNTS, lines),
    )
    return attrs.evolve(request, **changes)


def entry_of(request: ClaimRequest, answer: str | None = '{"count":3}') -> ArchiveEntry:
    """Return what the archive is told of a call and its answer."""
    return ArchiveEntry(
        challenge=request.challenge,
        operation=request.kind,
        subject=request.subject,
        parameters=request.parameters,
        request=ArchivedBody(content=b'{"of":"ages"}'),
        answer=None if answer is None else ArchivedBody(content=answer.encode()),
    )


def answer_call(ledger: Ledger, request: ClaimRequest, answer: str = '{"count":3}') -> int:
    """Claim, commit and archive a call; return the entry's number."""
    number = ledger.commit(ledger.claim(request), entry=entry_of(request, answer))
    assert number is not None
    return number


def job_of(request: ClaimRequest, number: int = 1) -> NewJob:
    """Return a job that holds a claim."""
    assert request.subject is not None
    return NewJob(
        id=f"{number:032x}",
        what=request.what,
        challenge=request.challenge,
        kind=request.kind,
        subject=request.subject,
        split=request.split,
        holder=request.subject.anonymizer,
        payload_digest=request.payload_digest,
    )


def score_of(ledger: Ledger, request: ClaimRequest, value: float = 0.5) -> Score:
    """Claim and record."""
    return ledger.record(ledger.claim(request), {"accuracy": value}, PROVENANCE)


def house_score(**changes: Any) -> NewScore:
    """Return the result of a house attack on the anonymizer's final."""
    result = NewScore(
        challenge="iris",
        kind="anonymizer",
        subject=ANONYMIZER,
        split=Split.VALIDATION,
        origin="house",
        label="coin",
        metrics={"advantage": 0.0},
        payload_digest="d" * 64,
        fingerprint="f" * 64,
        provenance=PROVENANCE,
    )
    return attrs.evolve(result, **changes)


def outcomes_of(jobs: list[Callable[[], object]]) -> Counter[str]:
    """Run jobs at once, each in a thread; count results and errors by the names of their types."""
    barrier = threading.Barrier(len(jobs))
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def run(job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            outcome = type(job()).__name__
        except Exception as error:  # noqa: BLE001 - every outcome is counted
            outcome = type(error).__name__
        with lock:
            outcomes[outcome] += 1

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def filled(database: Database, *, n_rows: int = 6) -> Ledger:
    """Return a ledger with so many scores and as many audit rows."""
    ledger = Ledger(database)
    ledger.open_challenge("iris", "f" * 64, accept_change=False)
    for number in range(n_rows - 1):
        score_of(ledger, tuning_of(), number / n_rows)
        ledger.audit("token created", holder=f"holder-{number}")
    score_of(ledger, final_of(), 0.75)
    ledger.audit("token revoked", holder="holder-0")
    return ledger
