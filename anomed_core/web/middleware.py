"""What happens around every request: an id, a log line."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

import falcon
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars

REQUEST_ID = "X-Request-Id"

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = structlog.get_logger("anomed.access")


class RequestLog:
    """Gives each request an id and writes one line when it is answered."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Take the caller's id if it sent a decent one, else make one."""
        given = req.env.get("HTTP_X_REQUEST_ID")
        request_id = given if given and _ACCEPTED_ID.fullmatch(given) else secrets.token_hex(8)
        req.context.request_id = request_id
        req.context.base = ""
        req.context.started = time.perf_counter()
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        resp.set_header(REQUEST_ID, request_id)

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: Any, _succeeded: bool
    ) -> None:
        """Log method, path, status and time; never the query, the body or a header."""
        log.info(
            "request",
            method=req.method,
            path=req.path,
            status=resp.status_code,
            ms=round((time.perf_counter() - req.context.started) * 1000, 2),
        )
