"""What happens beside requests: threads that do follow-ups until they are stopped."""

from __future__ import annotations

import random
import threading
from typing import Protocol

import structlog

from anomed_core.delivery.worker import delay_s
from anomed_core.errors import ServiceError
from anomed_core.ledger import FollowUp, FollowUpBook

log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 1.0
_STOP_TIMEOUT_S = 12.0
_MOST_TRIES = 5


class Worker(Protocol):
    """Does follow-ups of one sort."""

    @property
    def prefix(self) -> str:
        """How the names of its follow-ups begin."""
        ...

    @property
    def lease_s(self) -> float:
        """Seconds until somebody else may try a follow-up that it took."""
        ...

    @property
    def finals_first(self) -> bool:
        """Whether what is about tuning waits until nothing is due about finals."""
        ...

    def do(self, follow_up: FollowUp) -> None:
        """Do a follow-up and note what came of it."""
        ...


class Background:
    """A thread that does the follow-ups of one worker.

    Parameters
    ----------
    follow_ups
        Where they wait.
    worker
        Does them.
    """

    def __init__(self, follow_ups: FollowUpBook, worker: Worker) -> None:
        self._follow_ups = follow_ups
        self._worker = worker
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=type(worker).__name__.lower(), daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there may be something to do."""
        self._woken.set()

    def stop(self) -> None:
        """End after the follow-up that is under way."""
        self._stopped.set()
        self._woken.set()
        self._thread.join(timeout=_STOP_TIMEOUT_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            if not self._did_one():
                # Jitter, so that the workers of a server do not look all at once.
                self._woken.wait(_LOOK_EVERY_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
                self._woken.clear()

    def _did_one(self) -> bool:
        try:
            follow_up = self._follow_ups.take(
                self._worker.prefix,
                lease_s=self._worker.lease_s,
                finals_first=self._worker.finals_first,
            )
            if follow_up is not None:
                self._do(follow_up)
        except ServiceError:  # the ledger is away: the lease ends, then somebody tries again
            log.exception("a follow-up cannot be taken or noted", prefix=self._worker.prefix)
            return False
        return follow_up is not None

    def _do(self, follow_up: FollowUp) -> None:
        """Do a follow-up; one that fails stands in nobody's way."""
        try:
            self._worker.do(follow_up)
        except ServiceError:
            raise
        except Exception as error:  # the border of a thread that must outlive it
            log.exception("a follow-up failed", follow_up=follow_up.name, score=follow_up.score.id)
            reason = type(error).__name__
            if follow_up.attempt >= _MOST_TRIES:
                self._follow_ups.give_up(follow_up, error=reason)
            else:
                self._follow_ups.postpone(
                    follow_up, delay_s=delay_s(follow_up.attempt), error=reason
                )
