"""Slow and silent clients cost others nothing, and are sent away in the end."""

import resource
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from anomed_core.web.slow_clients import HEAD_TIMEOUT_S
from tests.e2e.processes import LOOPBACK, RunningServer

from .conftest import NoteFigures, ProbeServer
from .participants import ask, prediction, submit
from .slow_clients import BEGINNINGS, Dripping, upload_head

pytestmark = pytest.mark.timed

UPLOAD_TIMEOUT_S = 4.0
N_CLIENTS = 64
PROMPTLY_S = 0.1


@pytest.fixture(scope="module")
def server(shared_probe_server: ProbeServer) -> RunningServer:
    limits = {"upload_timeout_s": UPLOAD_TIMEOUT_S}
    return shared_probe_server("--workers", "2", server={"limits": limits})


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

    too_slow = [seconds for seconds, answer in ends if answer.startswith(b"HTTP/1.1 408 ")]
    too_many = [seconds for seconds, answer in ends if answer.startswith(b"HTTP/1.1 429 ")]
    assert len(too_slow) + len(too_many) == len(ends)
    assert min(too_slow) > UPLOAD_TIMEOUT_S - 0.5


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


def test_others_are_answered_beside_a_crowd_that_says_little_or_nothing(
    probe_server: ProbeServer,
) -> None:
    server = probe_server("--workers", "1")
    with ExitStack() as crowd:
        for number in range(1_500):
            connection = socket.create_connection((LOOPBACK, server.port), timeout=10)
            crowd.enter_context(connection)
            if number % 2:
                connection.sendall(b"G")
        waits = [seconds_of(lambda: ask(server.port, "GET", "/livez")) for _ in range(15)]
        final = submit(server.port, "quick", prediction(0, 1))

    assert final.status == 201
    assert max(waits) < 1


N_SILENT, N_HALF_OPEN, N_LOUD = 2_500, 800, 200


def test_others_have_their_p99_beside_all_of_it_at_once(
    probe_server: ProbeServer, note_figures: NoteFigures
) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = probe_server("--workers", "2")
    lives: list[float] = []
    finals: list[float] = []

    def submit_loudly(_: int) -> int:
        return submit(server.port, "loud", prediction(5, 0.2), split="tuning").status

    with ExitStack() as crowd, ThreadPoolExecutor(N_LOUD) as loud:
        for number in range(N_SILENT + N_HALF_OPEN):
            connection = socket.create_connection((LOOPBACK, server.port), timeout=10)
            crowd.enter_context(connection)
            if number >= N_SILENT:
                connection.sendall(b"G")
        answers = loud.map(submit_loudly, range(N_LOUD))
        for number in range(100):
            lives.append(seconds_of(lambda: ask(server.port, "GET", "/livez")))
            began = time.monotonic()
            assert submit(server.port, f"quiet-{number}", prediction(0, 1)).status == 201
            finals.append(time.monotonic() - began)

    assert {*answers} <= {201, 429}
    slowest = [statistics.quantiles(waits, n=100)[-1] for waits in (lives, finals)]
    note_figures(f"p99 of /livez {slowest[0]:.3f} s, of submissions {slowest[1]:.3f} s")
    assert max(slowest) < 1


def test_one_loud_participant_leaves_the_others_their_threads(server: RunningServer) -> None:
    def submit_loudly(_: int) -> int:
        return submit(server.port, "loud", prediction(5, 0.2), split="tuning").status

    with ThreadPoolExecutor(200) as crowd:
        answers = crowd.map(submit_loudly, range(200))
        waits = [seconds_of(lambda: ask(server.port, "GET", "/livez")) for _ in range(15)]
        final = submit(server.port, f"quiet-{time.time_ns()}", prediction(0, 1))

    assert final.status == 201
    assert max(waits) < 1
    assert {201, 429} == set(answers)
