"""What frames hold is nobody's to read: it is truth and submissions."""

from __future__ import annotations

import sys

import structlog


def leave_frames_out() -> None:
    """Log tracebacks without the locals of their frames, unless somebody chose how to log.

    The default of structlog, which notebooks and scripts have, prints them.
    """
    if structlog.is_configured():
        return
    *before, _ = structlog.get_config()["processors"]
    renderer = structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[*before, renderer])
