"""Reading and inferring a CSV of a million people, beside ``pandas.read_csv``.

    python -m benchmarks.tables [--records 1000000]

Each reader runs in a process of its own, three times by turns; the best of each counts. CPU is that
of all threads, memory the peak of the process less what the imports take.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

_CHILD = """
import json, re, sys, time
import pandas, pyarrow.csv, pyarrow.compute, pyarrow.parquet
from anomed_core.tables import read_table
path, reader = sys.argv[1:]

def peak_mb():
    text = open("/proc/self/status").read()
    return int(re.search(r"VmHWM:\\s*([0-9]+)", text)[1]) / 1024

before = peak_mb()
cpu, wall = time.process_time(), time.perf_counter()
if reader == "pandas":
    table = pandas.read_csv(path)
else:
    table = read_table(path).frame
print(json.dumps({
    "cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall,
    "memory_mb": peak_mb() - before,
}))
"""


def write_people(path: Path, n_records: int) -> None:
    """Write a table of 15 columns: text, codes, numbers, cents, dates, gaps."""
    rng = np.random.default_rng(7)
    words = np.array(["none", "asthma", "diabetes, type 2", "gout", "NA", "hypertension"])
    days = np.datetime64("1930-01-01") + rng.integers(0, 30_000, n_records)
    table = pd.DataFrame(
        {
            "id": np.arange(n_records) + 10**9,
            "zip": [f"{code:05d}" for code in rng.integers(1_000, 99_999, n_records)],
            "sex": rng.choice(["female", "male"], n_records),
            "age": rng.integers(0, 100, n_records),
            "born": days.astype(str),
            "admitted": [
                f"{day:02}.{month:02}.2024"
                for day, month in zip(
                    rng.integers(1, 29, n_records), rng.integers(1, 13, n_records), strict=True
                )
            ],
            "illness": rng.choice(words, n_records),
            "ward": rng.choice([f"ward {n}" for n in range(40)], n_records),
            "cost": [f"{cost:.2f}" for cost in rng.gamma(2, 500, n_records)],
            "weight": np.round(rng.normal(75, 12, n_records), 1),
            "wage": pd.array(rng.integers(0, 90_000, n_records), dtype="Int64"),
            "smoker": rng.random(n_records) < 0.3,
            "crp": np.round(rng.exponential(5, n_records), 2),
            "signal": rng.normal(size=n_records),
            "visits": rng.poisson(3, n_records),
        }
    )
    for name in ("ward", "wage", "crp"):
        table.loc[rng.random(n_records) < 0.05, name] = None
    table.to_csv(path, index=False)


def measure(path: Path, reader: str) -> dict[str, float]:
    answer = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path), reader],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(answer.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write_people(path, arguments.records)
        print(f"{arguments.records} records, {path.stat().st_size / 1e6:.0f} MB")
        runs = {reader: [] for reader in ("pandas", "anomed")}
        for _ in range(3):
            for reader, measured in runs.items():
                measured.append(measure(path, reader))
    best = {
        reader: {what: min(run[what] for run in measured) for what in measured[0]}
        for reader, measured in runs.items()
    }
    for what in best["pandas"]:
        ratio = best["anomed"][what] / best["pandas"][what]
        print(
            f"{what}: pandas {best['pandas'][what]:.2f}, anomed {best['anomed'][what]:.2f}, "
            f"ratio {ratio:.2f}"
        )


if __name__ == "__main__":
    main()
