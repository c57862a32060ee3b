"""Hostile bodies are refused within a second, and cost no worker and no more than their limit."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.processes import LOOPBACK, RunningServer

from .conftest import ProbeServer
from .hostile_bodies import MIB, NPZ, PARQUET, multipart, repeated_text
from .participants import Answer, ask, prediction, submit
from .test_kill import workers_of

pytestmark = pytest.mark.timed

PROMPTLY_S = 5.0  # a second is the aim; a crowded machine must pass, too
LIMIT_BYTES = 256 * MIB
"""What may be unpacked from one body by default."""

ROUTES = {
    "npz": "/utility/anonymizer?anonymizer=mallory&data_split=validation",
    "parquet": "/utility/table?anonymizer=mallory&deanonymizer=mallory",
    "form": "/utility/form?anonymizer=mallory",
}


@pytest.fixture(scope="module")
def server(shared_probe_server: ProbeServer) -> RunningServer:
    return shared_probe_server("--workers", "1")


def peak_bytes(server: RunningServer) -> int:
    """Return the largest memory that the worker has ever used."""
    (worker,) = workers_of(server)
    status = Path(f"/proc/{worker}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def forget_peak(server: RunningServer) -> int:
    """Begin to measure anew; return what is used now."""
    (worker,) = workers_of(server)
    Path(f"/proc/{worker}/clear_refs").write_text("5")
    return peak_bytes(server)


def post(server: RunningServer, route: str, body: bytes, **headers: str) -> tuple[Answer, float]:
    """Post a body; return the answer and the shorter time of two tries."""
    times = []
    for _ in range(2):
        began = time.monotonic()
        answer = ask(server.port, "POST", ROUTES[route], body=body, headers=headers)
        times.append(time.monotonic() - began)
    return answer, min(times)


def refuses(server: RunningServer, route: str, body: bytes, **headers: str) -> None:
    before = workers_of(server)
    used = forget_peak(server)
    answer, took_s = post(server, route, body, **headers)
    assert 400 <= answer.status < 500, answer
    assert answer.body["description"]
    assert took_s < PROMPTLY_S
    assert peak_bytes(server) - used < LIMIT_BYTES + 3 * len(body)
    assert workers_of(server) == before


@pytest.mark.parametrize("make", NPZ, ids=lambda make: make.__name__)
def test_npz_is_refused(server: RunningServer, make: Callable[[], bytes]) -> None:
    refuses(server, "npz", make())


@pytest.mark.parametrize("make", PARQUET, ids=lambda make: make.__name__)
def test_parquet_is_refused(server: RunningServer, make: Callable[[], bytes]) -> None:
    refuses(server, "parquet", make())


FORMS = {
    "many parts": lambda: multipart(*((f"p{n}", b"") for n in range(100_000))),
    "twin parts": lambda: multipart(("anon_data", b""), ("anon_data", b"")),
    "bomb": lambda: multipart(("anon_data", repeated_text())),
    "no boundary": lambda: (b"--b--", "multipart/form-data"),
    "long boundary": lambda: (b"--b--", f"multipart/form-data; boundary={'b' * 5000}"),
    "no end": lambda: (multipart(("anon_data", b""))[0][:-4], "multipart/form-data; boundary=b"),
    "only newlines": lambda: (b"\r\n" * 4 * MIB, "multipart/form-data; boundary=b"),
    "long header": lambda: (
        b"--b\r\nContent-Disposition: " + b"x" * MIB + b"\r\n\r\n\r\n--b--",
        "multipart/form-data; boundary=b",
    ),
    "other charset": lambda: (
        b'--b\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\n\r\n--b--',
        "multipart/form-data; boundary=b",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_form_is_refused(server: RunningServer, name: str) -> None:
    body, content_type = FORMS[name]()
    refuses(server, "form", body, **{"Content-Type": content_type})


def exchange(server: RunningServer, *parts: bytes) -> tuple[int, float]:
    """Send raw bytes until an answer begins; return its status and the seconds it took."""
    began = time.monotonic()
    with socket.create_connection((LOOPBACK, server.port), timeout=20) as connection:
        for part in parts:
            connection.setblocking(True)
            try:
                connection.sendall(part)
                connection.settimeout(0.001)
                answer = connection.recv(100)
                break
            except TimeoutError:
                continue
        else:
            connection.settimeout(20)
            answer = connection.recv(100)
    return int(answer.split()[1]), time.monotonic() - began


def head(route: str, *headers: str) -> bytes:
    lines = [f"POST {ROUTES[route]} HTTP/1.1", "Host: localhost", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


RAW = {
    "1 GiB": ((head("npz", f"Content-Length: {2**30}"), *[bytes(MIB)] * 64), 413),
    "1 GiB, silent": ((head("npz", f"Content-Length: {2**30}"),), 413),
    "2^70 bytes": ((head("npz", f"Content-Length: {2**70}"),), 413),
    "negative": ((head("npz", "Content-Length: -1"),), 400),
    "no length": ((head("npz"),), 411),
    "chunked": ((head("npz", "Transfer-Encoding: chunked"), b"3\r\nabc\r\n0\r\n\r\n"), 411),
    "both": (
        (head("npz", "Transfer-Encoding: chunked", "Content-Length: 3"), b"3\r\nabc\r\n0\r\n\r\n"),
        400,
    ),
    "long line": ((b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",), 414),
    "long header": ((head("npz", "X-Long: " + "x" * 20_000),), 431),
    "many headers": ((head("npz", *(f"X-{n}: y" for n in range(500))),), 431),
    "no HTTP": ((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",), 400),
}


@pytest.mark.parametrize("name", RAW)
def test_request_is_refused(server: RunningServer, name: str) -> None:
    parts, expected = RAW[name]
    used = forget_peak(server)
    outcomes = [exchange(server, *parts) for _ in range(2)]

    assert [status for status, _ in outcomes] == [expected] * 2
    assert min(took_s for _, took_s in outcomes) < PROMPTLY_S
    assert peak_bytes(server) - used < 32 * MIB


def test_afterwards_all_is_well(server: RunningServer) -> None:
    assert submit(server.port, "mallory", prediction(0, 1)).status == 201
    assert '"status": 5' not in server.log.read_text()
