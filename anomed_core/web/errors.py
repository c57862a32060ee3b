"""One mapping from our errors to HTTP; nothing else in the package knows status codes."""

from __future__ import annotations

import json
import math
from typing import Any

import falcon
import structlog

from anomed_core import errors

log = structlog.get_logger(__name__)

STATUS: dict[type[errors.AnomedError], tuple[int, str]] = {
    errors.MissingParameterError: (400, "Missing parameter"),
    errors.InvalidParameterError: (400, "Invalid parameter"),
    errors.MalformedPayloadError: (400, "Malformed request."),
    errors.NotAuthenticatedError: (401, "Token required"),
    errors.NotAllowedError: (403, "Not allowed"),
    errors.UnknownResourceError: (404, "Not found"),
    errors.RequestTimeoutError: (408, "Upload too slow"),
    errors.AlreadyScoredError: (409, "Already scored"),
    errors.AttemptInProgressError: (409, "Evaluation in progress"),
    errors.LengthRequiredError: (411, "Length required"),
    errors.PayloadTooLargeError: (413, "Payload too large"),
    errors.SubmissionRejected: (422, "Submission rejected"),
    errors.QuotaExhaustedError: (429, "Quota exhausted"),
    errors.EvaluationFailedError: (503, "Evaluation failed"),
    errors.EvaluationTimeoutError: (504, "Evaluation timed out"),
    errors.LedgerFullError: (507, "Insufficient storage"),
    errors.LedgerError: (503, "Ledger unavailable"),
}
"""Status code and title of every error that may reach a participant."""


def status_of(error: errors.AnomedError) -> tuple[int, str]:
    """Return the status code and title of an error: those of its nearest listed class."""
    for cls in type(error).__mro__:
        if cls in STATUS:
            return STATUS[cls]
    return 500, "Internal error"


def handle_anomed_error(
    req: falcon.Request, resp: falcon.Response, error: errors.AnomedError, _: dict[str, Any]
) -> None:
    """Answer one of our own errors.

    Request errors state the reason; server errors only a request id.
    """
    status, title = status_of(error)
    if isinstance(error, errors.RequestError):
        log.info("refused", status=status, reason=str(error))
        _answer(resp, status, title, str(error))
        _add_headers(req, resp, error)
        return
    log.error("failed", status=status, culprit=errors.culprit_of(error), exc_info=error)
    description = str(error) if isinstance(error, errors.ServiceError) else _OPAQUE
    if isinstance(error, errors.LedgerError):
        description = error.public
    _answer(resp, status, title, description, request_id=req.context.request_id)


def handle_unexpected(
    req: falcon.Request, resp: falcon.Response, error: Exception, _: dict[str, Any]
) -> None:
    """Answer anything else with an opaque id; the traceback goes to the log.

    Falcon's own errors have handlers of their own, which are nearer to them.
    """
    log.error("failed", status=500, culprit=errors.culprit_of(error), exc_info=error)
    _answer(resp, 500, "Internal error", _OPAQUE, request_id=req.context.request_id)


_REMAINING = {"attempts": "X-Attempts-Remaining", "requests": "X-Requests-Remaining"}
_OPAQUE = "Something failed on our side; the organiser finds the reason under this request id."


def _answer(resp: falcon.Response, status: int, title: str, description: str, **more: str) -> None:
    resp.status = status
    resp.content_type = falcon.MEDIA_JSON
    resp.data = json.dumps({"title": title, "description": description, **more}).encode()
    resp.stream = None


def _add_headers(req: falcon.Request, resp: falcon.Response, error: errors.RequestError) -> None:
    if isinstance(error, errors.AlreadyScoredError):
        resp.location = f"{req.context.base}/scores/{error.score_id}"
    if isinstance(error, (errors.AttemptInProgressError, errors.QuotaExhaustedError)):
        resp.set_header("Retry-After", str(max(1, math.ceil(error.retry_after_s))))
    if isinstance(error, errors.QuotaExhaustedError):
        resp.set_header(_REMAINING[error.counted], str(error.remaining))
    if isinstance(error, errors.NotAuthenticatedError):
        resp.set_header("WWW-Authenticate", 'Basic realm="anomed", charset="UTF-8"')


def serialize_http_error(_: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    """Write Falcon's own errors (404, 405, ...) in the same form."""
    resp.content_type = falcon.MEDIA_JSON
    body = {"title": error.title}
    if error.description:
        body["description"] = error.description
    resp.data = json.dumps(body).encode()
