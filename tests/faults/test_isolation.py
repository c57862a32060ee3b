"""Whatever an evaluation does, it costs its participant an error and nobody else anything."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.processes import RunningServer, process_group

from .conftest import ProbeServer
from .participants import Answer, ask, prediction, submit
from .probe import Order
from .test_kill import wait_for, workers_of

TIMEOUT_S = 2.0
GOOD = prediction(0, 5)

FAILED, TIMED_OUT, REFUSED = 503, 504, 422
OUTCOMES = {
    Order.LOOP: TIMED_OUT,
    Order.SLEEP: TIMED_OUT,
    Order.LEAK: FAILED,
    Order.CRASH: FAILED,
    Order.LEAVE: FAILED,
    Order.LEAVE_A_CHILD: FAILED,
    Order.RAISE: FAILED,
    Order.RETURN_NAN: FAILED,
    Order.REFUSE: REFUSED,
}


@pytest.fixture(scope="module")
def server(shared_probe_server: ProbeServer) -> RunningServer:
    """Serve with one worker: if it died, everybody would notice."""
    limits = {
        "evaluation_timeout_s": TIMEOUT_S,
        "evaluation_memory_bytes": 512 * 2**20,
        "evaluations_at_once": 4,
    }
    return shared_probe_server("--workers", "1", server=limits, challenge={"cheap": False})


def logged(server: RunningServer, request_id: str) -> list[dict[str, object]]:
    """Return the log's lines about a request."""
    lines = server.log.read_text().splitlines()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    return [record for record in records if record.get("request_id") == request_id]


def test_every_order_is_tried() -> None:
    assert set(Order) == {*OUTCOMES, Order.NOTHING, Order.KILL_PARENT}


@pytest.mark.parametrize("order", OUTCOMES, ids=lambda order: order.name.lower())
def test_a_bad_evaluation_costs_no_attempt_and_no_worker(
    server: RunningServer, order: Order
) -> None:
    name = f"{order.name.lower()}-{time.time_ns()}"
    before = workers_of(server)
    bad = submit(server.port, name, prediction(order, 31.25))
    retry = submit(server.port, name, GOOD)

    assert (bad.status, retry.status) == (OUTCOMES[order], 201), bad
    assert workers_of(server) == before
    events = logged(server, bad.headers["x-request-id"])
    assert {event["event"] for event in events} >= {"request"}
    if bad.status >= 500:
        assert bad.body["request_id"] == bad.headers["x-request-id"]
        assert "bug" not in json.dumps(bad.body)
        assert any(event["level"] in {"warning", "error"} for event in events)


def test_the_participant_can_read_what_became_of_the_attempt(server: RunningServer) -> None:
    submit(server.port, "reader", prediction(Order.LEAVE))
    submit(server.port, "reader", GOOD)
    history = ask(server.port, "GET", "/attempts?anonymizer=reader").body

    states = [(attempt["state"], attempt["reason"]) for attempt in history["attempts"]]
    assert states == [("released", "EvaluationFailedError"), ("scored", "")]
    assert history["kinds"]["anonymizer"]["final"] == "scored"


@pytest.mark.timed
@pytest.mark.parametrize("order", [Order.LOOP, Order.LEAK, Order.SLEEP])
def test_others_are_served_meanwhile(server: RunningServer, order: Order) -> None:
    with ThreadPoolExecutor(1) as pool:
        bad = pool.submit(submit, server.port, f"busy-{time.time_ns()}", prediction(order, 30))
        time.sleep(0.2)
        began = time.monotonic()
        answers = [
            *(ask(server.port, "GET", "/") for _ in range(3)),
            *(submit(server.port, f"other-{time.time_ns()}", GOOD) for _ in range(3)),
        ]
        took_s = time.monotonic() - began
        assert [answer.status for answer in answers] == [200, 200, 200, 201, 201, 201]
        assert bad.result().status in {FAILED, TIMED_OUT}
    assert took_s < TIMEOUT_S


def processes_named(argument: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if argument.encode() in command.split(b"\0"):
            found.append(entry.name)
    return found


def test_what_an_evaluation_leaves_behind_is_ended(server: RunningServer) -> None:
    seconds = f"{300 + time.time_ns() % 1_000_000 / 1_000_000:.6f}"
    answer = submit(server.port, "parent", prediction(Order.LEAVE_A_CHILD, float(seconds)))

    assert answer.status == FAILED
    wait_for(lambda: not processes_named(str(float(seconds))), timeout_s=5)


def test_a_server_that_lost_its_fork_server_gets_another(server: RunningServer) -> None:
    before = workers_of(server)
    bad = submit(server.port, "murder", prediction(Order.KILL_PARENT))
    assert bad.status == FAILED

    def is_scored() -> Answer | None:
        answer = submit(server.port, "murder", GOOD)
        return answer if answer.status == 201 else None

    wait_for(is_scored)
    wait_for(lambda: set(workers_of(server)).isdisjoint(before))
    assert len(process_group(server.group)) >= 3
