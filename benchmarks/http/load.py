"""Put load on a server over one connection, from a process whose CPU time is nobody's.

Run as `python -m benchmarks.http.load`; prints one JSON object. It writes to a raw socket and
throws bodies away, so that reading is as cheap as it can be; a server that closes the connection
gets a new one.
"""

import argparse
import json
import re
import socket
import time
from pathlib import Path

import attrs

RECEIVE_BYTES = 1 << 20
TIMEOUT_S = 120.0


class Connection:
    """A connection that is kept alive as long as the server wants."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._socket: socket.socket | None = None
        self._buffer = bytearray(RECEIVE_BYTES)

    def exchange(self, request: bytes) -> tuple[int, int]:
        """Send a request and return the answer's status and its length in bytes."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=TIMEOUT_S)
        self._socket.sendall(request)
        head, n_received = self._receive_head(self._socket)
        length = re.search(rb"\r\ncontent-length: *(\d+)", head)
        if length is None:
            raise ValueError(f"an answer without Content-Length can't be measured: {head!r}")
        n_expected = int(length[1])
        while n_received < n_expected:
            n_received += self._receive(self._socket)
        if b"\r\nconnection: close" in head:
            self._socket.close()
            self._socket = None
        return int(head.split(maxsplit=2)[1]), len(head) + n_received

    def _receive_head(self, connection: socket.socket) -> tuple[bytes, int]:
        """Return the head in lower case, and how much of the body came with it."""
        received = b""
        while b"\r\n\r\n" not in received:
            n_bytes = self._receive(connection)
            received += self._buffer[:n_bytes]
        head, _, body = received.partition(b"\r\n\r\n")
        return head.lower(), len(body)

    def _receive(self, connection: socket.socket) -> int:
        n_bytes = connection.recv_into(self._buffer)
        if n_bytes == 0:
            raise ConnectionError("the server closed the connection in the middle of an answer")
        return n_bytes


@attrs.frozen(kw_only=True)
class Load:
    """Requests to send: as many as fit into `seconds`, but no fewer than `at_least`."""

    port: int
    target: str = attrs.field(
        metadata={"help": "path and query; {n} becomes a number never used twice"}
    )
    body: Path | None = None
    seconds: float
    at_least: int = 3

    def run(self) -> dict[str, float]:
        """Send the requests; return `requests`, `seconds` and `bytes`.

        Raises
        ------
        ValueError
            If an answer is not 200 or 201: its cost would mean nothing.
        """
        connection = Connection(self.port)
        body = self.body.read_bytes() if self.body else None
        first = time.time_ns()
        n_requests = n_bytes = 0
        start = time.perf_counter()
        while n_requests < self.at_least or time.perf_counter() - start < self.seconds:
            status, length = connection.exchange(self._request(first + n_requests, body))
            if status not in {200, 201}:
                raise ValueError(f"{self.target} answered {status} instead of 200 or 201")
            n_requests += 1
            n_bytes += length
        seconds = time.perf_counter() - start
        return {"requests": n_requests, "seconds": seconds, "bytes": n_bytes}

    def _request(self, number: int, body: bytes | None) -> bytes:
        method, body = ("GET", b"") if body is None else ("POST", body)
        target = self.target.replace("{n}", str(number))
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def main() -> None:
    """Read a load from the command line and run it."""
    parser = argparse.ArgumentParser(description="Put load on a server over one connection.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--body", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    print(json.dumps(Load(**vars(parser.parse_args())).run()))


if __name__ == "__main__":
    main()
