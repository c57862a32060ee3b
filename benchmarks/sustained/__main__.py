"""Measure all contestants and print the table."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import attrs

from benchmarks.http.challenges import IRIS, MEDIUM
from benchmarks.http.report import Verdict
from benchmarks.sustained.contest import Effort, Rate, compete, contestants_of
from benchmarks.sustained.slow_uploads import Waits, waits_beside_slow_uploads
from tests.e2e.platform_double import listening_platform
from tests.postgresql import PostgreSQLUnavailableError, running_postgresql

CHALLENGES = (MEDIUM, IRIS)
AIMED_RATIO = 3.0
PROMPTLY_MS = 100.0


def main() -> int:
    """Return 1 if a target was missed."""
    options = _options()
    effort = Effort(
        seconds=options.seconds, n_rounds=options.rounds, n_connections=options.connections
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anomed-load-")))
        host = stack.enter_context(listening_platform()).host
        rates = list(_rates(effort, folder, host, _postgresql(stack)))
        (folder / "slow").mkdir()
        waits = waits_beside_slow_uploads(IRIS, folder=folder / "slow", platform_host=host)
    verdicts = [*_verdicts(rates), _verdict(waits)]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}")
    print(
        f"median of {effort.n_rounds} rounds of {effort.seconds:g} s, "
        f"{effort.n_connections} connections, 2 workers each\n"
    )
    print("\n".join([*_table(rates), "", *_sentence(waits), "", *map(str, verdicts)]))
    if options.json:
        figures = {"rates": [attrs.asdict(rate) for rate in rates], "slow": attrs.asdict(waits)}
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(not all(verdict.is_met for verdict in verdicts))


def _postgresql(stack: ExitStack) -> str | None:
    try:
        return stack.enter_context(running_postgresql(durable=True))
    except PostgreSQLUnavailableError as error:
        print(f"PostgreSQL IS NOT MEASURED: {error}", file=sys.stderr)
        return None


def _rates(
    effort: Effort, folder: Path, platform_host: str, postgresql: str | None
) -> Iterator[Rate]:
    for challenge in CHALLENGES:
        own = folder / challenge.name
        own.mkdir()
        starts = contestants_of(postgresql)
        for rate in compete(challenge, effort, starts, folder=own, platform_host=platform_host):
            print(json.dumps(attrs.asdict(rate)), file=sys.stderr)
            yield rate


def _table(rates: Sequence[Rate]) -> Iterator[str]:
    yield f"{'challenge':10}{'server':12}{'POSTs/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms':>10}"
    for one in rates:
        yield (
            f"{one.challenge:10}{one.contestant:12}{one.posts_per_s:10.1f}{one.p50_ms:10.1f}"
            f"{one.p99_ms:10.1f}{one.cpu_ms_per_post:10.2f}"
        )


def _sentence(waits: Waits) -> Iterator[str]:
    yield (
        f"GET / beside 64 slow uploads: p50 {waits.p50_ms:.1f} ms, p99 {waits.p99_ms:.1f} ms, "
        f"longest {waits.longest_ms:.1f} ms"
    )


def _verdicts(rates: Sequence[Rate]) -> Iterator[Verdict]:
    for challenge in CHALLENGES:
        figures = {
            one.contestant: one.posts_per_s for one in rates if one.challenge == challenge.name
        }
        for name in figures.keys() - {"published"}:
            yield Verdict(
                target=f"{challenge.name}: scored POSTs/s on {name} over the published rate",
                value=figures[name] / figures["published"],
                bound=AIMED_RATIO,
            )


def _verdict(waits: Waits) -> Verdict:
    return Verdict(
        target="GET / beside 64 slow uploads, p99",
        value=waits.p99_ms,
        bound=PROMPTLY_MS,
        at_most=True,
        unit="ms",
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sustained", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of load per round")
    parser.add_argument("--rounds", type=int, default=3, help="to take the median of")
    parser.add_argument("--connections", type=int, default=16, help="participants at once")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser.parse_args()


sys.exit(main())
