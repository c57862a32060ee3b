"""What a server answers later: how far it is, what came of it, and how to end it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from anomed_client.answers import json_of, retry_after_s
from anomed_client.calls import Calls
from anomed_client.errors import JobCancelled, TimedOut
from anomed_client.http import Answer
from anomed_client.progress import Progress, Reporter, chosen_progress
from anomed_client.refusals import not_ours

T = TypeVar("T")

_ENDED = {"done", "failed", "cancelled"}
_STEP_S = 1.0

ACCEPTED = 202
"""Status of what a job will do."""


class Job(Generic[T]):
    """Something that a server does while nobody waits; `Challenge.submit` returns it.

    It outlives this program, and the server: `Challenge.job` finds it again by its id.

    Attributes
    ----------
    id, url
        What it is called, and where it is; empty if the server has answered at once.
    name
        Of the submission kind.
    """

    def __init__(
        self,
        calls: Calls,
        identifier: str,
        *,
        name: str,
        read: Callable[[Answer], T],
        answer: Answer | None = None,
    ) -> None:
        self._calls = calls
        self._read = read
        self._answer = answer
        self.id = identifier
        self.url = f"{calls.connection.url}/jobs/{identifier}" if identifier else ""
        self.name = name

    def __repr__(self) -> str:
        return f"Job({self.id!r}, name={self.name!r})"

    @property
    def state(self) -> str:
        """What the server says now: ``queued``, ``running``, ``done``, ``failed``, ``cancelled``.

        Raises
        ------
        NotFound
            If it is somebody else's, or has expired.
        """
        return "done" if self._answer is not None else str(self._ask("GET")[0]["state"])

    def wait(self, timeout_s: float | None = None, *, progress: Progress | bool | None = None) -> T:
        """Wait for the end, and return what an answer would have been.

        Parameters
        ----------
        timeout_s
            Longest time; ``None`` waits as long as it takes. The job goes on anyway.
        progress
            Who is told; as in `Options`, if it is not given.

        Raises
        ------
        TimedOut
            If it takes longer.
        JobCancelled
            If somebody has ended it.
        AnomedClientError
            What the answer would have raised.
        """
        told = self._calls.progress if progress is None else chosen_progress(progress)
        reporter = Reporter(told, "wait", self.name)
        reporter.tell("started")
        try:
            if self._answer is None:
                self._wait(timeout_s, reporter)
                self._answer = self._calls.get(f"/jobs/{self.id}/result")
            result = self._read(self._answer)
        except BaseException:
            reporter.tell("failed")
            raise
        reporter.tell("done")
        return result

    def _wait(self, timeout_s: float | None, reporter: Reporter) -> None:
        waited_s = 0.0
        while True:
            told, retry_s = self._ask("GET")
            state = told["state"]
            if state == "cancelled":
                raise JobCancelled(f"The job {self.id} was cancelled; it has no result.")
            if state in _ENDED:
                return
            until_s = waited_s + retry_s
            while waited_s < until_s:
                if timeout_s is not None and waited_s >= timeout_s:
                    raise TimedOut(
                        f"The job {self.id} is {state} after {timeout_s:g} s; it goes on, and "
                        "wait() can be called again."
                    )
                reporter.tell("running", sentence=f"{self.name}: {state} for {waited_s:.0f} s")
                step_s = min(_STEP_S, until_s - waited_s)
                self._calls.sleep(step_s)
                waited_s += step_s

    def cancel(self) -> str:
        """End it, unless it has ended; return its state then.

        The attempt is free again.
        """
        return "done" if self._answer is not None else str(self._ask("DELETE")[0]["state"])

    def _ask(self, method: str) -> tuple[Mapping[str, Any], float]:
        """Return what the server says, and the seconds after which to ask again."""

        def once() -> Answer:
            return self._calls.connection.exchange(method, f"/jobs/{self.id}")

        answer = self._calls.settled(once, name=self.name)
        told = json_of(answer)
        if not isinstance(told, dict) or "state" not in told:
            raise not_ours(answer, proxy=self._calls.options.proxy)
        return told, max(_STEP_S, retry_after_s(answer) or 0.0)


def job_of(calls: Calls, answer: Answer, *, name: str, read: Callable[[Answer], T]) -> Job[T]:
    """Return the job that an answer announces."""
    told = json_of(answer)
    if not isinstance(told, dict) or not isinstance(told.get("id"), str):
        raise not_ours(answer, proxy=calls.options.proxy)
    return Job(calls, told["id"], name=name, read=read)
