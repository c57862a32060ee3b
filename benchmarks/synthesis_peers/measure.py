"""What the workers of `../synthesis_metrics.py` share: tables, a CPU clock, a report."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

N_ATTACKS = 500
N_DISTANCES = 1_000
SECRET = "income"
Tables = Mapping[str, pd.DataFrame]
Task = Callable[[Tables], dict[str, float]]

ACCURACY = "accuracy of 1, 2 and 3 columns"
PAIRS = "shapes and pair trends"
DISTANCES = "distances of 1,000 records to 2 x 1,000"
PREDICATES = "predicates about single columns"
COMBINATIONS = "predicates about combinations"
ATTRIBUTE = "one attribute of 500 + 500 records"
LINKS = "links between halves of 500 + 500 records"
WHOLE = "whole evaluation with report"


def cpu_s() -> float:
    """Count the CPU seconds of this process and of its finished children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def run(version: str, tasks: Mapping[str, Task]) -> None:
    """Run tasks on the tables in the folder that is the first argument; print a JSON report.

    The second argument is the number of runs of each task; the fastest counts. A first run on few
    records is not counted: what is compiled, imported or started once is not what is compared.
    """
    folder, n_runs = Path(sys.argv[1]), int(sys.argv[2])
    tables = {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    few = {name: table.head(1_200) for name, table in tables.items()}
    results = {}
    for name, task in tasks.items():
        task(few)
        times = []
        for _ in range(n_runs):
            start, clock = cpu_s(), time.perf_counter()
            values = task(tables)
            times.append((cpu_s() - start, time.perf_counter() - clock))
        results[name] = {"cpu_s": min(times)[0], "wall_s": min(times)[1], "values": values}
    print(json.dumps({"version": version, "tasks": results}))
