"""Compare metrics and attacks on synthetic tables with those of other libraries.

    python -m benchmarks.synthesis_metrics
    python -m benchmarks.synthesis_metrics --heavy --tables FOLDER

The same four tables for everybody: training, control, background and synthetic, the last one made
of the first by sequential trees. `--tables` names a folder with census-like parquet files, one
each with "train", "control" and "background" in its name and an "income" column; without it, a
population is simulated. Each library runs in a process and an environment of its own, made on the
first run in the user's cache, with one thread. Times are CPU seconds, the fastest of `--repeats`.
With `--heavy`, mostlyai-qa takes part, whose environment needs torch (1.3 GB).

Where both compute the same thing (accuracies, distances), values agree closely; predicates, links
and guesses are different attacks with the same aim, and their risks need not be equal.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anomed_dataset_synthesis.generators import SequentialTrees
from anomed_dataset_synthesis.table.inference import infer_codebook

from anomed_core.environments import Recipe, install_environment

WORKERS = Path(__file__).parent / "synthesis_peers"
HEADER = ("task", "library", "CPU s", "measure", "value")
WIDTHS = (42, 28, 9, 19, 8)
TORCH = "torch==2.13.0"

ANONYMETER = Recipe(
    name="anonymeter",
    install=(("anonymeter==1.1.0",),),
)
SDMETRICS = Recipe(
    name="sdmetrics",
    install=(("sdmetrics==0.32.0", "pandas<3", "pyarrow"),),
)
MOSTLYAI_QA = Recipe(
    name="mostlyai-qa",
    install=((TORCH,), (TORCH, "mostlyai-qa==1.10.11")),  # or CUDA builds are preferred
)


def main() -> None:
    options = parsed()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        store(options, folder)
        ours = WORKERS / "ours.py"
        reports = [run_worker(Path(sys.executable), ours, folder, options.repeats)]
        for recipe in (ANONYMETER, SDMETRICS, *([MOSTLYAI_QA] if options.heavy else [])):
            python = install_environment(recipe).python
            worker = WORKERS / f"peer_{recipe.name.replace('-', '_')}.py"
            reports.append(run_worker(python, worker, folder, options.repeats))
    print_row(HEADER)
    for row in rows(reports):
        print_row(row)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare with other libraries' metrics.")
    parser.add_argument("--tables", type=Path, metavar="FOLDER", help="census-like parquet files")
    parser.add_argument("--heavy", action="store_true", help="compare with mostlyai-qa, too")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def store(options: argparse.Namespace, folder: Path) -> None:
    """Write the four tables that every worker reads."""
    rng = np.random.default_rng(options.seed)
    names = ("training", "control", "background")
    if options.tables:
        paths = [next(options.tables.glob(f"*{name[:5]}*.parquet")) for name in names]
        real = [pd.read_parquet(path) for path in paths]
    else:
        people = simulated(3 * 16_280, rng)
        real = [people.iloc[start : start + 16_280] for start in range(0, len(people), 16_280)]
    fitted = SequentialTrees().fit(real[0], infer_codebook(pd.concat(real)), rng=rng)
    synthetic = fitted.sample(len(real[0]), rng=rng)
    for name, table in zip((*names, "synthetic"), (*real, synthetic), strict=True):
        table.reset_index(drop=True).to_parquet(folder / f"{name}.parquet")


def simulated(
    n_records: int, rng: np.random.Generator, people: np.random.Generator | None = None
) -> pd.DataFrame:
    """Draw six numbers and nine categories that hang together through three hidden factors.

    The first generator draws how they hang together, the second one, or else the first, people.
    """
    loadings = rng.normal(size=(3, 15))
    people = people or rng
    latent = people.normal(size=(n_records, 3)) @ loadings + people.normal(size=(n_records, 15))
    numbers = {f"number {place}": np.round(20 * latent[:, place]) for place in range(5)}
    numbers["fine number"] = np.round(1e5 * latent[:, 5])
    columns: dict[str, Any] = {name: values.astype(int) for name, values in numbers.items()}
    for place, n_values in zip(range(6, 14), (3, 5, 7, 9, 12, 16, 25, 42), strict=True):
        ranks = np.clip(np.round(n_values / 4 * (latent[:, place] + 2)), 0, n_values - 1)
        columns[f"category {place}"] = np.char.add("value ", ranks.astype(int).astype(str))
    columns["income"] = np.where(latent[:, 14] > 1, ">50K", "<=50K")
    return pd.DataFrame(columns)


def run_worker(python: Path, worker: Path, folder: Path, repeats: int) -> dict[str, Any]:
    """Run a worker with one thread and warnings off; return what it reports."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "POLARS_MAX_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": "",
    }
    print(f"running {worker.name}", file=sys.stderr)
    finished = subprocess.run(
        [python, worker, folder, str(repeats)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    report: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return report | {"library": worker.stem.removeprefix("peer_")}


def rows(reports: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each measure, ours and the others' below each other."""
    for task in dict.fromkeys(task for report in reports for task in report["tasks"]):
        for report in reports:
            if task not in report["tasks"]:
                continue
            found = report["tasks"][task]
            head = (task, f"{report['library']} {report['version']}", f"{found['cpu_s']:.2f}")
            for measure, value in found["values"].items():
                yield (*head, measure, f"{value:.4f}")
                head = ("",) * 3


def print_row(row: tuple[str, ...]) -> None:
    print("  ".join(cell.ljust(width) for cell, width in zip(row, WIDTHS, strict=True)).rstrip())


if __name__ == "__main__":
    main()
