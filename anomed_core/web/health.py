"""Health and metrics: is the process alive, can it do its work, what has it done."""

from __future__ import annotations

import json

import attrs
import falcon

from anomed_core.errors import NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import EVERY_CHALLENGE
from anomed_core.model import Role
from anomed_core.service.readiness import Readiness
from anomed_core.service.server import Server
from anomed_core.web.telemetry import LEDGER_TIMEOUT_S, Telemetry


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
        self._readiness = Readiness(server, timeout_s=timeout_s)

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Answer 200 if it is, 503 with the reasons if not."""
        problems = self._readiness.problems()
        resp.status = falcon.HTTP_503 if problems else falcon.HTTP_200
        resp.content_type = falcon.MEDIA_JSON
        answer = {"status": "not ready", "problems": problems} if problems else {"status": "ready"}
        resp.data = json.dumps(answer).encode()

    on_head = on_get


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
