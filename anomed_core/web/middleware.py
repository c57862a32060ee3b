"""What happens around every request: an id, a log line."""

from __future__ import annotations

import contextlib
import itertools
import re
import secrets
import time
from typing import Any

import falcon

from anomed_core.web.logs import current_request_id, write_access_line
from anomed_core.web.telemetry import Telemetry

REQUEST_ID = "X-Request-Id"

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestLog:
    """Gives each request an id; logs and counts it when it is answered.

    Parameters
    ----------
    telemetry
        Counts.
    access_log
        Whether lines are written.
    """

    def __init__(self, telemetry: Telemetry, *, access_log: bool = True) -> None:
        self._telemetry = telemetry
        self._access_log = access_log
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(4)

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Take the caller's id if it sent a decent one, else make one."""
        given = req.env.get("HTTP_X_REQUEST_ID")
        if given is None or not _ACCEPTED_ID.fullmatch(given):
            given = f"{self._prefix}-{next(self._numbers):08x}"
        context = req.context
        context.request_id = given
        context.base = ""
        context.told_number = int
        context.started = time.perf_counter()
        current_request_id.set(given)
        resp.set_header(REQUEST_ID, given)

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: Any, _succeeded: bool
    ) -> None:
        """Log method, path, status and time; never the query, the body or a header."""
        seconds = time.perf_counter() - req.context.started
        if self._access_log:
            write_access_line(
                request_id=req.context.request_id,
                method=req.method,
                path=req.path,
                status=resp.status_code,
                seconds=seconds,
            )
        with contextlib.suppress(Exception):  # counting costs counts, never an answer
            self._telemetry.count(
                method=req.method,
                route=req.uri_template or "none",
                status=resp.status_code,
                seconds=seconds,
            )
