"""The delivery worker: takes scores from the outbox and delivers them."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from datetime import datetime

import structlog

from anomed_core.delivery.platform import PlatformRefusedError
from anomed_core.ledger import DELIVER, FollowUp, FollowUpBook
from anomed_core.model import Score
from anomed_core.model.delivery import DeliveryContext

log = structlog.get_logger(__name__)

Deliver = Callable[[Score, DeliveryContext], bool]
"""Delivers a score; returns whether anybody took it, raises if it should be tried again."""


class SealedScoreError(Exception):
    """A score that is not told before a time."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"sealed until {until.isoformat()}")


_JITTER = random.Random()  # noqa: S311 - no secret, and not the one that plugins may have seeded
_LONGEST_DELAY_S = 600.0
_LEASE_MARGIN_S = 20.0
"""Beyond the request: for noting what came of it, while other writers queue for the ledger."""


class DeliveryWorker:
    """Delivers a score and notes what came of it.

    Parameters
    ----------
    follow_ups
        Where deliveries wait.
    deliver
        Delivers one.
    timeout_s
        Seconds that a request to a platform may take.
    """

    prefix = DELIVER
    finals_first = False
    challenges: Collection[str] | None = None
    names: Collection[str] | None = None

    def __init__(
        self, follow_ups: FollowUpBook, deliver: Deliver, *, timeout_s: float = 10.0
    ) -> None:
        self._follow_ups = follow_ups
        self._deliver = deliver
        self._timeout_s = timeout_s

    @property
    def lease_s(self) -> float:
        """Seconds until somebody else may try."""
        return self._timeout_s + _LEASE_MARGIN_S

    def do(self, follow_up: FollowUp) -> None:
        """Try to deliver, and note what came of it."""
        context = DeliveryContext(
            # A ledger that was begun anew counts from 1 again; the digest tells its scores apart.
            idempotency_key=f"{follow_up.score.challenge}-{follow_up.score.id}"
            f"-{follow_up.score.payload_digest[:16]}",
            attempt=follow_up.attempt,
            timeout_s=self._timeout_s,
        )
        try:
            taken = self._deliver(follow_up.score, context)
        except SealedScoreError as error:
            self._follow_ups.postpone(follow_up, delay_s=_LONGEST_DELAY_S, error=str(error))
        except PlatformRefusedError as error:
            log.warning("delivery refused", score=follow_up.score.id, reason=str(error))
            self._follow_ups.give_up(follow_up, error=str(error))
        except Exception as error:
            log.warning("delivery failed", score=follow_up.score.id, exc_info=error)
            self._follow_ups.postpone(
                follow_up, delay_s=delay_s(follow_up.attempt), error=str(error)
            )
        else:
            if taken:
                self._follow_ups.done(follow_up)
            else:
                self._follow_ups.postpone(
                    follow_up, delay_s=_LONGEST_DELAY_S, error="nobody delivers"
                )


def delay_s(attempt: int) -> float:
    """Return the seconds to wait after a failed try: doubling from 1 s to 10 minutes, with jitter.

    Examples
    --------
    >>> 0.5 <= delay_s(1) <= 1.5
    True
    >>> 300 <= delay_s(40) <= 900
    True
    """
    # Jitter, so that what failed together does not come back together; 2.0**1024 would overflow.
    return min(_LONGEST_DELAY_S, 2.0 ** min(attempt - 1, 30)) * _JITTER.uniform(0.5, 1.5)
