"""What the rules need from an engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

Perform = Callable[[Any], Any]
"""Does one job and returns its result; given to the engine when it is built."""


class Engine(ABC):
    """Runs jobs in isolation and returns their results."""

    @abstractmethod
    def run(self, job: Any) -> Any:
        """Do a job and return its result.

        Parameters
        ----------
        job
            Whatever the engine's `Perform` takes. If it has a `niceness` and gets a process of its
            own, the process gives way to others by that much, as `os.nice` has it.

        Returns
        -------
        object
            What it returned.

        Raises
        ------
        EvaluationFailedError
            If the job raised or its process died; the log says why.
        EvaluationTimeoutError
            If it took longer than the time limit.
        """

    @abstractmethod
    def close(self) -> None:
        """End everything that is still running."""
