"""Measure all contestants and print the tables."""

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

import attrs

from benchmarks.http.contestants import CONTESTANTS
from benchmarks.http.report import Results, lines
from benchmarks.http.scenarios import Effort, Measurement, MemoryMeasurement, measure_all


def main() -> int:
    """Return 1 if a target was missed."""
    options = _options()
    effort = Effort(
        seconds=options.seconds,
        n_rounds=options.rounds,
        contestants=tuple(options.contestants.split(",")),
    )
    results = Results()

    def report(measurement: Measurement | MemoryMeasurement) -> None:
        results.add(measurement)
        print(json.dumps(attrs.asdict(measurement)), file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="anomed-benchmark-") as folder:
        measure_all(effort, folder=Path(folder), report=report)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}")
    print(f"median of {effort.n_rounds} rounds of {effort.seconds:g} s, one connection each\n")
    print("\n".join(lines(results)))
    if options.json:
        options.json.write_text(json.dumps(attrs.asdict(results), indent=2) + "\n")
    return int(not all(verdict.is_met for verdict in results.verdicts()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.add_argument(
        "--contestants", default=",".join(CONTESTANTS), help="whom to start (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="of load per round (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="to take the median of (default: 3)")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser.parse_args()


sys.exit(main())
