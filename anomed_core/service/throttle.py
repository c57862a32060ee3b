"""A cap on all requests of a subject, shared by the workers of one machine.

Counts live in a small SQLite file that need not be durable: after a crash everybody begins anew.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

from anomed_core.errors import QuotaExhaustedError

_COUNT = """
INSERT INTO counts (who, period, n) VALUES (?, ?, 1)
ON CONFLICT (who) DO UPDATE SET
  n = CASE WHEN period = excluded.period THEN n + 1 ELSE 1 END,
  period = excluded.period
RETURNING n
"""


class Throttle:
    """Counts requests.

    Parameters
    ----------
    path
        The file of counts.
    requests
        Largest number of requests of one subject within a period.
    period_s
        Length of a period in seconds.
    """

    def __init__(self, path: Path, *, requests: int, period_s: int) -> None:
        self._path = path
        self._requests = requests
        self._period_s = period_s
        self._local = threading.local()

    def count(self, who: str) -> None:
        """Count a request.

        Raises
        ------
        QuotaExhaustedError
            If it is one too many.
        """
        now = time.time()
        period = int(now // self._period_s)
        (n,) = self._connection().execute(_COUNT, (who, period)).fetchone()
        if n > self._requests:
            raise QuotaExhaustedError(
                f"More than {self._requests} requests within {self._period_s} s; wait a little.",
                retry_after_s=(period + 1) * self._period_s - now,
            )

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=5)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS counts "
                "(who TEXT PRIMARY KEY, period INTEGER NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID"
            )
            self._local.connection = connection
        return connection
