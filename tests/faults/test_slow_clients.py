"""Slow and silent clients cost others nothing, and are sent away in the end."""

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Self

import pytest

from anomed_core.web.patience import HEAD_TIMEOUT_S
from tests.e2e.processes import LOOPBACK, RunningServer

from .conftest import ProbeServer
from .participants import ask, prediction, submit

UPLOAD_TIMEOUT_S = 4.0
N_CLIENTS = 64
PROMPTLY_S = 0.1


@pytest.fixture(scope="module")
def server(shared_probe_server: ProbeServer) -> RunningServer:
    limits = {"upload_timeout_s": UPLOAD_TIMEOUT_S}
    return shared_probe_server("--workers", "2", server={"limits": limits})


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
    return f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {n_bytes}\r\n\r\n".encode()


BEGINNINGS = {
    "body": (upload_head(1_000_000), b"x"),
    "head": (b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"x"),
    "silence": (b"", b""),
}


@pytest.fixture(params=BEGINNINGS)
def dripping(request: pytest.FixtureRequest, server: RunningServer) -> Iterator[Dripping]:
    begin, drip = BEGINNINGS[request.param]
    with Dripping(server.port, begin=begin, drip=drip, n_clients=N_CLIENTS) as clients:
        time.sleep(0.5)
        yield clients


def seconds_of(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def test_others_are_answered_promptly(server: RunningServer, dripping: Dripping) -> None:
    answers = []
    waits = [seconds_of(lambda: answers.append(ask(server.port, "GET", "/"))) for _ in range(15)]
    final = submit(server.port, f"quick-{time.time_ns()}", prediction(0, 1))

    assert {answer.status for answer in answers} == {200}
    assert final.status == 201
    assert statistics.median(waits) < PROMPTLY_S


def test_a_body_that_trickles_is_refused_in_time(server: RunningServer) -> None:
    begin, drip = BEGINNINGS["body"]
    with Dripping(server.port, begin=begin, drip=drip, n_clients=N_CLIENTS) as clients:
        ends = clients.wait(timeout_s=UPLOAD_TIMEOUT_S + 10)

    assert all(answer.startswith(b"HTTP/1.1 408 ") for _, answer in ends)
    assert min(seconds for seconds, _ in ends) > UPLOAD_TIMEOUT_S - 0.5


def test_a_head_that_trickles_ends_its_connection(server: RunningServer) -> None:
    begin, drip = BEGINNINGS["head"]
    with Dripping(server.port, begin=begin, drip=drip, n_clients=8) as clients:
        ends = clients.wait(timeout_s=HEAD_TIMEOUT_S + 10)

    assert {answer for _, answer in ends} == {b""}
    assert min(seconds for seconds, _ in ends) > HEAD_TIMEOUT_S - 0.5
    assert "Traceback" not in server.log.read_text()


def test_a_connection_is_used_again_after_a_body(server: RunningServer) -> None:
    body = prediction(0, 1)
    request = upload_head(len(body)) + body
    with socket.create_connection((LOOPBACK, server.port), timeout=10) as connection:
        for _ in range(3):
            connection.sendall(request)
            answer = b""
            while b"}" not in answer:
                answer += connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 201 ")


def test_a_client_that_breaks_off_costs_nothing(server: RunningServer) -> None:
    for _ in range(20):
        with socket.create_connection((LOOPBACK, server.port), timeout=10) as connection:
            connection.sendall(upload_head(1000) + b"abc")
    assert ask(server.port, "GET", "/").status == 200
    assert '"status": 500' not in server.log.read_text()
