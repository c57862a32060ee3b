"""Tables of the measurements, and whether they reach the targets."""

from collections.abc import Iterator, Sequence

import attrs

from benchmarks.http.scenarios import SCENARIOS, Measurement, MemoryMeasurement, Scenario

MIB = 1 << 20


@attrs.frozen(kw_only=True)
class Verdict:
    """A figure against what was aimed at."""

    target: str
    value: float
    bound: float
    at_most: bool = False
    unit: str = "x"

    @property
    def is_met(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def __str__(self) -> str:
        relation = "<=" if self.at_most else ">="
        verdict = "met" if self.is_met else "MISSED"
        figures = f"{self.value:.2f} {self.unit} (aim {relation} {self.bound:g} {self.unit})"
        return f"{verdict:6}  {self.target}: {figures}"


@attrs.define
class Results:
    """Everything measured in one run."""

    requests: list[Measurement] = attrs.field(factory=list)
    memory: list[MemoryMeasurement] = attrs.field(factory=list)

    def add(self, measurement: Measurement | MemoryMeasurement) -> None:
        """File a figure."""
        if isinstance(measurement, Measurement):
            self.requests.append(measurement)
        else:
            self.memory.append(measurement)

    def verdicts(self) -> list[Verdict]:
        """Compare with the targets; what was not measured is not judged."""
        cpu = {(one.scenario, one.contestant): one.cpu_ms_per_request for one in self.requests}
        speed = {(one.scenario, one.contestant): one.bytes_per_s for one in self.requests}
        memory = {(one.challenge, one.contestant): one.anonymous_mib for one in self.memory}
        candidates = [
            *_ratio(
                "GET / costs at most 1.3 x bare Falcon's CPU",
                cpu,
                "alive",
                ("ours", "falcon"),
                1.3,
                True,
            ),
            *_ratio("training data at nginx's bytes/s", speed, "training", ("ours", "nginx"), 0.8),
            *_ratio(
                "training data over the published bytes/s",
                speed,
                "training",
                ("ours", "published"),
                50,
            ),
            *_ratio("evaluation data, CPU saved", cpu, "evaluation", ("published", "ours"), 30),
            *_ratio("scored prediction, CPU saved", cpu, "score", ("published", "ours"), 20),
        ]
        if {("large", "ours"), ("iris", "ours")} <= memory.keys():
            grown = memory["large", "ours"] - memory["iris", "ours"]
            title = "a worker's anonymous memory at 200k x 100 over iris"
            candidates.append(
                Verdict(target=title, value=grown, bound=40, at_most=True, unit="MiB")
            )
        return candidates


def _ratio(
    title: str,
    figures: dict[tuple[str, str], float],
    scenario: str,
    pair: tuple[str, str],
    bound: float,
    at_most: bool = False,
) -> Iterator[Verdict]:
    numerator, denominator = ((scenario, name) for name in pair)
    if numerator in figures and denominator in figures:
        value = figures[numerator] / figures[denominator]
        yield Verdict(target=title, value=value, bound=bound, at_most=at_most)


def lines(results: Results) -> Iterator[str]:
    """Write the tables."""
    for scenario in SCENARIOS:
        rows = [one for one in results.requests if one.scenario == scenario.name]
        if rows:
            yield from _request_lines(scenario, rows)
    if results.memory:
        yield "largest worker over all routes, MiB"
        yield f"  {'server':24}{'resident':>12}{'PSS':>12}{'anonymous':>12}"
        for one in results.memory:
            figures = (one.resident_mib, one.proportional_mib, one.anonymous_mib)
            row = "".join(f"{figure:12.1f}" for figure in figures)
            yield f"  {f'{one.contestant}, {one.challenge}':24}{row}"
        yield ""
    yield from map(str, results.verdicts())


def _request_lines(scenario: Scenario, rows: Sequence[Measurement]) -> Iterator[str]:
    """Write one scenario; ratios are to the first row."""
    yield scenario.title
    yield f"  {'server':12}{'CPU ms':>12}{'ratio':>10}{'wall ms':>12}{'MiB/s':>12}{'requests':>10}"
    for one in rows:
        ratio = one.cpu_ms_per_request / rows[0].cpu_ms_per_request
        yield (
            f"  {one.contestant:12}{one.cpu_ms_per_request:12.3f}{ratio:10.2f}"
            f"{one.latency_ms:12.3f}{one.bytes_per_s / MIB:12.1f}{one.n_requests:10d}"
        )
    yield ""
