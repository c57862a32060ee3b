"""A stand-in for the AnoMed platform: it accepts every report and keeps it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs

from .processes import LOOPBACK


@attrs.frozen(kw_only=True)
class Platform:
    """Where scores are reported to; `host` is what a challenge server gets as `ANOMED_HOST`."""

    host: str
    reports: list[tuple[str, dict[str, object]]] = attrs.field(
        factory=list, metadata={"help": "(path, JSON body) in the order of arrival"}
    )


@contextmanager
def listening_platform() -> Iterator[Platform]:
    """Listen on a free loopback port until the block ends."""
    reports: list[tuple[str, dict[str, object]]] = []

    class Reports(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reports.append((self.path, json.loads(body)))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 inherited
            """Keep quiet: the reports are the record."""

    with ThreadingHTTPServer((LOOPBACK, 0), Reports) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Platform(host=f"{LOOPBACK}:{server.server_address[1]}", reports=reports)
        finally:
            server.shutdown()
            thread.join()
