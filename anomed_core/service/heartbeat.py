"""Tell other servers of one ledger that this process lives, now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

import attrs

from anomed_core.ledger import BEAT_EVERY_S, Neighbours


@attrs.define(kw_only=True)
class Heartbeat:
    """Work of a `Background` thread.

    Attributes
    ----------
    neighbours
        Is told.
    """

    neighbours: Neighbours
    _beaten_at: float = attrs.field(default=float("-inf"), init=False)

    name = "heartbeat"

    def do_one(self, is_stopping: Callable[[], bool]) -> bool:
        """Note that this process lives, if it is time to; there is never more to do."""
        if time.monotonic() - self._beaten_at >= BEAT_EVERY_S and not is_stopping():
            self.neighbours.beat()
            self._beaten_at = time.monotonic()
        return False
