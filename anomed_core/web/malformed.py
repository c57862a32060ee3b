"""Answer what never becomes a request: in the form of all other errors, and without echoing it."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from gunicorn.http import errors

from anomed_core.web.logs import current_request_id

log = structlog.get_logger(__name__)

_PATIENCE_S = 1.0
_STATUS: Mapping[type[Exception], HTTPStatus] = {
    errors.ForbiddenProxyRequest: HTTPStatus.FORBIDDEN,
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}


def answer_malformed(connection: socket.socket, error: Exception) -> None:
    """Answer input that is not a valid HTTP request, or that failed outside the application.

    The message of the error quotes what came, which may be a header with a token: so neither the
    answer nor the log repeats it.

    Parameters
    ----------
    connection
        Closed by the caller.
    error
        What gunicorn found.
    """
    request_id = f"malformed-{secrets.token_hex(8)}"
    current_request_id.set(request_id)
    if isinstance(error, errors.ParseException):
        status = _STATUS.get(type(error), HTTPStatus.BAD_REQUEST)
        log.info("malformed", status=status.value, reason=type(error).__name__)
        title, description = "Malformed request.", "This is not an HTTP request that we understand."
    else:
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        log.error("failed", status=status.value, exc_info=error)
        title, description = "Internal error", "Something failed on our side."
    body = json.dumps({"title": title, "description": description, "request_id": request_id})
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-Id: {request_id}\r\n\r\n"
    )
    with contextlib.suppress(OSError):  # whoever sent it may be gone, or not listen
        connection.settimeout(_PATIENCE_S)
        connection.sendall((head + body).encode("ascii"))
