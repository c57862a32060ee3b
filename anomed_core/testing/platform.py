"""A stand-in for the AnoMed platform: takes reports over HTTP and keeps them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs

LOOPBACK = "127.0.0.1"
_LOOK_EVERY_S = 0.01


@attrs.define(kw_only=True)
class FakePlatform:
    """Where scores are reported to.

    Attributes
    ----------
    host
        ``host:port``: what a server gets as ``ANOMED_HOST``.
    reports
        Path and JSON body of each report, in the order of arrival.
    status
        How reports are answered: 201, or what a test wants to fail with.
    """

    host: str
    reports: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)
    status: int = 201

    def wait_for(self, n_reports: int, *, timeout_s: float = 10.0) -> None:
        """Wait until so many reports have arrived.

        Raises
        ------
        TimeoutError
            If they do not.
        """
        deadline = time.monotonic() + timeout_s
        while len(self.reports) < n_reports:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.reports)} of {n_reports} reports have arrived")
            time.sleep(_LOOK_EVERY_S)


@contextmanager
def listening_platform() -> Iterator[FakePlatform]:
    """Listen on a free port of this machine until the block ends."""
    platform = FakePlatform(host="")

    class Reports(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            platform.reports.append((self.path, json.loads(body)))
            self.send_response(platform.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - inherited
            """Keep quiet: the reports are the record."""

    with ThreadingHTTPServer((LOOPBACK, 0), Reports) as server:
        platform.host = f"{LOOPBACK}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield platform
        finally:
            server.shutdown()
            thread.join()
