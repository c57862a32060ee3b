"""Compare attacks and metrics with those of other libraries: same arrays, one run, one table.

    python benchmarks/mia_peers/compare.py
    python benchmarks/mia_peers/compare.py --tensorflow-privacy PATH_TO_A_CHECKOUT

Each library runs in a process and an environment of its own, with one thread; the environments are
made on the first run, in the user's cache (8 GB, nearly all of it SACRO-ML's torch). Times are CPU
seconds, the fastest of `--repeats` runs. Libraries agree where they compute the same number; where
an attack draws at random or is trained otherwise, its AUC differs by its standard error (.004 for
10,000 against 10,000 records) or more. The first value of each measure is shown, and the largest
difference over all slices.
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
from measure import draw_arrays
from peers import PEERS, TENSORFLOW_PRIVACY, Peer

from anomed_core.environments import install_environment

HERE = Path(__file__).parent
HEADER = ("task", "peer", "peer s", "ours s", "ratio", "measure", "peer", "ours", "difference")
WIDTHS = (40, 19, 9, 9, 7, 17, 9, 9, 10)


def main() -> None:
    options = parsed()
    with tempfile.TemporaryDirectory() as directory:
        arrays = Path(directory) / "arrays.npz"
        np.savez(arrays, **draw_arrays(options.seed))
        print_row(HEADER)
        ours = run_worker(Path(sys.executable), HERE / "ours.py", arrays, options.repeats)
        for peer, path in chosen(options):
            python = install_environment(peer.recipe, progress=tell).python
            theirs = run_worker(python, HERE / peer.worker, arrays, options.repeats, path=path)
            for row in compared(peer, theirs["tasks"], ours["tasks"]):
                print_row(row)


def tell(step: str) -> None:
    print(step, file=sys.stderr)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare with other libraries' attacks.")
    parser.add_argument("--tensorflow-privacy", type=Path, metavar="PATH", help="a checkout of it")
    parser.add_argument(
        "--peers", nargs="*", metavar="NAME", help="parts of names, such as art or jax; else all"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def chosen(options: argparse.Namespace) -> Iterator[tuple[Peer, Path | None]]:
    """Yield the peers, each with what must be on its path besides its environment."""
    for peer in PEERS:
        if not options.peers or any(name.lower() in peer.name.lower() for name in options.peers):
            yield peer, None
    if options.tensorflow_privacy:
        yield TENSORFLOW_PRIVACY, options.tensorflow_privacy


def run_worker(
    python: Path, worker: Path, arrays: Path, repeats: int, *, path: Path | None = None
) -> dict[str, Any]:
    """Run a worker with one thread and warnings off; return what it reports."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": str(path or ""),
    }
    finished = subprocess.run(
        [python, worker, arrays, str(repeats)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    report: dict[str, Any] = json.loads(finished.stdout)
    return report


def compared(peer: Peer, theirs: dict[str, Any], ours: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each measure of each task: the first values, and the largest difference."""
    for task, their in theirs.items():
        our = ours[task]
        times = (
            f"{their['cpu_s']:.4f}",
            f"{our['cpu_s']:.4f}",
            f"{their['cpu_s'] / our['cpu_s']:.1f}",
        )
        head = (task, peer.name, *times)
        for measure, values in their["values"].items():
            mine = our["values"][measure]
            difference = np.abs(np.subtract(values, mine)).max()
            yield (*head, measure, f"{values[0]:.4f}", f"{mine[0]:.4f}", f"{difference:.1e}")
            head = ("",) * 5


def print_row(row: tuple[str, ...]) -> None:
    print("  ".join(cell.ljust(width) for cell, width in zip(row, WIDTHS, strict=True)).rstrip())


if __name__ == "__main__":
    main()
