"""What is measured, on which challenge, and for whom."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from benchmarks.http.accounting import PeakMemory, cpu_seconds, wait_until_idle, watching_memory
from benchmarks.http.challenges import IRIS, LARGE, MEDIUM, Challenge
from benchmarks.http.contestants import CONTESTANTS
from tests.e2e.environments import REPOSITORY
from tests.e2e.platform_double import listening_platform
from tests.e2e.processes import RunningServer

EVALUATION_DATA = "/data/attack-success-evaluation?anonymizer=a&deanonymizer={n}&data_split=tuning"
PREDICTION = "/utility/anonymizer?anonymizer={n}&data_split=tuning"


@attrs.frozen(kw_only=True)
class Scenario:
    """One kind of request."""

    name: str
    title: str
    challenge: Challenge
    target: str
    posts_prediction: bool = False
    contestants: tuple[str, ...]


ALIVE = Scenario(
    name="alive",
    title="GET /",
    challenge=MEDIUM,
    target="/",
    contestants=("ours", "falcon", "published"),
)
TRAINING = Scenario(
    name="training",
    title="GET training data, 50k x 100 float64",
    challenge=MEDIUM,
    target="/data/anonymizer/training",
    contestants=("ours", "published", "nginx"),
)
EVALUATION = Scenario(
    name="evaluation",
    title="GET 2,000 records of evaluation data from 200k x 100",
    challenge=LARGE,
    target=EVALUATION_DATA,
    contestants=("ours", "published"),
)
SCORE = Scenario(
    name="score",
    title="POST 50k predictions, scored and recorded",
    challenge=MEDIUM,
    target=PREDICTION,
    posts_prediction=True,
    contestants=("ours", "published"),
)
SCENARIOS = (ALIVE, TRAINING, SCORE, EVALUATION)
MEMORY_CONTESTANTS = ("ours", "published")


@attrs.frozen(kw_only=True)
class Measurement:
    """What a contestant needed in a scenario: the median of its rounds."""

    scenario: str
    contestant: str
    n_requests: int
    cpu_ms_per_request: float
    latency_ms: float
    bytes_per_s: float


@attrs.frozen(kw_only=True)
class MemoryMeasurement:
    """The largest worker of a contestant on a challenge."""

    challenge: str
    contestant: str
    resident_mib: float
    proportional_mib: float
    anonymous_mib: float


@attrs.frozen(kw_only=True)
class Effort:
    """How long and how often to measure, and whom."""

    seconds: float
    n_rounds: int
    contestants: tuple[str, ...]


Report = Callable[[Measurement | MemoryMeasurement], None]


def measure_all(effort: Effort, *, folder: Path, report: Report) -> None:
    """Run every scenario, challenge by challenge, and report each figure as it is known."""
    with listening_platform() as platform:
        for challenge in (MEDIUM, LARGE, IRIS):
            scenarios = [scenario for scenario in SCENARIOS if scenario.challenge is challenge]
            with _started(challenge, scenarios, effort, folder, platform.host) as servers:
                prediction = challenge.write_prediction(folder)
                for scenario in scenarios:
                    for measurement in _compete(scenario, servers, effort, prediction):
                        report(measurement)
                if challenge is not MEDIUM:
                    for name in MEMORY_CONTESTANTS:
                        if name in servers:
                            report(_watch(challenge, name, servers[name], effort, prediction))


@contextmanager
def _started(
    challenge: Challenge,
    scenarios: Sequence[Scenario],
    effort: Effort,
    folder: Path,
    platform_host: str,
) -> Iterator[dict[str, RunningServer]]:
    """Start whoever takes part in one of the scenarios, or in the measurement of memory."""
    wanted = {name for scenario in scenarios for name in scenario.contestants}
    if challenge is not MEDIUM:
        wanted |= set(MEMORY_CONTESTANTS)
    data = challenge.write_data(folder)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(CONTESTANTS[name](challenge, data, platform_host))
            for name in effort.contestants
            if name in wanted
        }
        for server in servers.values():
            wait_until_idle(server.group)
        yield servers


def _compete(
    scenario: Scenario, servers: dict[str, RunningServer], effort: Effort, prediction: Path
) -> list[Measurement]:
    """Let the contestants take turns."""
    body = prediction if scenario.posts_prediction else None
    names = [name for name in scenario.contestants if name in servers]
    for name in names:  # first requests build caches
        _put_load(servers[name], scenario.target, body=body, seconds=0.2)
    rounds: dict[str, list[Measurement]] = {name: [] for name in names}
    for _ in range(effort.n_rounds):
        for name in names:
            rounds[name].append(_measure(scenario, name, servers[name], effort, body))
    return [_median(measurements) for measurements in rounds.values()]


def _measure(
    scenario: Scenario, name: str, server: RunningServer, effort: Effort, body: Path | None
) -> Measurement:
    before = cpu_seconds(server.group)
    result = _put_load(server, scenario.target, body=body, seconds=effort.seconds)
    wait_until_idle(server.group)  # work that was put off belongs to the requests, too
    cpu_s = cpu_seconds(server.group) - before
    n_requests = int(result["requests"])
    return Measurement(
        scenario=scenario.name,
        contestant=name,
        n_requests=n_requests,
        cpu_ms_per_request=1000 * cpu_s / n_requests,
        latency_ms=1000 * result["seconds"] / n_requests,
        bytes_per_s=result["bytes"] / result["seconds"],
    )


def _median(rounds: Sequence[Measurement]) -> Measurement:
    return Measurement(
        scenario=rounds[0].scenario,
        contestant=rounds[0].contestant,
        n_requests=sum(measurement.n_requests for measurement in rounds),
        cpu_ms_per_request=statistics.median(one.cpu_ms_per_request for one in rounds),
        latency_ms=statistics.median(one.latency_ms for one in rounds),
        bytes_per_s=statistics.median(one.bytes_per_s for one in rounds),
    )


def _watch(
    challenge: Challenge, name: str, server: RunningServer, effort: Effort, prediction: Path
) -> MemoryMeasurement:
    """Ask for everything a challenge server has, and watch its workers."""
    with watching_memory(server.group) as peak:
        for target in (
            "/data/anonymizer/training",
            "/data/anonymizer/tuning",
            "/data/deanonymizer/members",
            "/data/deanonymizer/non-members",
            EVALUATION_DATA,
        ):
            _put_load(server, target, seconds=effort.seconds / 2)
        _put_load(server, PREDICTION, body=prediction, seconds=effort.seconds / 2)
    return _memory_measurement(challenge, name, peak)


def _memory_measurement(challenge: Challenge, name: str, peak: PeakMemory) -> MemoryMeasurement:
    return MemoryMeasurement(
        challenge=challenge.name,
        contestant=name,
        resident_mib=peak.resident_mib,
        proportional_mib=peak.proportional_mib,
        anonymous_mib=peak.anonymous_mib,
    )


def _put_load(
    server: RunningServer, target: str, *, seconds: float, body: Path | None = None
) -> dict[str, float]:
    """Run the load client in a process of its own and return its counts."""
    options = ["--port", str(server.port), "--target", target, "--seconds", str(seconds)]
    if body is not None:
        options += ["--body", str(body)]
    command = [sys.executable, "-m", "benchmarks.http.load", *options]
    finished = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(
            f"load on {server.name} failed: {finished.stderr.strip()}\n{server.log_tail()}"
        )
    counts: dict[str, float] = json.loads(finished.stdout)
    return counts
