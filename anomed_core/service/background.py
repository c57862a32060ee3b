"""What happens beside requests: threads that do chores until they are stopped."""

from __future__ import annotations

import random
import threading
from typing import Protocol

import structlog

from anomed_core.delivery.postman import delay_s
from anomed_core.errors import ServiceError
from anomed_core.ledger import Chore, ChoreBook

log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 1.0
_STOP_TIMEOUT_S = 12.0
_MOST_TRIES = 5


class Worker(Protocol):
    """Does chores of one sort."""

    @property
    def tasks(self) -> str:
        """How its tasks begin."""
        ...

    @property
    def lease_s(self) -> float:
        """Seconds until somebody else may try a chore that it took."""
        ...

    def do(self, chore: Chore) -> None:
        """Do a chore and note what came of it."""
        ...


class Background:
    """A thread that does the chores of one worker.

    Parameters
    ----------
    chores
        Where they wait.
    worker
        Does them.
    """

    def __init__(self, chores: ChoreBook, worker: Worker) -> None:
        self._chores = chores
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
        """End after the chore that is under way."""
        self._stopped.set()
        self._woken.set()
        self._thread.join(timeout=_STOP_TIMEOUT_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            if not self._did_one():
                self._woken.wait(_LOOK_EVERY_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
                self._woken.clear()

    def _did_one(self) -> bool:
        try:
            chore = self._chores.take(self._worker.tasks, lease_s=self._worker.lease_s)
            if chore is not None:
                self._do(chore)
        except ServiceError:  # the ledger is away: the lease ends, then somebody tries again
            log.exception("a chore cannot be taken or noted", tasks=self._worker.tasks)
            return False
        return chore is not None

    def _do(self, chore: Chore) -> None:
        """Do a chore; one that fails stands in nobody's way."""
        try:
            self._worker.do(chore)
        except ServiceError:
            raise
        except Exception as error:  # the border of a thread that must outlive it
            log.exception("a chore failed", task=chore.task, score=chore.score.id)
            reason = type(error).__name__
            if chore.attempt >= _MOST_TRIES:
                self._chores.give_up(chore, error=reason)
            else:
                self._chores.postpone(chore, delay_s=delay_s(chore.attempt), error=reason)
