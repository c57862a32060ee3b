"""The postman: a thread that takes letters from the outbox and delivers them."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import structlog

from anomed_core.delivery.context import DeliveryContext
from anomed_core.delivery.platform import PlatformRefusedError
from anomed_core.errors import ServiceError
from anomed_core.ledger import Letter, Outbox
from anomed_core.model import Score

log = structlog.get_logger(__name__)

Deliver = Callable[[Score, DeliveryContext], bool]
"""Delivers a score; returns whether anybody took it, raises if it should be tried again."""

_LOOK_EVERY_S = 1.0
_LONGEST_DELAY_S = 600.0
_LEASE_MARGIN_S = 20.0


class Postman:
    """Delivers in the background until it is stopped.

    Parameters
    ----------
    outbox
        Where letters wait.
    deliver
        Delivers one.
    timeout_s
        Seconds that a request to a platform may take.
    """

    def __init__(self, outbox: Outbox, deliver: Deliver, *, timeout_s: float = 10.0) -> None:
        self._outbox = outbox
        self._deliver = deliver
        self._timeout_s = timeout_s
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """Say that a letter has been put into the outbox."""
        self._woken.set()

    def stop(self) -> None:
        """End after the delivery that is under way."""
        self._stopped.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._timeout_s + 1)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                letter = self._outbox.take(lease_s=self._timeout_s + _LEASE_MARGIN_S)
            except ServiceError:
                log.exception("the outbox cannot be read")
                letter = None
            if letter is not None:
                self.deliver_one(letter)
                continue
            self._woken.wait(_LOOK_EVERY_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            self._woken.clear()

    def deliver_one(self, letter: Letter) -> None:
        """Try to deliver a letter, and note what came of it."""
        context = DeliveryContext(
            idempotency_key=f"{letter.score.challenge}-{letter.score.id}"
            f"-{letter.score.payload_digest[:16]}",
            attempt=letter.attempt,
            timeout_s=self._timeout_s,
        )
        try:
            self._note(letter, context)
        except ServiceError:  # the lease ends, then somebody tries again
            log.exception("a delivery cannot be noted", score=letter.score.id)

    def _note(self, letter: Letter, context: DeliveryContext) -> None:
        try:
            taken = self._deliver(letter.score, context)
        except PlatformRefusedError as error:
            log.warning("delivery refused", score=letter.score.id, reason=str(error))
            self._outbox.give_up(letter, error=str(error))
            return
        except Exception as error:
            log.warning("delivery failed", score=letter.score.id, exc_info=error)
            self._outbox.postpone(letter, delay_s=delay_s(letter.attempt), error=str(error))
            return
        if taken:
            self._outbox.delivered(letter)
        else:
            self._outbox.postpone(letter, delay_s=_LONGEST_DELAY_S, error="nobody delivers")


def delay_s(attempt: int) -> float:
    """Return the seconds to wait after a failed try: doubling from 1 s to 10 minutes, with jitter.

    Examples
    --------
    >>> 0.5 <= delay_s(1) <= 1.5
    True
    >>> 300 <= delay_s(40) <= 900
    True
    """
    return min(_LONGEST_DELAY_S, 2.0 ** min(attempt - 1, 30)) * random.uniform(0.5, 1.5)  # noqa: S311
