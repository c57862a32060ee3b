"""Measure the CPU time of twelve privacy and utility numbers of one table, beside pycanon's.

Both start from the same data frame and compute k, alpha, distinct and entropy l, recursive c,
basic and enhanced beta, delta, t, average class size, classification metric and discernibility.
pycanon pins all its dependencies exactly; it gets an environment of its own, made in the user's
cache on the first run, and a process that measures itself, each number once.

    python -m benchmarks.anonymization_privacy
    python -m benchmarks.anonymization_privacy --adult adult.data.gz --peer pycanon

The first takes seconds, pycanon on Adult several minutes. Without ``--adult``, a simulated hospital
register is measured. A table of a million rows follows, of random values. The exit status is 1 if
numbers that both compute by the same definition differ, pycanon needs less than 500 times our CPU
time, or the million rows take more than 10 s of CPU time or 2 GiB.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import attrs
import numpy as np
import pandas as pd
from anomed_dataset_anonymization.privacy import (
    contingency,
    equivalence_classes,
    privacy_profile,
)
from anomed_dataset_anonymization.utility import (
    average_class_size,
    classification_metric,
    discernibility,
)

from anomed_core.datasets import simulate_hospital_register
from anomed_core.environments import Recipe, install_environment

PYCANON = Recipe(name="pycanon", install=(("pycanon==1.3.6",),))
LEAST_FACTOR = 500
MOST_CPU_S = 10.0
MOST_MEMORY_BYTES = 2 * 2**30
N_LARGE = 1_000_000

ADULT_COLUMNS = {
    0: "age",
    3: "education",
    6: "occupation",
    7: "relationship",
    9: "sex",
    13: "native-country",
    14: "salary-class",
}
REGISTER_COLUMNS = ["age", "sex", "region", "admission_month", "admission_type", "length_of_stay"]
REGISTER_COLUMNS += ["diagnosis"]

# pycanon's entropy l, recursive c, enhanced beta and classification metric follow other definitions
COMPARABLE = (
    "k",
    "alpha",
    "distinct l",
    "basic beta",
    "delta",
    "t",
    "class size",
    "discernibility",
)

PEER_PROGRAM = """
import json, sys, time
import pandas as pd
from pycanon import anonymity, metrics
table = pd.read_csv(sys.argv[1])
*known, sensitive = table.columns
secret = [sensitive]
numbers = {
    "k": lambda: anonymity.k_anonymity(table, known),
    "alpha": lambda: anonymity.alpha_k_anonymity(table, known, secret)[0],
    "distinct l": lambda: anonymity.l_diversity(table, known, secret),
    "entropy l": lambda: anonymity.entropy_l_diversity(table, known, secret),
    "recursive c": lambda: anonymity.recursive_c_l_diversity(table, known, secret)[0],
    "basic beta": lambda: anonymity.basic_beta_likeness(table, known, secret),
    "enhanced beta": lambda: anonymity.enhanced_beta_likeness(table, known, secret),
    "delta": lambda: anonymity.delta_disclosure(table, known, secret),
    "t": lambda: anonymity.t_closeness(table, known, secret),
    "class size": lambda: metrics.average_ecsize(table, table, known),
    "classification": lambda: metrics.classification_metric(table, table, known, secret),
    "discernibility": lambda: metrics.discernability_metric(table, table, known),
}
results = {}
for name, compute in numbers.items():
    begin = time.process_time()
    value = float(compute())
    results[name] = [value, time.process_time() - begin]
