"""Health and metrics: is the process alive, can it do its work, what has it done."""

from __future__ import annotations

import json

import attrs
import falcon
import structlog

from anomed_core.errors import LedgerError, NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import EVERY_CHALLENGE, MOST_OFFSET_S
from anomed_core.model import Role
from anomed_core.service.server import Server
from anomed_core.system.deadline import InTime
from anomed_core.web.telemetry import LEDGER_TIMEOUT_S, Telemetry

log = structlog.get_logger(__name__)


class LiveResource:
    """``GET /livez``: the process answers."""

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Say so."""
        resp.content_type = falcon.MEDIA_JSON
        resp.data = b'{"status": "alive"}'

    on_head = on_get


class ReadyResource:
    """``GET /readyz``: ledger and state can be written, and every challenge is healthy.

    Parameters
    ----------
    server
        What is looked at.
    timeout_s
        Seconds that the ledger has for an answer.
    """

    def __init__(self, server: Server, *, timeout_s: float = LEDGER_TIMEOUT_S) -> None:
        self.server = server
        self._ping = InTime(self._look, timeout_s=timeout_s)

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Answer 200 if it is, 503 with the reasons if not."""
        problems = [
            *(f"storage: {problem}" for problem in self.server.state.problems()),
            *self._ledger_problems(),
            *self._challenge_problems(),
        ]
        resp.status = falcon.HTTP_503 if problems else falcon.HTTP_200
        resp.content_type = falcon.MEDIA_JSON
        answer = {"status": "not ready", "problems": problems} if problems else {"status": "ready"}
        resp.data = json.dumps(answer).encode()

    on_head = on_get

    def _look(self) -> float:
        """Try the ledger out; return by how many seconds its clock and ours differ."""
        self.server.ledger.ping()
        neighbours = self.server.neighbours
        return neighbours.clock_offset_s() if neighbours is not None else 0.0

    def _ledger_problems(self) -> list[str]:
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

    def _challenge_problems(self) -> list[str]:
        problems = []
        for hosted in self.server.challenges.values():
            try:
                answers = hosted.registry.ask_each(
                    hosted.challenge.type, "anomed_health", challenge=hosted.challenge
                )
            except Exception:
                log.exception("a health check failed", challenge=hosted.id)
                answers = [(hosted.type.plugin_name, "its health check failed; see the log")]
            problems += [f"{hosted.id} ({plugin}): {problem}" for plugin, problem in answers]
        return problems


@attrs.frozen
class MetricsResource:
    """``GET /metrics``: what has been counted; for the organiser where tokens are wanted."""

    telemetry: Telemetry
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send Prometheus' text format."""
        if not self.server.authorizer.trusts_ids:
            identity = req.context.identity
            if identity is None:
                raise NotAuthenticatedError("The metrics are for the organiser; send a token.")
            led = {g.challenge for g in identity.grants if g.role is Role.ORGANISER}
            if not led.issuperset(self.server.challenges) and EVERY_CHALLENGE not in led:
                raise NotAllowedError("The metrics are for the organiser of all challenges here.")
        self.telemetry.on_get(req, resp)

    on_head = on_get
