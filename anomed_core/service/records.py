"""What a server remembers: its database, and the bodies that belong to it."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from anomed_core.config import ServerSettings
from anomed_core.ledger import (
    Database,
    DeviceCodes,
    FollowUpBook,
    JobBook,
    Ledger,
    Neighbours,
    RequestCounts,
    TeamBook,
    TokenBook,
)
from anomed_core.service.kept_submissions import KeptSubmissions
from anomed_core.service.transcripts import Transcripts
from anomed_core.state import FiledBodies, StateDirectory, store_at


@attrs.frozen(kw_only=True)
class Records:
    """What is remembered, in one database, and the bodies that belong to it."""

    ledger: Ledger
    follow_ups: FollowUpBook
    tokens: TokenBook
    teams: TeamBook
    device_codes: DeviceCodes
    kept: KeptSubmissions
    jobs: JobBook
    bodies: FiledBodies
    neighbours: Neighbours | None = None
    """Other servers, where the database lets there be others."""
    request_counts: RequestCounts | None = None


def open_state(settings: ServerSettings, *, for_reading: bool = False) -> StateDirectory:
    """Open the state directory, and the store that it has copies of.

    Raises
    ------
    UsageError
        If it cannot be made, or the store's URL names none.
    """
    return StateDirectory(
        settings.state,
        for_reading=for_reading,
        store=store_at(settings.store),
        copies_bytes=settings.store_copies_bytes,
    )


def open_records(
    settings: ServerSettings,
    state: StateDirectory,
    clock: Callable[[], int],
    *,
    for_reading: bool,
    goes_on: bool,
) -> Records:
    """Open what is remembered, and remove what no submission belongs to any more."""
    url = settings.ledger or state.ledger_url
    database = Database(
        url,
        processes=None if for_reading else settings.workers,
        for_reading=for_reading,
        may_begin=not goes_on,
    )
    ledger = Ledger(database, clock=clock)
    payloads = state.payload_store
    payloads.sweep()
    return Records(
        ledger=ledger,
        follow_ups=FollowUpBook(database, clock=clock),
        tokens=TokenBook(database, clock=clock),
        teams=TeamBook(database, clock=clock),
        device_codes=DeviceCodes(database, clock=clock),
        jobs=JobBook(database, kept_s=settings.jobs_kept_s, clock=clock),
        bodies=state.job_bodies,
        neighbours=Neighbours(database) if database.has_row_locks else None,
        request_counts=RequestCounts(database) if database.has_row_locks else None,
        # What was taken once is read again, whatever the ratio is now.
        kept=KeptSubmissions(
            ledger=ledger,
            payloads=payloads,
            limits=attrs.evolve(settings.limits, unpacked_ratio=settings.limits.unpacked_bytes),
            transcripts=Transcripts(ledger=ledger, bodies=state.call_bodies),
        ),
    )
