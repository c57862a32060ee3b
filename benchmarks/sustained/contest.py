"""Let our server, on either database, and the published one score submissions in turn."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import attrs

from benchmarks.http.accounting import cpu_seconds, wait_until_idle
from benchmarks.http.challenges import Challenge
from benchmarks.http.contestants import Start, ours, published
from benchmarks.http.scenarios import PREDICTION
from tests.e2e.environments import REPOSITORY
from tests.e2e.processes import RunningServer
from tests.postgresql import create_database

WARM_UP_S = 1.0


@attrs.frozen(kw_only=True)
class Effort:
    """How long and how often to measure, and with how many participants at once."""

    seconds: float
    n_rounds: int
    n_connections: int


@attrs.frozen(kw_only=True)
class Rate:
    """What a contestant did on a challenge: medians of its rounds; CPU without the database's."""

    challenge: str
    contestant: str
    posts_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms_per_post: float
    n_posts: int


def contestants_of(postgresql: str | None) -> dict[str, Start]:
    """Return whom to start; without the URL of a PostgreSQL, one fewer."""
    starts: dict[str, Start] = {"SQLite": partial(ours, name="sqlite", options=())}
    if postgresql is not None:
        options = ("--ledger", create_database(postgresql))
        starts["PostgreSQL"] = partial(ours, name="postgresql", options=options)
    return {**starts, "published": published}


def compete(
    challenge: Challenge,
    effort: Effort,
    starts: Mapping[str, Start],
    *,
    folder: Path,
    platform_host: str,
) -> Iterator[Rate]:
    """Yield what each contestant did."""
    with _started(challenge, starts, folder, platform_host) as servers:
        body = challenge.write_prediction(folder)
        warm_up = attrs.evolve(effort, seconds=WARM_UP_S)
        for server in servers.values():
            _crowd(server, warm_up, body)
        rounds: dict[str, list[Rate]] = {name: [] for name in servers}
        for _ in range(effort.n_rounds):
            for name, server in servers.items():
                rounds[name].append(_measured(challenge, name, server, effort, body))
    yield from map(_median, rounds.values())


@contextmanager
def _started(
    challenge: Challenge, starts: Mapping[str, Start], folder: Path, platform_host: str
) -> Iterator[dict[str, RunningServer]]:
    data = challenge.write_data(folder)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(start(challenge, data, platform_host))
            for name, start in starts.items()
        }
        for server in servers.values():
            wait_until_idle(server.group)
        yield servers


def _measured(
    challenge: Challenge, name: str, server: RunningServer, effort: Effort, body: Path
) -> Rate:
    wait_until_idle(server.group)
    before = cpu_seconds(server.group)
    result = _crowd(server, effort, body)
    wait_until_idle(server.group)  # work that was put off belongs to the requests, too
    cpu_s = cpu_seconds(server.group) - before
    waits = result["waits"]
    assert isinstance(waits, list)
    percentiles = statistics.quantiles(waits, n=100)
    return Rate(
        challenge=challenge.name,
        contestant=name,
        posts_per_s=len(waits) / float(result["seconds"]),
        p50_ms=1000 * statistics.median(waits),
        p99_ms=1000 * percentiles[98],
        cpu_ms_per_post=1000 * cpu_s / len(waits),
        n_posts=len(waits),
    )


def _median(rounds: list[Rate]) -> Rate:
    def middle(name: str) -> float:
        return statistics.median(getattr(one, name) for one in rounds)

    return Rate(
        challenge=rounds[0].challenge,
        contestant=rounds[0].contestant,
        posts_per_s=middle("posts_per_s"),
        p50_ms=middle("p50_ms"),
        p99_ms=middle("p99_ms"),
        cpu_ms_per_post=middle("cpu_ms_per_post"),
        n_posts=sum(one.n_posts for one in rounds),
    )


def _crowd(server: RunningServer, effort: Effort, body: Path) -> dict[str, float | list[float]]:
    """Run the participants in a process of their own."""
    command = [
        *(sys.executable, "-m", "benchmarks.sustained.crowd"),
        *("--port", str(server.port), "--target", PREDICTION, "--body", str(body)),
        *("--seconds", str(effort.seconds), "--connections", str(effort.n_connections)),
    ]
    finished = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(
            f"load on {server.name} failed: {finished.stderr.strip()}\n{server.log_tail()}"
        )
    counts: dict[str, float | list[float]] = json.loads(finished.stdout)
    return counts