print(json.dumps(results))
"""


@attrs.frozen(kw_only=True)
class Comparison:
    """One number by both packages."""

    name: str
    ours: float
    peer: float
    peer_cpu_s: float

    @property
    def agrees(self) -> bool:
        """Whether the values are equal, or not meant to be."""
        return self.name not in COMPARABLE or math.isclose(self.ours, self.peer, rel_tol=1e-12)

    def __str__(self) -> str:
        remark = "" if self.name in COMPARABLE else "other definition"
        remark = remark if self.agrees else "DIFFERS"
        numbers = f"{self.ours:>22.15g}{self.peer:>22.15g}{self.peer_cpu_s:>9.2f}"
        return f"{self.name:<16}{numbers}  {remark}"


def twelve_numbers(table: pd.DataFrame) -> dict[str, float]:
    """Compute all numbers; the last column is the sensitive one."""
    classes = equivalence_classes(table.iloc[:, :-1])
    cells = contingency(classes, table.iloc[:, -1])
    profile = privacy_profile(classes, cells)
    return {
        "k": profile.k,
        "alpha": profile.alpha,
        "distinct l": profile.distinct_l,
        "entropy l": profile.entropy_l,
        "recursive c": profile.recursive_c,
        "basic beta": profile.basic_beta,
        "enhanced beta": profile.enhanced_beta,
        "delta": profile.delta_present,
        "t": profile.t,
        "class size": average_class_size(classes, profile.k),
        "classification": classification_metric(cells),
        "discernibility": discernibility(classes),
    }


def cpu_time(table: pd.DataFrame, *, repetitions: int) -> float:
    """Return the median CPU seconds of all numbers together."""
    times = []
    for _ in range(repetitions):
        begin = time.process_time()
        twelve_numbers(table)
        times.append(time.process_time() - begin)
    return statistics.median(times)


def read_adult(path: Path) -> pd.DataFrame:
    """Return six quasi-identifiers and the salary class of all rows."""
    table = pd.read_csv(path, header=None, skipinitialspace=True)
    return table[list(ADULT_COLUMNS)].rename(columns=ADULT_COLUMNS)


def simulate(n_patients: int) -> pd.DataFrame:
    """Return six quasi-identifiers and the diagnosis of a simulated hospital register."""
    register = simulate_hospital_register(n_patients, rng=np.random.default_rng(1))
    return register[REGISTER_COLUMNS]


def large_table() -> pd.DataFrame:
    """Return six quasi-identifiers of a million people and one of a hundred illnesses."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({f"q{place}": rng.integers(0, 12, N_LARGE) for place in range(6)})
    return table.assign(illness=pd.Series(rng.integers(0, 100, N_LARGE)).map("illness {}".format))


def measure_peer(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Let pycanon compute its numbers; return each with its CPU seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = install_environment(PYCANON).python
        table.to_csv(folder / "table.csv", index=False)
        finished = subprocess.run(
            [python, "-W", "ignore", "-c", PEER_PROGRAM, folder / "table.csv"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return {name: tuple(result) for name, result in json.loads(finished.stdout).items()}


def compare(package: str, table: pd.DataFrame, *, cpu_s: float) -> bool:
    """Print both packages' numbers and return whether ours pass."""
    ours, peer = twelve_numbers(table), measure_peer(table)
    comparisons = [
        Comparison(name=name, ours=ours[name], peer=value, peer_cpu_s=peer_cpu_s)
        for name, (value, peer_cpu_s) in peer.items()
    ]
    print(f"\n{'':<16}{'ours':>22}{package:>22}{'CPU s':>9}")
    print(*comparisons, sep="\n")
    total = sum(comparison.peer_cpu_s for comparison in comparisons)
    print(f"\n{package}: {total:.1f} s of CPU time, {total / cpu_s:,.0f} times as much as ours")
    return total >= LEAST_FACTOR * cpu_s and all(comparison.agrees for comparison in comparisons)


def measure_large() -> bool:
    """Print what a million rows take and return whether it is little enough."""
    table = large_table()
    cpu_s = cpu_time(table, repetitions=1)
    kibibyte = 1 if sys.platform == "darwin" else 1024
    memory_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kibibyte
    print(
        f"\n{len(table):,} records: {cpu_s:.2f} s of CPU time, "
        f"{memory_bytes / 2**20:,.0f} MiB at most in this process"
    )
    return cpu_s <= MOST_CPU_S and memory_bytes <= MOST_MEMORY_BYTES


def main() -> int:
    """Print the measurements and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--adult", type=Path, help="adult.data of UCI, plain or compressed")
    parser.add_argument("--patients", type=int, default=30_000, help="size of the simulated table")
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--peer", choices=["pycanon"], help="measure this package as well")
    arguments = parser.parse_args()
    table = read_adult(arguments.adult) if arguments.adult else simulate(arguments.patients)
    cpu_s = cpu_time(table, repetitions=arguments.repetitions)
    n_classes = equivalence_classes(table.iloc[:, :-1]).n_classes
    print(f"{len(table):,} records in {n_classes:,} classes: {cpu_s:.4f} s of CPU time")
    passed = compare(arguments.peer, table, cpu_s=cpu_s) if arguments.peer else True
    return 0 if measure_large() and passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
