"""A bound on what one participant has under way, so that the others keep their threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from anomed_core.errors import QuotaExhaustedError, ServerBusyError

_AGAIN_S = 1.0


class UnderWay:
    """Counts requests under way by who sent them, in this worker.

    Parameters
    ----------
    most
        Of one participant.
    most_together
        Of all of them, so that threads are left for those who only ask.
    """

    def __init__(self, most: int, *, most_together: int) -> None:
        self._most = most
        self._most_together = most_together
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def one_of(self, who: str) -> Iterator[None]:
        """Count a request while it is handled.

        Raises
        ------
        QuotaExhaustedError
            If that many of the participant are under way already.
        ServerBusyError
            If that many of all participants are.
        """
        with self._lock:
            if self._counts.total() >= self._most_together:
                raise ServerBusyError(
                    "The server handles as many submissions as it can; send it again in a moment.",
                    retry_after_s=_AGAIN_S,
                )
            if self._counts[who] >= self._most:
                raise QuotaExhaustedError(
                    f"{self._most} submissions of yours are being handled; send this one again "
                    "when one of them is answered.",
                    retry_after_s=_AGAIN_S,
                    counted="requests",
                )
            self._counts[who] += 1
        try:
            yield
        finally:
            with self._lock:
                self._counts[who] -= 1
                if not self._counts[who]:  # so that names do not add up
                    del self._counts[who]
