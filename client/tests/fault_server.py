"""A challenge server of one page that breaks off, lies and stalls as a test's script says.

It keeps a ledger as the real one does: a submission with a known idempotency key is answered from
it. Each request takes the next fault from the script; without one it is answered properly.
"""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

CONTENT = bytes(range(256)) * 40
"""Of the product ``/data/anonymizer/thing``."""

_SCHEMA = {"format": "npz", "arrays": [{"name": "prediction", "kinds": ["float"], "shape": [3]}]}
DESCRIPTION = {
    "id": "fake",
    "type": "fake",
    "title": "Fake",
    "base": "",
    "api": 1,
    "core_version": "0.1.0",
    "fingerprint": "f" * 64,
    "features": ["attempts", "scores", "whoami"],
    "limits": {"evaluation_timeout_s": 1, "body_bytes": 100_000},
    "products": [
        {
            "path": "/data/anonymizer/thing",
            "audience": ["anonymizer"],
            "static": True,
            "parameters": [],
            "schema": {"format": "unheard-of"},
        }
    ],
    "submissions": [
        {
            "name": "anonymizer",
            "path": "/utility/anonymizer",
            "submitter": "anonymizer",
            "splits": {"tuning": _SCHEMA, "validation": _SCHEMA},
            "parameters": [
                {"name": "anonymizer", "required": True},
                {"name": "data_split", "choices": ["tuning", "validation"]},
            ],
            "metrics": [{"name": "accuracy", "primary": True}],
        }
    ],
}


@dataclass
class Request:
    """What came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Reply:
    """What goes out, and how far."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_after: int | None = None
    drip_s: float = 0.0


Fault = Callable[["FaultServer", Request], Reply | None]
"""Returns what is answered; ``None`` drops the connection."""


class FaultServer:
    """Listens on a free port of this machine."""

    def __init__(self) -> None:
        self.script: list[Fault] = []
        self.requests: list[Request] = []
        self.ledger: dict[str, dict[str, float]] = {}
        self.n_evaluations = 0
        self.content = CONTENT
        self.etag: str | None = None
        self.description: dict[str, object] = dict(DESCRIPTION)
        self.rankings: list[dict[str, object]] = []
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.ended.set()
        self._socket.close()

    def asked(self, path: str) -> list[Request]:
        """The requests for one path."""
        return [request for request in self.requests if request.path.partition("?")[0] == path]

    def properly(self, request: Request) -> Reply:
        """What a challenge server answers."""
        path = request.path.partition("?")[0]
        if path == "/challenge.json":
            return json_reply(self.description)
        if path == "/whoami":
            return json_reply({"role": "anonymizer", "name": "alice"})
        if path == "/ranking":
            return json_reply(self.rankings)
        if path == "/data/anonymizer/thing":
            return self._product(request)
        if path == "/utility/anonymizer" and request.method == "POST":
            return self._score(request)
        return error_reply(404, "Not found", "There is nothing here.")

    def _product(self, request: Request) -> Reply:
        digest = hashlib.sha256(self.content).hexdigest()
        etag = f'"{digest}"' if self.etag is None else self.etag
        headers = {"ETag": etag, "Accept-Ranges": "bytes"} if etag else {}
        if etag and request.headers.get("if-none-match") == etag:
            return Reply(status=304, headers=headers)
        wanted = request.headers.get("range")
        if wanted is None or request.headers.get("if-range") != etag:
            return Reply(headers=headers, body=self.content)
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(self.content):
            return Reply(status=416, headers={"Content-Range": f"bytes */{len(self.content)}"})
        total = len(self.content)
        headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
        return Reply(status=206, headers=headers, body=self.content[start:])

    def _score(self, request: Request) -> Reply:
        key = request.headers.get("idempotency-key")
        with self._lock:
            replayed = key is not None and key in self.ledger
            if not replayed:
                self.n_evaluations += 1
                self.ledger[key or f"none-{self.n_evaluations}"] = {"accuracy": 0.5}
        headers = {"Location": f"/scores/{self.n_evaluations}", "X-Attempts-Remaining": "2"}
        if replayed:
            headers["Idempotency-Replayed"] = "true"
        return json_reply({"accuracy": 0.5}, status=201, headers=headers)

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            file = connection.makefile("rb")
            try:
                while (request := _read(file)) is not None:
                    self.requests.append(request)
                    fault = self._next_fault(request)
                    reply = fault(self, request) if fault else self.properly(request)
                    if not self._send(connection, reply):
                        return
            except OSError:
                return
            finally:
                file.close()

    def _next_fault(self, request: Request) -> Fault | None:
        """Faults are for what a test is about, not for what connecting asks."""
        if request.path.startswith(("/challenge.json", "/whoami")):
            return None
        with self._lock:
            return self.script.pop(0) if self.script else None

    def _send(self, connection: socket.socket, reply: Reply | None) -> bool:
        """Send and return whether the connection goes on."""
        if reply is None:
            _reset(connection)
            return False
        headers = {"X-Request-Id": "3f2a-17", "Content-Length": str(len(reply.body))}
        headers |= reply.headers
        head = f"HTTP/1.1 {reply.status} Whatever\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        if reply.status == 304:
            connection.sendall(head.encode())
            return True
        body = reply.body[: reply.cut_after]
        if reply.drip_s:
            connection.sendall(head.encode())
            self.ended.wait(reply.drip_s)
            connection.sendall(body)
        else:
            connection.sendall(head.encode() + body)
        if reply.cut_after is None:
            return True
        # What has been sent arrives before the end does.
        connection.shutdown(socket.SHUT_WR)
        return False


def _read(file: object) -> Request | None:
    line = file.readline()  # type: ignore[attr-defined]
    if not line:
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers = {}
    while (line := file.readline().strip()) != b"":  # type: ignore[attr-defined]
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = file.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
    return Request(method=method, path=path, headers=headers, body=body)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def json_reply(
    told: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    kind = {"Content-Type": "application/json"}
    return Reply(status=status, headers=kind | dict(headers or {}), body=json.dumps(told).encode())


def error_reply(status: int, title: str, description: str, **headers: str) -> Reply:
    told = {"title": title, "description": description}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return json_reply(told, status=status, headers=named)


# What may go wrong.


def drop(_: FaultServer, __: Request) -> None:
    """End the connection before anything was done."""


def drop_afterwards(server: FaultServer, request: Request) -> None:
    """Do what was asked for, and end the connection without a word."""
    server.properly(request)


def cut(n_bytes: int) -> Fault:
    def fault(server: FaultServer, request: Request) -> Reply:
        reply = server.properly(request)
        reply.cut_after = min(n_bytes, len(reply.body))
        return reply

    return fault


def flip(place: int) -> Fault:
    """Change one bit of the body."""

    def fault(server: FaultServer, request: Request) -> Reply:
        reply = server.properly(request)
        if reply.body:
            damaged = bytearray(reply.body)
            damaged[place % len(damaged)] ^= 1
            reply.body = bytes(damaged)
        return reply

    return fault


def instead(reply: Reply) -> Fault:
    return lambda _server, _request: reply


def afterwards(reply: Reply) -> Fault:
    """Do what was asked for, and answer something else."""

    def fault(server: FaultServer, request: Request) -> Reply:
        server.properly(request)
        return reply

    return fault


def gateway(status: int) -> Reply:
    return Reply(
        status=status, headers={"Content-Type": "text/html"}, body=b"<html>Bad Gateway</html>"
    )


Listening = TypeVar("Listening", bound=FaultServer)


@contextmanager
def listening(server: Listening) -> Iterator[Listening]:
    try:
        yield server
    finally:
        server.close()
