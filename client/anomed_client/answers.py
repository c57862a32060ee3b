"""Read what an answer tells beside its content."""

from __future__ import annotations

import email.utils
import json
from datetime import UTC, datetime
from typing import Any

from anomed_client.http import Answer

_CODES = {
    "Missing parameter": "missing_parameter",
    "Invalid parameter": "invalid_parameter",
    "Malformed request.": "malformed_payload",
    "Token required": "not_authenticated",
    "Not allowed": "not_allowed",
    "Not found": "not_found",
    "Upload too slow": "request_timeout",
    "Already scored": "already_scored",
    "Evaluation in progress": "attempt_in_progress",
    "Length required": "length_required",
    "Payload too large": "payload_too_large",
    "Submission rejected": "submission_rejected",
    "Quota exhausted": "quota_exhausted",
    "Evaluation failed": "evaluation_failed",
    "Evaluation timed out": "evaluation_timeout",
    "Insufficient storage": "ledger_full",
    "Ledger unavailable": "ledger_unavailable",
}
"""Codes by the titles of servers that send none."""


def json_of(answer: Answer) -> Any:
    """Return a body decoded as JSON; ``None`` if it is none."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def has_title(answer: Answer) -> bool:
    """Return whether an error is a challenge server's, and not that of something before it."""
    told = json_of(answer)
    return isinstance(told, dict) and "title" in told


def error_code(answer: Answer) -> str:
    """Return the name of an error; of older servers, by its title."""
    told = json_of(answer)
    told = told if isinstance(told, dict) else {}
    code = answer.headers.get("x-error-code") or told.get("code")
    return str(code or _CODES.get(str(told.get("title", "")), ""))


def retry_after_s(answer: Answer) -> float | None:
    """Return the seconds that an answer asks to wait; ``None`` for none, and for nonsense.

    Examples
    --------
    >>> retry_after_s(Answer(status=429, headers={"retry-after": "7"}))
    7.0
    >>> retry_after_s(Answer(status=429, headers={"retry-after": "soon"})) is None
    True
    """
    told = answer.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        moment = email.utils.parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
