"""One mapping from our errors to HTTP; nothing else in the package knows status codes."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import falcon
import structlog

from anomed_core import errors
from anomed_core.model import Refusal, amount_text

log = structlog.get_logger(__name__)

STATUS: dict[type[errors.AnomedError], tuple[int, str]] = {
    errors.MissingParameterError: (400, "Missing parameter"),
    errors.InvalidParameterError: (400, "Invalid parameter"),
    errors.MalformedPayloadError: (400, "Malformed request."),
    errors.NotAuthenticatedError: (401, "Token required"),
    errors.FormExpiredError: (403, "Form too old"),
    errors.NotAllowedError: (403, "Not allowed"),
    errors.AccountFrozenError: (403, "Account frozen"),
    errors.BudgetExhaustedError: (403, "Budget exhausted"),
    errors.BudgetExhaustedForNowError: (429, "Budget exhausted"),
    errors.UnknownResourceError: (404, "Not found"),
    errors.RequestTimeoutError: (408, "Upload too slow"),
    errors.AlreadyScoredError: (409, "Already scored"),
    errors.AttemptInProgressError: (409, "Evaluation in progress"),
    errors.AccountSealedError: (409, "Account sealed"),
    errors.LengthRequiredError: (411, "Length required"),
    errors.PayloadTooLargeError: (413, "Payload too large"),
    errors.SubmissionRejected: (422, "Submission rejected"),
    errors.CallRejected: (422, "Call rejected"),
    errors.QuotaExhaustedError: (429, "Quota exhausted"),
    errors.EvaluationFailedError: (503, "Evaluation failed"),
    errors.EvaluationTimeoutError: (504, "Evaluation timed out"),
    errors.ForeignLibraryError: (503, "Foreign library failed"),
    errors.ServerBusyError: (503, "Server busy"),
    errors.StoreError: (503, "Store unavailable"),
    errors.LedgerFullError: (507, "Insufficient storage"),
    errors.LedgerError: (503, "Ledger unavailable"),
}
"""Status code and title of every error that may reach a participant."""

CODES: dict[type[errors.AnomedError], str] = {
    errors.MissingParameterError: "missing_parameter",
    errors.InvalidParameterError: "invalid_parameter",
    errors.MalformedPayloadError: "malformed_payload",
    errors.NotAuthenticatedError: "not_authenticated",
    errors.FormExpiredError: "form_expired",
    errors.NotAllowedError: "not_allowed",
    errors.AccountFrozenError: "account_frozen",
    errors.BudgetExhaustedError: "budget_exhausted",
    errors.BudgetExhaustedForNowError: "budget_exhausted_for_now",
    errors.UnknownResourceError: "not_found",
    errors.RequestTimeoutError: "request_timeout",
    errors.AlreadyScoredError: "already_scored",
    errors.AttemptInProgressError: "attempt_in_progress",
    errors.AccountSealedError: "account_sealed",
    errors.LengthRequiredError: "length_required",
    errors.PayloadTooLargeError: "payload_too_large",
    errors.SubmissionRejected: "submission_rejected",
    errors.CallRejected: "call_rejected",
    errors.QuotaExhaustedError: "quota_exhausted",
    errors.EvaluationFailedError: "evaluation_failed",
    errors.EvaluationTimeoutError: "evaluation_timeout",
    errors.ForeignLibraryError: "foreign_library_failed",
    errors.ServerBusyError: "server_busy",
    errors.StoreError: "store_unavailable",
    errors.LedgerFullError: "ledger_full",
    errors.LedgerError: "ledger_unavailable",
}
"""Name of every such error, which programs may rely on; titles are for people."""

ERROR_CODE = "X-Error-Code"

# The wire protocol fixes the bodies of these two to the byte, so their code is in the header alone.
_FIXED = (errors.MissingParameterError, errors.MalformedPayloadError)
_LONGEST_ASKING_S = 5


def code_of(error: errors.AnomedError) -> str:
    """Return the name of an error: that of its nearest listed class."""
    return _code_of(type(error))


def _code_of(kind: type[errors.AnomedError]) -> str:
    return next((CODES[cls] for cls in kind.__mro__ if cls in CODES), "internal")


def status_of(error: errors.AnomedError) -> tuple[int, str]:
    """Return the status code and title of an error: those of its nearest listed class."""
    return _status_of(type(error))


def _status_of(kind: type[errors.AnomedError]) -> tuple[int, str]:
    return next((STATUS[cls] for cls in kind.__mro__ if cls in STATUS), (500, "Internal error"))


def handle_anomed_error(
    req: falcon.Request, resp: falcon.Response, error: errors.AnomedError, _: dict[str, Any]
) -> None:
    """Answer one of our own errors.

    Request errors state the reason; server errors only a request id.
    """
    status, title = status_of(error)
    if isinstance(error, errors.RequestError):
        log.info("refused", status=status, reason=str(error))
        _answer(
            resp, status, title, str(error), code=code_of(error), is_fixed=isinstance(error, _FIXED)
        )
        _tell_details(resp, details_of(error))
        _add_headers(req, resp, error)
        return
    if not isinstance(error, errors.EvaluationFailedError):  # of which the engine has said why
        log.error("failed", status=status, exc_info=error)
    if isinstance(error, (errors.ServerBusyError, errors.StoreError)):
        resp.set_header("Retry-After", str(max(1, math.ceil(error.retry_after_s))))
    told = error.public if isinstance(error, errors.ServiceError) else ""
    _answer(
        resp, status, title, told or _OPAQUE, code=code_of(error), request_id=req.context.request_id
    )


def handle_unexpected(
    req: falcon.Request, resp: falcon.Response, error: Exception, _: dict[str, Any]
) -> None:
    """Answer anything else with an opaque id; the traceback goes to the log.

    Falcon's own errors have handlers of their own, which are nearer to them.
    """
    log.error("failed", status=500, exc_info=error)
    opaque_answer(resp, req.context.request_id)


def opaque_answer(resp: falcon.Response, request_id: str) -> None:
    """Answer that something failed, and under which id the organiser finds what."""
    _answer(resp, 500, "Internal error", _OPAQUE, code="internal", request_id=request_id)


def tell_failure(
    resp: falcon.Response,
    name: str,
    sentence: str,
    *,
    request_id: str,
    details: Mapping[str, str] | None = None,
) -> None:
    """Answer with an error that somebody else met, as if it had been met now.

    Parameters
    ----------
    resp
        The answer.
    name
        Class of the error; one that is not ours is none that is told.
    sentence
        What its owner is told; empty for nothing.
    request_id
        Of the request that met it.
    details
        What it says to programs.
    """
    cls = _OURS.get(name)
    status, title, code = _facts(cls) if cls is not None else (500, "Internal error", "internal")
    if cls is not None and issubclass(cls, errors.RequestError):
        is_fixed = issubclass(cls, _FIXED)
        _answer(resp, status, title, sentence, code=code, is_fixed=is_fixed)
        _tell_details(resp, details or {})
    else:
        _answer(resp, status, title, sentence or _OPAQUE, code=code, request_id=request_id)


def _facts(cls: type[errors.AnomedError]) -> tuple[int, str, str]:
    return *_status_of(cls), _code_of(cls)


_OURS = {
    name: cls
    for name, cls in vars(errors).items()
    if isinstance(cls, type) and issubclass(cls, errors.AnomedError)
}
_REMAINING = {"attempts": "X-Attempts-Remaining", "requests": "X-Requests-Remaining"}
_OPAQUE = "Something failed on our side; the organiser finds the reason under this request id."


def _answer(
    resp: falcon.Response,
    status: int,
    title: str,
    description: str,
    *,
    code: str,
    is_fixed: bool = False,
    **more: str,
) -> None:
    told = {"title": title, "description": description, **more}
    resp.status = status
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header(ERROR_CODE, code)
    resp.data = json.dumps(told if is_fixed else {**told, "code": code}).encode()
    resp.stream = None
    resp.context.refusal = Refusal(
        status=status,
        code=code,
        title=title,
        sentence=description,
        request_id=more.get("request_id", ""),
    )


def _tell_details(resp: falcon.Response, details: Mapping[str, str]) -> None:
    """Tell programs more than the sentence does, where there is more."""
    if details:
        told = json.loads(resp.data or b"{}")
        resp.data = json.dumps({**told, "details": dict(details)}).encode()
        resp.context.refusal = attrs.evolve(resp.context.refusal, details=details)


def details_of(error: BaseException) -> dict[str, str]:
    """Return what an error says to programs beside its sentence."""
    if isinstance(error, errors.CallRejected):
        return dict(error.details)
    if isinstance(error, errors.BudgetExhaustedError):
        left = {f"remaining.{name}": amount_text(amount) for name, amount in error.left.items()}
        return {"account": error.account, "resource": error.resource, **left}
    return {}


def _add_headers(req: falcon.Request, resp: falcon.Response, error: errors.RequestError) -> None:
    if isinstance(error, errors.AlreadyScoredError):
        number = req.context.told_number(error.score_id)
        resp.location = f"{req.context.base}/scores/{number}"
    if isinstance(error, errors.AttemptInProgressError):
        # The lease says when the claim is void at the latest; evaluations mostly end in seconds.
        seconds = min(_LONGEST_ASKING_S, math.ceil(error.retry_after_s))
        resp.set_header("Retry-After", str(max(1, seconds)))
    if isinstance(error, errors.QuotaExhaustedError | errors.BudgetExhaustedForNowError):
        resp.set_header("Retry-After", str(max(1, math.ceil(error.retry_after_s))))
    if isinstance(error, errors.QuotaExhaustedError):
        resp.set_header(_REMAINING[error.counted], str(error.remaining))
    if isinstance(error, errors.NotAuthenticatedError):
        resp.set_header("WWW-Authenticate", 'Basic realm="anomed", charset="UTF-8"')


class FalconErrors:
    """Writes Falcon's own errors (404, 405, ...) in the same form.

    Parameters
    ----------
    routes
        All that there are, so that a misspelt one can be set right.
    """

    def __init__(self, routes: Sequence[str]) -> None:
        self._routes = sorted(routes)

    def __call__(self, req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
        """Write one error."""
        code = _HTTP_CODES.get(error.status_code, "http_error")
        description = error.description
        if error.status_code == 404 and not description:
            description = self._nearest(req.path)
        body = {"title": error.title, "code": code}
        if description:
            body["description"] = description
        resp.content_type = falcon.MEDIA_JSON
        resp.set_header(ERROR_CODE, code)
        resp.data = json.dumps(body).encode()
        resp.context.refusal = Refusal(
            status=error.status_code,
            code=code,
            title=error.title or "",
            sentence=description or "",
            request_id=req.context.request_id,
        )

    def _nearest(self, path: str) -> str:
        path = path[:_LONGEST_PATH]
        found = difflib.get_close_matches(path, self._routes, n=1)
        meant = f" did you mean {found[0]}?" if found else ""
        return f"There is no route {path};{meant} challenge.json of each challenge lists them."


_LONGEST_PATH = 200
_HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    416: "range_not_satisfiable",
}
