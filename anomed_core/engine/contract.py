"""What the rules need from an engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any


class Engine(ABC):
    """Runs an evaluation and comes back with its result, whatever the evaluation does."""

    @abstractmethod
    def run(self, task: Callable[[], Any]) -> Any:
        """Run a task and return its result.

        Raises
        ------
        EvaluationFailedError
            If the task raised or its process died; the cause is chained or logged.
        EvaluationTimeoutError
            If it took longer than the time limit.
        """

    @abstractmethod
    def close(self) -> None:
        """End everything that is still running."""


class InlineEngine(Engine):
    """Runs tasks in the calling thread, without limits: for evaluations declared cheap."""

    def run(self, task: Callable[[], Any]) -> Any:
        """See `Engine.run`; exceptions of the task come out as they are."""
        return task()

    def close(self) -> None:
        """Do nothing: nothing runs on."""
