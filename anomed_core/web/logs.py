"""Logs: one JSON object a line on standard error."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from collections.abc import MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import structlog
from gunicorn.glogging import Logger

from anomed_core.errors import culprit_of
from anomed_core.redaction import (
    LONGEST_TRACEBACK,
    LONGEST_VALUE,
    discreet_message,
    discreet_traceback,
    discreet_value,
)

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
"""The request that is being answered; every line that is logged meanwhile carries it."""


def configure_logs() -> None:
    """Write structured lines; tracebacks of our own failures are part of their line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_culprit,
            _write_traceback,
            _be_discreet,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.WriteLoggerFactory(file=_stream),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,  # so that tests and commands can configure again
    )


class _LossyStream:
    """Standard error, but what becomes of it costs log lines and not answers.

    The disk under it may be full, its reader gone, itself closed or missing.
    """

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()


_stream = _LossyStream()


def _add_request_id(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    request_id = current_request_id.get()
    if request_id:
        event["request_id"] = request_id
    return event


def _add_culprit(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Name plugin, hook and line, wherever an exception of a plugin is logged."""
    error = event.get("exc_info")
    error = sys.exception() if error is True else error
    if isinstance(error, BaseException) and not event.get("culprit"):
        culprit = culprit_of(error)
        if culprit:
            event["culprit"] = culprit
    return event


def _write_traceback(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Turn ``exc_info`` into text, with the messages of exceptions cut and masked."""
    told = event.pop("exc_info", None)
    error = sys.exception() if told is True else told
    if isinstance(error, BaseException):
        event["exception"] = discreet_traceback(error)
    return event


def _be_discreet(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Cut and mask what must not stand in a log, whoever put it there."""
    for name, value in event.items():
        if not isinstance(value, (bool, int, float, type(None))):
            longest = LONGEST_TRACEBACK if name == "exception" else LONGEST_VALUE
            text = value if isinstance(value, str) else repr(value)
            event[name] = discreet_value(text, longest=longest)
    return event


class JSONLines(logging.Formatter):
    """Writes what libraries log in the same form."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line: dict[str, Any] = {
            "event": discreet_message(record.getMessage()),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = discreet_traceback(record.exc_info[1])
        return json.dumps(dict(_add_request_id(None, "", line)))


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """The log of gunicorn, and of every library that warns of something, as JSON lines."""

    def setup(self, cfg: Any) -> None:
        """See `gunicorn.glogging.Logger.setup`."""
        super().setup(cfg)
        if not logging.root.handlers:
            logging.root.addHandler(logging.StreamHandler())
        for handler in (*self.error_log.handlers, *logging.root.handlers):
            handler.setFormatter(JSONLines())


def write_access_line(
    *, request_id: str, method: str, path: str, status: int, seconds: float
) -> None:
    """Write the line of one request, in the same form but without the cost of processors."""
    now = time.time()
    if len(path) > LONGEST_VALUE or "anomed-" in path:  # a token where it does not belong
        path = discreet_value(path)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    _stream.write(
        f'{{"method": "{method}", "path": {json.dumps(path)}, "status": {status}, '
        f'"ms": {seconds * 1000:.2f}, "event": "request", "request_id": "{request_id}", '
        f'"level": "info", "timestamp": "{stamp}.{int(now % 1 * 1e6):06d}Z"}}\n'
    )
    _stream.flush()
