"""Clients that send a beginning at once, and then a byte at a time or nothing."""

import socket
import threading
import time
from contextlib import ExitStack
from typing import Self

from tests.e2e.processes import LOOPBACK


class Dripping:
    """Many connections that send a beginning at once and then a byte at a time."""

    def __init__(self, port: int, *, begin: bytes, drip: bytes, n_clients: int) -> None:
        self._stack = ExitStack()
        self._drip = drip
        self.ended: dict[socket.socket, tuple[float, bytes]] = {}
        self.connections = [
            self._stack.enter_context(socket.create_connection((LOOPBACK, port), timeout=10))
            for _ in range(n_clients)
        ]
        self.began = time.monotonic()
        for connection in self.connections:
            connection.sendall(begin)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._stack.close()

    def _run(self) -> None:
        while not self._stopped.wait(0.2):
            for connection in self.connections:
                if connection not in self.ended:
                    self._feed(connection)

    def _feed(self, connection: socket.socket) -> None:
        try:
            if self._drip:
                connection.sendall(self._drip)
            connection.settimeout(0)
            answer = connection.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            answer = b""
        self.ended[connection] = (time.monotonic() - self.began, answer)

    def wait(self, *, timeout_s: float) -> list[tuple[float, bytes]]:
        """Wait until every connection got an answer or was closed."""
        deadline = time.monotonic() + timeout_s
        while len(self.ended) < len(self.connections):
            assert time.monotonic() < deadline, f"{len(self.ended)} have ended"
            time.sleep(0.05)
        return list(self.ended.values())


def upload_head(n_bytes: int) -> bytes:
    target = "/utility/anonymizer?anonymizer=slow&data_split=tuning"
    return (
        f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n_bytes}\r\n\r\n".encode()
    )


BEGINNINGS = {
    "body": (upload_head(1_000_000), b"x"),
    "head": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"x"),
    "silence": (b"", b""),
}
