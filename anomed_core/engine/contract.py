"""What the rules need from an engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from anomed_core.engine.beginning import Begun, unheard

Perform = Callable[[Any], Any]
"""Does one job and returns its result; given to the engine when it is built."""


class Engine(ABC):
    """Runs jobs in isolation and returns their results."""

    @abstractmethod
    def run(self, job: Any, *, begun: Begun = unheard) -> Any:
        """Do a job and return its result.

        Parameters
        ----------
        job
            Whatever the engine's `Perform` takes. If it has a `niceness` and gets a process of its
            own, the process gives way to others by that much, as `os.nice` has it.
        begun
            Called when the job says that it begins (see `begin`), which goes on afterwards; what it
            raises is raised here, and ends the job.

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
