"""Do jobs in the calling thread, without limits: for evaluations declared cheap."""

from __future__ import annotations

from typing import Any

import attrs
import structlog

from anomed_core.engine.beginning import Begun, noted_by, unheard
from anomed_core.engine.contract import Engine, Perform
from anomed_core.errors import EvaluationFailedError, culprit_of

log = structlog.get_logger(__name__)


@attrs.frozen
class InlineEngine(Engine):
    """See `Engine`.

    Attributes
    ----------
    perform
        Does one job.
    """

    perform: Perform

    def run(self, job: Any, *, begun: Begun = unheard) -> Any:
        """See `Engine.run`."""
        refusals: list[Exception] = []
        try:
            with noted_by(lambda: _noted(begun, refusals)):
                result = self.perform(job)
        except (Exception, SystemExit) as error:  # a plugin must not end the worker
            if not refusals:
                # The error itself, not a flag: the test bench reads it from the captured line.
                log.error(  # noqa: TRY400
                    "evaluation failed", job=str(job), culprit=culprit_of(error), exc_info=error
                )
                raise EvaluationFailedError(FAILED) from error
        if refusals:
            raise refusals[0]
        return result

    def close(self) -> None:
        """Do nothing: nothing runs on."""


FAILED = "The evaluation failed on our side; your attempt is free again."


def _noted(begun: Begun, refusals: list[Exception]) -> None:
    """Note that a job has begun; its caller hears of a refusal whatever the job makes of it."""
    try:
        begun()
    except Exception as error:
        refusals.append(error)
        raise
