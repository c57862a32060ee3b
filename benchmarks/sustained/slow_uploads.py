"""Ask for `GET /` while 64 clients upload a byte at a time."""

import statistics
import time
from pathlib import Path

import attrs

from benchmarks.http.challenges import Challenge
from benchmarks.http.contestants import ours
from tests.faults.participants import ask
from tests.faults.slow_clients import BEGINNINGS, Dripping

N_CLIENTS = 64
N_REQUESTS = 200


@attrs.frozen(kw_only=True)
class Waits:
    """How long `GET /` took, in milliseconds."""

    p50_ms: float
    p99_ms: float
    longest_ms: float


def waits_beside_slow_uploads(challenge: Challenge, *, folder: Path, platform_host: str) -> Waits:
    """Measure each request over a connection of its own; all must be answered with 200."""
    data = challenge.write_data(folder)
    begin, drip = BEGINNINGS["body"]
    waits = []
    with (
        ours(challenge, data, platform_host, name="slow", options=()) as server,
        Dripping(server.port, begin=begin, drip=drip, n_clients=N_CLIENTS),
    ):
        time.sleep(1)
        for _ in range(N_REQUESTS):
            began = time.perf_counter()
            answer = ask(server.port, "GET", "/")
            waits.append(1000 * (time.perf_counter() - began))
            if answer.status != 200:
                raise ValueError(f"GET / answered {answer.status}:\n{server.log_tail()}")
    return Waits(
        p50_ms=statistics.median(waits),
        p99_ms=statistics.quantiles(waits, n=100)[98],
        longest_ms=max(waits),
    )
