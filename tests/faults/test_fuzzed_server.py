"""A real server keeps its workers, its time and its memory whatever bytes it gets."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.e2e.processes import LOOPBACK, RunningServer, process_group
from tests.fuzz.bodies import any_body, any_form, damaged
from tests.fuzz.cases import fuzzed
from tests.fuzz.costly import archives, costly_tables, heads, json_texts, raw_forms
from tests.fuzz.costs import judge

from .conftest import ProbeServer
from .participants import CUT, ask, prediction
from .test_hostile_bodies import forget_peak, peak_bytes
from .test_kill import workers_of

MIB = 2**20
TARGETS = [
    "/utility/anonymizer?anonymizer=a{}&data_split=validation",
    "/utility/deanonymizer?anonymizer=a&deanonymizer=d{}&data_split=tuning",
    "/utility/table?anonymizer=a{}&deanonymizer=d",
    "/utility/form?anonymizer=a{}",
]
BODY = prediction(0, 1)
PEOPLE = pa.table({"age": [1.5], "city": ["x"]})
bodies = st.one_of(
    any_body,
    archives().filter(lambda body: len(body) <= 10**6),
    costly_tables(PEOPLE, 100_000),
    json_texts(),
)
REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET /data/both HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-9\r\nConnection: close\r\n\r\n",
    b"POST /utility/anonymizer?anonymizer=a&data_split=tuning HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(BODY) + BODY,
]


@pytest.fixture(scope="module")
def server(shared_probe_server: ProbeServer) -> RunningServer:
    limits = {"upload_timeout_s": 0.3}
    return shared_probe_server("--workers", "1", server={"limits": limits})


def unharmed(server: RunningServer, fuzz: Callable[[], Any]) -> None:
    """Fuzz; prove that the worker is the same, has not grown, and failed at nothing."""
    before, used = workers_of(server), forget_peak(server)
    fuzz()
    assert workers_of(server) == before
    assert peak_bytes(server) - used < 128 * MIB
    assert ask(server.port, "GET", "/").status == 200
    assert '"status": 5' not in server.log.read_text()


def cpu_s_of(server: RunningServer) -> float:
    return sum(process.cpu_s for process in process_group(server.group))


@contextmanager
def weighed(server: RunningServer, what: str, body: bytes) -> Iterator[None]:
    """Judge what the server spends on a request."""
    used, began = forget_peak(server), cpu_s_of(server)
    yield
    spent = {"cpu_s": cpu_s_of(server) - began, "grown_bytes": peak_bytes(server) - used}
    judge(what, body=body, **spent)


def test_submissions(server: RunningServer) -> None:
    @fuzzed
    @given(
        target=st.sampled_from(TARGETS),
        number=st.integers(0, 10**6),
        form=st.one_of(any_form, raw_forms(), bodies.map(lambda body: (body, ""))),
    )
    def fuzz(target: str, number: int, form: tuple[bytes, str]) -> None:
        body, content_type = form
        is_sendable = content_type.isprintable() and content_type.isascii()
        headers = {"Content-Type": content_type} if content_type and is_sendable else {}
        with weighed(server, target, body):
            answer = ask(server.port, "POST", target.format(number), body=body, headers=headers)
        assert answer != CUT
        assert answer.status in {201, 400, 409, 413, 422}, answer

    unharmed(server, fuzz)


def test_raw_requests(server: RunningServer) -> None:
    @fuzzed
    @given(
        request=st.one_of(
            st.sampled_from(REQUESTS).flatmap(lambda whole: damaged(st.just(whole))), heads()
        )
    )
    def fuzz(request: bytes) -> None:
        with weighed(server, f"{request[:40]!r}", request):
            answer = exchanged(request)
        assert not answer or (answer.startswith(b"HTTP/1.") and answer[9:10] in b"245")
        assert answer[9:10] != b"5" or answer[9:12] in {b"501", b"505"}

    def exchanged(request: bytes) -> bytes:
        with socket.create_connection((LOOPBACK, server.port), timeout=5) as connection:
            answer = b""
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                connection.sendall(request)
                with contextlib.suppress(OSError):  # it is closed by the other side already
                    connection.shutdown(socket.SHUT_WR)
                while chunk := connection.recv(65536):
                    answer += chunk
        return answer

    unharmed(server, fuzz)
