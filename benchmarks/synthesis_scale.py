"""Score tables of any size as a server does, and print time, memory and progress.

    python -m benchmarks.synthesis_scale
    python -m benchmarks.synthesis_scale --records 1000000

The population is simulated, three tables of `--records` each; the submission is an honest one by
sequential trees. What the answer to a submission waits for (utility) and what follows in the
background (the house's attacks, the page) are timed apart. Memory is the peak of the process,
the simulated tables included.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from anomed_dataset_synthesis.attacks.panel import run_panel
from anomed_dataset_synthesis.generators import SequentialTrees
from anomed_dataset_synthesis.report import report_parts
from anomed_dataset_synthesis.table.canonical import (
    CanonicalTable,
    RealTables,
    canonicalise,
    shuffle,
    to_frame,
)
from anomed_dataset_synthesis.table.inference import infer_codebook
from anomed_dataset_synthesis.threat.targets import draw_targets
from anomed_dataset_synthesis.utility import choose_tasks, evaluate_utility

from anomed_core.report import page
from benchmarks.synthesis_metrics import simulated

PIECE = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description="Score large tables.")
    parser.add_argument("--records", type=int, default=16_280, help="of each table")
    parser.add_argument(
        "--targets", type=int, default=2_000, help="members, and as many non-members"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    with timed("simulate three tables"):
        tables = simulated_tables(options.records, options.seed)
    codebook = tables[0].codebook
    real = RealTables(training=tables[0], non_members=tables[1], background=tables[2])
    with timed("synthesise"):
        fitted = SequentialTrees(min_leaf=20).fit(to_frame(real.training), codebook, rng=rng)
        frame = fitted.sample(len(real.training), rng=rng)
    with timed("choose tasks, once for a round"):
        aucs = choose_tasks(real, n_tasks=3, rng=rng)
        targets = draw_targets(real.training, real.non_members, n_each=options.targets, rng=rng)
    with timed("answer: canonicalise and measure utility"):
        synthetic = shuffle(canonicalise(frame, codebook), rng)
        utility = evaluate_utility(
            synthetic, real, tasks=list(aucs), real_aucs=aucs, rng=rng, progress=tell
        )
    with timed("background: attack and write the page"):
        panel = run_panel(
            synthetic, real, targets=targets, secrets=["income"], rng=rng, progress=tell
        )
        parts = report_parts(
            synthetic=synthetic, background=real.background, utility=utility, panel=panel
        )
        page("report", parts)
    print(f"utility {utility.score:.2f}, risk {panel.risk.value:.2f}")


def simulated_tables(n_records: int, seed: int) -> list[CanonicalTable]:
    """Simulate piece by piece: the text of millions of records would be most of the memory."""
    n_pieces = -(-3 * n_records // PIECE)
    sizes = [len(part) for part in np.array_split(np.arange(3 * n_records), n_pieces)]
    codebook = infer_codebook(piece(PIECE, seed), steps={"fine number": 1_000})
    levels = np.concatenate(
        [
            canonicalise(piece(size, seed, place), codebook, outside="recode").levels
            for place, size in enumerate(sizes)
        ]
    )
    return [
        CanonicalTable(codebook=codebook, levels=part)
        for part in np.split(levels, [n_records, 2 * n_records])
    ]


def piece(n_records: int, seed: int, place: int = 0) -> pd.DataFrame:
    """Draw records of one population: the same hidden factors, other people."""
    return simulated(n_records, np.random.default_rng(seed), np.random.default_rng((seed, place)))


def tell(stage: str, share: float) -> None:
    print(f"  {stage} {share:.0%}", file=sys.stderr)


@contextmanager
def timed(what: str) -> Iterator[None]:
    start, clock = cpu_s(), time.perf_counter()
    yield
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{what:<42} {cpu_s() - start:>8.1f} CPU s {time.perf_counter() - clock:>8.1f} s "
        f"{peak_gib:>6.2f} GiB",
        flush=True,
    )


def cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
