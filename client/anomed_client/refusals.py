"""From an answer that is not what was asked for to the exception that says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from anomed_client import errors
from anomed_client.answers import error_code, json_of, retry_after_s
from anomed_client.http import Answer

_KINDS: dict[int, type[errors.AnomedClientError]] = {
    400: errors.Rejected,
    401: errors.NotAuthenticated,
    403: errors.NotAllowed,
    404: errors.NotFound,
    408: errors.Rejected,
    411: errors.Rejected,
    413: errors.Rejected,
    415: errors.Rejected,
    422: errors.Rejected,
    429: errors.QuotaExhausted,
}


def refused(
    answer: Answer, *, hint: str = "", proxy: str | None = None
) -> errors.AnomedClientError:
    """Return the exception for an answer.

    Parameters
    ----------
    answer
        With a status that is no success.
    hint
        A sentence of ours that is added: where the token came from, or the nearest names.
    proxy
        Through which it came, for answers that no challenge server gives.
    """
    told = json_of(answer)
    if 300 <= answer.status < 400:
        return _redirected(answer)
    if not isinstance(told, dict) or not ("title" in told or "description" in told):
        if answer.status == 500 and not answer.body.lstrip().startswith(b"<"):
            return _failed(answer, {}, hint)
        return not_ours(answer, proxy=proxy)
    if answer.status >= 500:
        return _failed(answer, told, hint)
    kind = _KINDS.get(answer.status, errors.Refused)
    if answer.status == 409:
        kind = _conflict(answer)
    facts = _facts(answer, told)
    sentence = _joined(_sentence(told), hint)
    error = kind(sentence, **facts)
    _add_facts(error, answer)
    return error


def not_ours(answer: Answer, *, proxy: str | None = None) -> errors.NotAnAnomedServer:
    """Return the exception for what no challenge server answers."""
    beginning = " ".join(answer.body[:400].decode("utf-8", "replace").split())[:80]
    kind = answer.headers.get("content-type", "no type")
    through = f", through the proxy {proxy}" if proxy else ""
    return errors.NotAnAnomedServer(
        f"This is not what a challenge server answers{through}: status {answer.status}, {kind}, "
        f"beginning {beginning!r}. Check the address, and whether the network asks for a login.",
        **_facts(answer, {}),
    )


def _conflict(answer: Answer) -> type[errors.AnomedClientError]:
    by_code: dict[str, type[errors.AnomedClientError]] = {
        "already_scored": errors.AlreadyScored,
        "attempt_in_progress": errors.InProgress,
    }
    return by_code.get(error_code(answer), errors.Refused)


def _failed(answer: Answer, told: dict[str, Any], hint: str) -> errors.ServerFailed:
    sentence = _sentence(told) or "The server failed without a reason."
    kind = errors.EvaluationTimedOut if answer.status == 504 else errors.ServerFailed
    facts = _facts(answer, told)
    facts["request_id"] = str(told.get("request_id") or facts["request_id"])
    return kind(_joined(sentence, hint), **facts)


def _redirected(answer: Answer) -> errors.AnomedClientError:
    place = answer.headers.get("location", "nowhere")
    return errors.NotAnAnomedServer(
        f"The server sends us on to {place}; connect to that address if you trust it.",
        **_facts(answer, {}),
    )


def _sentence(told: dict[str, Any]) -> str:
    return str(told.get("description") or told.get("title") or "")


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _facts(answer: Answer, told: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": answer.status,
        "title": str(told.get("title", "")),
        "code": error_code(answer),
        "method": answer.method,
        "url": answer.url,
        "request_id": answer.headers.get("x-request-id", ""),
    }


def _add_facts(error: errors.AnomedClientError, answer: Answer) -> None:
    if isinstance(error, errors.AlreadyScored):
        error.score_url = answer.headers.get("location", "")
    if isinstance(error, errors.QuotaExhausted):
        _add_quota(error, answer)


def _add_quota(error: errors.QuotaExhausted, answer: Answer) -> None:
    error.retry_after_s = retry_after_s(answer)
    if error.retry_after_s is not None:
        error.resets_at = datetime.now(UTC) + timedelta(seconds=error.retry_after_s)
    for name in ("x-attempts-remaining", "x-requests-remaining"):
        told = answer.headers.get(name, "")
        if told.isdigit():
            error.remaining = int(told)
