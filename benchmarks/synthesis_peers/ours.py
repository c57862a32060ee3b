"""The metrics and attacks of this project, as a worker of `../synthesis_metrics.py`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import pandas as pd
from anomed_dataset_synthesis.attacks.attribute import guess_by_neighbour
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.attacks.panel import run_panel
from anomed_dataset_synthesis.attacks.singling_out import (
    multivariate_predicates,
    univariate_predicates,
)
from anomed_dataset_synthesis.neighbours import Engine, fit_space, nearest
from anomed_dataset_synthesis.report import report_parts
from anomed_dataset_synthesis.table.canonical import (
    CanonicalTable,
    RealTables,
    canonicalise,
    shuffle,
)
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.table.inference import infer_codebook
from anomed_dataset_synthesis.threat.guesses import (
    assess_guesses,
    assess_predicates,
    attribute_hits,
)
from anomed_dataset_synthesis.threat.predicates import Predicate
from anomed_dataset_synthesis.threat.targets import draw_targets
from anomed_dataset_synthesis.utility import Task as HiddenTask
from anomed_dataset_synthesis.utility import tasks_of
from anomed_dataset_synthesis.utility.evaluation import evaluate_utility
from anomed_dataset_synthesis.utility.marginals import marginal_accuracies
from measure import (
    ACCURACY,
    ATTRIBUTE,
    COMBINATIONS,
    DISTANCES,
    LINKS,
    N_ATTACKS,
    N_DISTANCES,
    PAIRS,
    PREDICATES,
    SECRET,
    WHOLE,
    Tables,
    Task,
    run,
)

from anomed_core.report import page

NEIGHBOURS = "nearest neighbours, all with all"


def read(tables: Tables) -> tuple[CanonicalTable, RealTables]:
    codebook = infer_codebook(pd.concat(tables.values()))
    canonical = {name: canonicalise(table, codebook) for name, table in tables.items()}
    real = RealTables(
        training=canonical["training"],
        non_members=canonical["control"],
        background=canonical["background"],
    )
    return canonical["synthetic"], real


def accuracy(tables: Tables, orders: tuple[int, ...] = (1, 2, 3)) -> dict[str, float]:
    synthetic, real = read(tables)
    binning = fit_bins(real.background)
    left, right = binning.bins(real.training), binning.bins(synthetic)
    return {
        f"{order}-way": float(
            marginal_accuracies(left, right, n_bins=binning.n_bins, order=order).mean()
        )
        for order in orders
    }


def pairs(tables: Tables) -> dict[str, float]:
    found = accuracy(tables, (1, 2))
    return {"shapes": found["1-way"], "pair trends": found["2-way"]}


def distances(tables: Tables) -> dict[str, float]:
    synthetic, real = read({name: table.head(N_DISTANCES) for name, table in tables.items()})
    space = fit_space(real.background)
    found = [
        nearest(space.points(synthetic), space.points(table)).distances[:, 0]
        for table in (real.training, real.non_members)
    ]
    return {"nearer to training": float((found[0] < found[1]).mean())}


def neighbours(engine: Engine) -> Task:
    def task(tables: Tables) -> dict[str, float]:
        synthetic, real = read(tables)
        space = fit_space(real.background)
        found = nearest(space.points(synthetic), space.points(real.training), engine=engine)
        return {"mean distance": float(found.distances.mean())}

    return task


def predicates(tables: Tables) -> dict[str, float]:
    synthetic, real = read(tables)
    rng = np.random.default_rng(1)
    made = [
        predicate
        for name in synthetic.codebook.names
        for predicate in univariate_predicates(
            synthetic, column=name, max_predicates=N_ATTACKS, rng=rng
        )
    ]
    chosen = [made[place] for place in rng.permutation(len(made))[:N_ATTACKS]]
    return {"risk": _risk(chosen, real)}


def combinations(tables: Tables) -> dict[str, float]:
    synthetic, real = read(tables)
    made = multivariate_predicates(
        synthetic,
        background=real.background,
        n_predicates=N_ATTACKS,
        rng=np.random.default_rng(1),
        n_columns=4,
    )
    return {"risk": _risk(made, real)}


def _risk(made: Sequence[Predicate], real: RealTables) -> float:
    result = assess_predicates(
        made,
        training=real.training,
        non_members=real.non_members,
        attack="a",
        measure="m",
        rng=np.random.default_rng(2),
    )
    return result.over_non_members().value


def attribute(tables: Tables) -> dict[str, float]:
    synthetic, real = read(tables)
    rng = np.random.default_rng(1)
    targets = draw_targets(real.training, real.non_members, n_each=_n_targets(real), rng=rng)
    guesses = guess_by_neighbour(
        targets.table, synthetic, secret=SECRET, background=real.background
    )
    hits = attribute_hits(
        guesses, targets.table.column(SECRET), column=synthetic.codebook.column(SECRET)
    )
    (result,) = assess_guesses(hits, targets.is_member, attack="a", measure="m")
    return {"risk": result.over_non_members().value}


def links(tables: Tables) -> dict[str, float]:
    synthetic, real = read(tables)
    rng = np.random.default_rng(1)
    targets = draw_targets(real.training, real.non_members, n_each=_n_targets(real), rng=rng)
    names = synthetic.codebook.names
    found = link_by_reference(
        targets.table,
        targets.table,
        left_columns=names[: len(names) // 2],
        reference=synthetic,
        background=real.background,
    )
    hits = found == np.arange(len(found))
    (result,) = assess_guesses(hits, targets.is_member, attack="a", measure="m")
    return {"risk": result.over_non_members().value}


def _n_targets(real: RealTables) -> int:
    return min(N_ATTACKS, len(real.training) // 3)


def whole(tables: Tables) -> dict[str, float]:
    synthetic, real = read(tables)
    rng = np.random.default_rng(1)
    synthetic = shuffle(synthetic, rng)
    income = HiddenTask(column=SECRET, level=0)
    tasks = [
        income,
        *(task for task in tasks_of(real.background) if task.column != SECRET),
    ][:3]
    utility = evaluate_utility(synthetic, real, tasks=tasks, rng=rng)
    n_each = min(2_000, len(real.training) // 3)
    panel = run_panel(
        synthetic,
        real,
        targets=draw_targets(real.training, real.non_members, n_each=n_each, rng=rng),
        secrets=[task.column for task in tasks],
        rng=rng,
    )
    parts = report_parts(
        synthetic=synthetic, background=real.background, utility=utility, panel=panel
    )
    page("report", parts)
    return {"2-way": utility.fidelity[1].accuracy, "AUC": utility.two_sample.auc}


if __name__ == "__main__":
    tasks = {
        ACCURACY: accuracy,
        PAIRS: pairs,
        DISTANCES: distances,
        f"{NEIGHBOURS} (numpy)": neighbours("numpy"),
        PREDICATES: predicates,
        COMBINATIONS: combinations,
        ATTRIBUTE: attribute,
        LINKS: links,
        WHOLE: whole,
    }
    if find_spec("numba"):
        tasks[f"{NEIGHBOURS} (numba)"] = neighbours("numba")
    run(version("anomed-dataset-synthesis"), tasks)
