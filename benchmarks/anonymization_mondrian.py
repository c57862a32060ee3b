"""Measure the CPU time of Mondrian beside a plain implementation and beside anonypyx.

All cut the same table into parts of at least k records. The plain one follows the definition with
lists and dictionaries, a part at a time, and must find the same parts as ours. anonypyx cuts at
medians and names in its own way, so its parts differ; it gets an environment of its own, made
in the user's cache on the first run, and a process that measures itself.

    python -m benchmarks.anonymization_mondrian
    python -m benchmarks.anonymization_mondrian --adult adult.data.gz --peer anonypyx

The first takes seconds, anonypyx a minute or two more. Without ``--adult``, a simulated hospital
register is cut. The exit status is 1 if the parts differ, or ours needs more than a fifth
of the plain one's time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pandas as pd
from anomed_dataset_anonymization.anonymizers import mondrian_partition
from numpy.typing import NDArray

from anomed_core.datasets import HOSPITAL_REGISTER, simulate_hospital_register
from anomed_core.environments import Recipe, install_environment

ANONYPYX = Recipe(name="anonypyx", install=(("anonypyx==0.2.11",),))
LEAST_FACTOR = 5
ADULT_COLUMNS = {
    0: "age",
    1: "workclass",
    4: "education-num",
    5: "marital-status",
    6: "occupation",
    8: "race",
    9: "sex",
    13: "native-country",
}

PEER_PROGRAM = """
import json, sys, time
import pandas as pd
from anonypyx import models, mondrian
path, names, k = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
table = pd.read_csv(path).astype(dict.fromkeys(names, "category"))
method = mondrian.Mondrian(table, list(table.columns))
begin = time.process_time()
parts = method.partition([models.kAnonymity(k)])
print(json.dumps([time.process_time() - begin, [len(part) for part in parts]]))
"""


@attrs.frozen(kw_only=True)
class Measurement:
    """What one implementation did with one table."""

    name: str
    cpu_s: float
    sizes: NDArray[np.int64]

    def __str__(self) -> str:
        discernibility = int((self.sizes**2).sum())
        return (
            f"{self.name:<12}{self.cpu_s:>10.4f}{len(self.sizes):>9}{discernibility:>14,}"
            f"{self.sizes.min():>7}"
        )


class PlainMondrian:
    """Strict Mondrian, a part at a time, from the definition of LeFevre, DeWitt, Ramakrishnan."""

    def __init__(self, points: list[list[float]], k: int) -> None:
        self.points = points
        self.k = k
        self.dimensions = range(len(points[0]))
        self.spans = [
            max(point[d] for point in points) - min(point[d] for point in points)
            for d in self.dimensions
        ]
        self.parts: list[list[int]] = []

    def partition(self) -> list[list[int]]:
        everything = list(range(len(self.points)))
        low = [min(point[d] for point in self.points) for d in self.dimensions]
        high = [max(point[d] for point in self.points) for d in self.dimensions]
        pending = [(everything, low, high)]
        while pending:
            rows, low, high = pending.pop()
            halves = self.cut(rows, low, high)
            if halves is None:
                self.parts.append(rows)
            else:
                pending.extend(halves)
        return self.parts

    def cut(
        self, rows: list[int], low: list[float], high: list[float]
    ) -> list[tuple[list[int], list[float], list[float]]] | None:
        """Cut a part at the median of its widest dimension that can be cut, if there is one."""
        low, high = list(low), list(high)
        untried = set(self.dimensions)
        while untried:
            dimension = max(untried, key=lambda d: (self.width(low[d], high[d], d), -d))
            untried.remove(dimension)
            counts = Counter(self.points[row][dimension] for row in rows)
            values = sorted(counts)
            low[dimension], high[dimension] = values[0], values[-1]
            if len(rows) // 2 < self.k or len(values) == 1:
                continue
            below, position = 0, -1
            while below < len(rows) // 2:
                position += 1
                below += counts[values[position]]
            if below < self.k or len(rows) - below < self.k:
                continue
            median = values[position]
            left_high, right_low = list(high), list(low)
            left_high[dimension], right_low[dimension] = median, values[position + 1]
            left = [row for row in rows if self.points[row][dimension] <= median]
            right = [row for row in rows if self.points[row][dimension] > median]
            return [(left, low, left_high), (right, right_low, high)]
        return None

    def width(self, low: float, high: float, dimension: int) -> float:
        return (high - low) / self.spans[dimension] if self.spans[dimension] else 0.0


def read_adult(path: Path) -> pd.DataFrame:
    """Return eight quasi-identifiers of the complete rows."""
    table = pd.read_csv(path, header=None, skipinitialspace=True)
    complete = table[(table != "?").all(axis=1)]
    return complete[list(ADULT_COLUMNS)].rename(columns=ADULT_COLUMNS).reset_index(drop=True)


def simulate(n_patients: int) -> pd.DataFrame:
    """Return the quasi-identifiers of a simulated hospital register."""
    register = simulate_hospital_register(n_patients, rng=np.random.default_rng(1))
    return register[[column.name for column in HOSPITAL_REGISTER if column.role == "qi"]]


def as_points(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the table as numbers; names are numbered in order of appearance."""
    columns = [
        table[name] if pd.api.types.is_numeric_dtype(table[name]) else pd.factorize(table[name])[0]
        for name in table
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def cpu_time(work: Callable[[], object], *, repetitions: int) -> float:
    """Return the median CPU seconds of some work."""
    times = []
    for _ in range(repetitions):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def label(parts: list[list[int]], n_records: int) -> NDArray[np.int64]:
    """Number parts by their first record, as ours are."""
    labels = np.empty(n_records, dtype=np.int64)
    for number, rows in enumerate(sorted(parts, key=min)):
        labels[rows] = number
    return labels


def measure_peer(python: Path, table: pd.DataFrame, k: int, *, folder: Path) -> Measurement:
    """Let anonypyx cut the table in its own process; names become categories, as it wants them."""
    path = folder / "table.csv"
    table.to_csv(path, index=False)
    names = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    finished = subprocess.run(
        [python, "-c", PEER_PROGRAM, path, json.dumps(names), str(k)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    cpu_s, sizes = json.loads(finished.stdout)
    return Measurement(name="anonypyx", cpu_s=cpu_s, sizes=np.array(sizes))


def measure(table: pd.DataFrame, k: int, *, repetitions: int) -> tuple[bool, list[Measurement]]:
    """Measure ours and the plain implementation, and tell whether they find the same parts."""
    points = as_points(table)
    rows = points.tolist()
    ours = mondrian_partition(points, k)
    plain = label(PlainMondrian(rows, k).partition(), len(rows))
    measurements = [
        Measurement(
            name="ours",
            cpu_s=cpu_time(lambda: mondrian_partition(points, k), repetitions=repetitions),
            sizes=np.bincount(ours),
        ),
        Measurement(
            name="plain",
            cpu_s=cpu_time(lambda: PlainMondrian(rows, k).partition(), repetitions=repetitions),
            sizes=np.bincount(plain),
        ),
    ]
    return bool((ours == plain).all()), measurements


def main() -> int:
    """Print a table of measurements and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--adult", type=Path, help="adult.data of UCI, plain or compressed")
    parser.add_argument("--patients", type=int, default=30_000, help="size of the simulated table")
    parser.add_argument("--k", type=int, nargs="+", default=[5, 10, 25, 50, 100])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--peer", choices=["anonypyx"], help="measure this package as well")
    arguments = parser.parse_args()
    table = read_adult(arguments.adult) if arguments.adult else simulate(arguments.patients)
    passed = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = install_environment(ANONYPYX).python if arguments.peer else None
        print(f"{len(table):,} records, {table.shape[1]} dimensions")
        for k in arguments.k:
            same, measurements = measure(table, k, repetitions=arguments.repetitions)
            if python:
                measurements.append(measure_peer(python, table, k, folder=folder))
            factor = measurements[1].cpu_s / measurements[0].cpu_s
            passed = passed and same and factor >= LEAST_FACTOR
            print(
                f"\nk = {k}: {'same' if same else 'OTHER'} parts, {factor:.1f} times less CPU time"
            )
            print(f"{'':<12}{'CPU s':>10}{'parts':>9}{'sum size²':>14}{'least':>7}")
            print(*measurements, sep="\n")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
