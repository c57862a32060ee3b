"""A cap on all requests of a subject, shared by all workers, and by all servers of a ledger.

Counts need not be durable: after a crash everybody begins anew. Where servers share a database,
they are there; otherwise in a small SQLite file. Where neither can be used, each worker counts for
itself: a cap decides who is too loud, and the state of a disk does not.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from anomed_core.config import ServerSettings
from anomed_core.errors import LedgerError, QuotaExhaustedError
from anomed_core.ledger import MICROSECOND, RequestCounts, utc_microseconds
from anomed_core.state import StateDirectory

log = structlog.get_logger(__name__)

_CREATE = """
CREATE TABLE IF NOT EXISTS counts
(who TEXT PRIMARY KEY, period INTEGER NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID
"""
_COUNT = """
INSERT INTO counts (who, period, n) VALUES (?, ?, 1)
ON CONFLICT (who) DO UPDATE SET
  n = CASE WHEN period >= excluded.period THEN n + 1 ELSE 1 END,
  period = max(period, excluded.period)
RETURNING n, period
"""
_FORGET = "DELETE FROM counts WHERE period < ?"


class Counts(Protocol):
    """Where requests are counted; may raise `LedgerError`, `OSError` or `sqlite3.Error`."""

    def add(self, who: str, period: int) -> tuple[int, int]:
        """Count a request; return how many there were in this period, and which one it is."""
        ...

    def forget(self, period: int) -> None:
        """Forget what was counted before a period."""
        ...


class FileCounts:
    """Counts in a file that the workers of one machine share.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()  # a connection belongs to the thread that opened it

    def add(self, who: str, period: int) -> tuple[int, int]:
        """See `Counts`."""
        try:
            n, counted_in = self._connection().execute(_COUNT, (who, period)).fetchone()
        except (sqlite3.Error, OSError):
            self._local.connection = None
            raise
        return n, counted_in

    def forget(self, period: int) -> None:
        """See `Counts`."""
        self._connection().execute(_FORGET, (period,))

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=5)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_CREATE)
            self._local.connection = connection
        return connection


class Throttle:
    """Counts requests.

    Parameters
    ----------
    counts
        Where.
    requests
        Largest number of requests of one subject within a period.
    period_s
        Length of a period in seconds.
    clock
        Returns microseconds since 1970-01-01 UTC; a period that has begun does not begin again
        when it is set back.
    """

    def __init__(
        self,
        counts: Counts,
        *,
        requests: int,
        period_s: int,
        clock: Callable[[], int] = utc_microseconds,
    ) -> None:
        self._counts = counts
        self._requests = requests
        self._period_s = period_s
        self._clock = clock
        self._tidied = 0
        self._alone = _CountsOfOneWorker()

    def count(self, who: str) -> None:
        """Count a request.

        Raises
        ------
        QuotaExhaustedError
            If it is one too many.
        """
        now_s = self._clock() / MICROSECOND
        period = int(now_s // self._period_s)
        try:
            n, counted_in = self._counted(who, period)
        except (sqlite3.Error, OSError, LedgerError) as error:
            log.warning("requests are counted by each worker alone", reason=repr(error))
            n, counted_in = self._alone.count(who, period), period
        if n > self._requests:
            raise QuotaExhaustedError(
                f"More than {self._requests} requests within {self._period_s} s; wait a little.",
                retry_after_s=(counted_in + 1) * self._period_s - now_s,
                counted="requests",
            )

    def _counted(self, who: str, period: int) -> tuple[int, int]:
        if period > self._tidied:  # names that came once must not stay for ever
            self._tidied = period
            self._counts.forget(period)
        return self._counts.add(hashlib.sha256(who.encode()).hexdigest(), period)


def throttle_of(
    settings: ServerSettings,
    state: StateDirectory,
    clock: Callable[[], int],
    shared: RequestCounts | None,
) -> Throttle | None:
    """Return the cap on requests that an organiser has set, if any.

    Parameters
    ----------
    settings
        Say how many.
    state
        Where they are counted if servers do not share a database.
    clock
        Returns microseconds since 1970-01-01 UTC.
    shared
        Where they are counted if servers do.
    """
    if not settings.quota.requests:
        return None
    return Throttle(
        shared or FileCounts(state.root / "run" / "request-counts.sqlite"),
        requests=settings.quota.requests,
        period_s=settings.quota.requests_period_s,
        clock=clock,
    )


class _CountsOfOneWorker:
    """Counts of the newest period, in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._period = 0
        self._counts: Counter[str] = Counter()

    def count(self, who: str, period: int) -> int:
        with self._lock:
            if period > self._period:
                self._period, self._counts = period, Counter()
            self._counts[who] += 1
            return self._counts[who]
