"""A stand-in for the AnoMed platform that is not always well."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs

from tests.e2e.processes import LOOPBACK


class Mood(StrEnum):
    """What it does with a report."""

    WELL = "well"
    BROKEN = "broken"
    """It answers 500."""
    SILENT = "silent"
    """It takes the request and never answers."""
    LATE = "late"
    """It keeps the report and answers after the reporter has given up."""
    STRICT = "strict"
    """It refuses the report with 422."""


@attrs.define(kw_only=True)
class MoodyPlatform:
    """What was reported; as platforms should, it keeps one report for each idempotency key.

    Attributes
    ----------
    host
        What a challenge server gets as ``ANOMED_HOST``.
    kept
        Reports by idempotency key.
    asked
        Idempotency keys in the order of arrival, repetitions included.
    """

    host: str
    mood: Mood
    kept: dict[str, tuple[str, dict[str, Any]]] = attrs.field(factory=dict)
    asked: list[str] = attrs.field(factory=list)
    released: threading.Event = attrs.field(factory=threading.Event)

    def status_for(self, path: str, key: str, report: dict[str, Any]) -> int | None:
        """Return the status to answer with; ``None`` for no answer."""
        self.asked.append(key)
        if self.mood in {Mood.WELL, Mood.LATE}:
            self.kept.setdefault(key, (path, report))
        if self.mood in {Mood.SILENT, Mood.LATE}:
            self.released.wait()
            return None
        return {Mood.BROKEN: 500, Mood.STRICT: 422}.get(self.mood, 201)


@contextmanager
def moody_platform(mood: Mood = Mood.WELL, *, port: int = 0) -> Iterator[MoodyPlatform]:
    """Listen on a loopback port until the block ends."""

    class Reports(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = platform.status_for(self.path, self.headers["Idempotency-Key"], report)
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 inherited
            """Keep quiet: what is kept is the record."""

    class Listener(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Listener((LOOPBACK, port), Reports) as server:
        platform = MoodyPlatform(host=f"{LOOPBACK}:{server.server_address[1]}", mood=mood)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield platform
        finally:
            platform.released.set()
            server.shutdown()
            thread.join()
