"""Whether a server can do its work: what keeps it from taking a submission, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from anomed_core.errors import LedgerError
from anomed_core.ledger import MOST_OFFSET_S
from anomed_core.service.server import Server
from anomed_core.system.deadline import InTime

log = structlog.get_logger(__name__)


class Readiness:
    """Looks at storage, ledger and every challenge.

    Parameters
    ----------
    server
        What is looked at.
    timeout_s
        Seconds that the ledger has for an answer.
    """

    def __init__(self, server: Server, *, timeout_s: float) -> None:
        self._server = server
        self._ping = InTime(self._look, timeout_s=timeout_s)

    def problems(self) -> list[str]:
        """Return what is wrong; nothing if the server is ready."""
        return [
            *(f"storage: {problem}" for problem in self._server.state.problems()),
            *self._of_ledger(),
            *self._of_challenges(),
        ]

    def _look(self) -> float:
        """Try the ledger out; return by how many seconds its clock and ours differ."""
        self._server.ledger.ping()
        neighbours = self._server.neighbours
        return neighbours.clock_offset_s() if neighbours is not None else 0.0

    def _of_ledger(self) -> list[str]:
        try:
            offset_s = self._ping()
        except TimeoutError:
            log.error("the ledger does not answer")  # noqa: TRY400 - nothing was raised there
            return ["ledger: The ledger does not answer in time."]
        except LedgerError as error:
            log.exception("the ledger is not ready")
            return [f"ledger: {error.public}"]
        if abs(offset_s) > MOST_OFFSET_S:
            return [f"clock: It differs from the ledger's by {offset_s:+.1f} s; set it."]
        return []

    def _of_challenges(self) -> Iterator[str]:
        for hosted in self._server.challenges.values():
            try:
                answers = hosted.registry.ask_each(
                    hosted.challenge.type, "anomed_health", challenge=hosted.challenge
                )
            except Exception:
                log.exception("a health check failed", challenge=hosted.id)
                answers = [(hosted.type.plugin_name, "its health check failed; see the log")]
            for plugin, problem in answers:
                yield f"{hosted.id} ({plugin}): {problem}"
