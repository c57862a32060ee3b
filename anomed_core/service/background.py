"""What happens beside requests: threads that do one thing after the other until stopped."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection
from typing import Protocol

import attrs
import structlog

from anomed_core.delivery.worker import delay_s
from anomed_core.errors import ServiceError
from anomed_core.ledger import FollowUp, FollowUpBook

log = structlog.get_logger(__name__)

_JITTER = random.Random()  # noqa: S311 - no secret, and not the one that plugins may have seeded
_LOOK_EVERY_S = 1.0
_STOP_TIMEOUT_S = 12.0
_MOST_TRIES = 5


class Work(Protocol):
    """Things to be done, one after the other."""

    @property
    def name(self) -> str:
        """What the thread is called."""
        ...

    def do_one(self, is_stopping: Callable[[], bool]) -> bool:
        """Do what is due first; say whether anything was.

        Whether the thread is to end, so that what failed did so for that reason, can be asked.
        """
        ...


class Background:
    """A thread that does one sort of work.

    Parameters
    ----------
    work
        What is to be done.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=work.name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there may be something to do."""
        self._woken.set()

    def stop(self) -> None:
        """End after what is under way."""
        self._stopped.set()
        self._woken.set()
        self._thread.join(timeout=_STOP_TIMEOUT_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            if not self._did_one():
                # Jitter, so that the workers of a server do not look all at once.
                self._woken.wait(_LOOK_EVERY_S * _JITTER.uniform(0.5, 1.5))
                self._woken.clear()

    def _did_one(self) -> bool:
        try:
            return self._work.do_one(self._stopped.is_set)
        except ServiceError:  # the ledger is away: the lease ends, then somebody tries again
            log.exception("nothing can be taken or noted", work=self._work.name)
            return False


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

    @property
    def challenges(self) -> Collection[str] | None:
        """Which challenges it knows, if it has to know them; others are left to who does."""
        ...

    @property
    def names(self) -> Collection[str] | None:
        """Which follow-ups it can do, if it has to know them; others are left to who does."""
        ...

    def do(self, follow_up: FollowUp) -> None:
        """Do a follow-up and note what came of it."""
        ...


@attrs.frozen
class FollowingUp:
    """The follow-ups of one worker.

    Attributes
    ----------
    follow_ups
        Where they wait.
    worker
        Does them.
    """

    follow_ups: FollowUpBook
    worker: Worker

    @property
    def name(self) -> str:
        """See `Work`."""
        return type(self.worker).__name__.lower()

    def do_one(self, _is_stopping: Callable[[], bool]) -> bool:
        """Do a follow-up; one that fails stands in nobody's way."""
        follow_up = self.follow_ups.take(
            self.worker.prefix,
            lease_s=self.worker.lease_s,
            finals_first=self.worker.finals_first,
            challenges=self.worker.challenges,
            names=self.worker.names,
        )
        if follow_up is None:
            return False
        try:
            self.worker.do(follow_up)
        except ServiceError:
            raise
        except Exception as error:  # the border of a thread that must outlive it
            log.exception("a follow-up failed", follow_up=follow_up.name, score=follow_up.score.id)
            reason = type(error).__name__
            if follow_up.attempt >= _MOST_TRIES:
                self.follow_ups.give_up(follow_up, error=reason)
            else:
                self.follow_ups.postpone(
                    follow_up, delay_s=delay_s(follow_up.attempt), error=reason
                )
        return True
