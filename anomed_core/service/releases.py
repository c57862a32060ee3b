"""Give claims back: at once, or as soon as the ledger can take them."""

from __future__ import annotations

import threading
import time
from collections import deque

import structlog

from anomed_core.errors import ServiceError
from anomed_core.ledger import ArchiveEntry, Claim, Ledger

log = structlog.get_logger(__name__)


class Releases:
    """What was claimed for evaluations that failed.

    A ledger that cannot be written to, on a full disk for instance, must not keep a participant out
    until the lease ends: what it did not take is offered again until it does.

    Parameters
    ----------
    ledger
        Where the claims are.
    retry_every_s
        Seconds between two offers.
    """

    def __init__(self, ledger: Ledger, *, retry_every_s: float = 1.0) -> None:
        self._ledger = ledger
        self._retry_every_s = retry_every_s
        self._owed: deque[tuple[Claim, str, ArchiveEntry | None]] = deque()
        # A debt must not come between a thread's last look and its end: nobody would pay it.
        self._lock = threading.Lock()
        self._is_retrying = False

    def release(self, claim: Claim, reason: str, *, entry: ArchiveEntry | None = None) -> None:
        """Give a claim back, now or later; the entry is for the archive, if something is spent."""
        try:
            self._ledger.release(claim, reason, entry=entry)
        except ServiceError:
            log.exception("release failed; it is tried again", attempt=claim.id)
            self._owe(claim, reason, entry)

    def _owe(self, claim: Claim, reason: str, entry: ArchiveEntry | None) -> None:
        with self._lock:
            self._owed.append((claim, reason, entry))
            if not self._is_retrying:
                self._is_retrying = True
                threading.Thread(target=self._retry, name="releases", daemon=True).start()

    def _retry(self) -> None:
        while self._owes():
            time.sleep(self._retry_every_s)
            try:
                while self._owed:
                    claim, reason, entry = self._owed[0]
                    self._ledger.release(claim, reason, entry=entry)
                    self._owed.popleft()
            except ServiceError:
                continue

    def _owes(self) -> bool:
        """Return whether something is owed; if not, the thread that asks has to end."""
        with self._lock:
            self._is_retrying = bool(self._owed)
            return self._is_retrying
