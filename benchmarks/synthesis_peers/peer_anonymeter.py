"""anonymeter's three attacks, as a worker of `../synthesis_metrics.py`."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from anonymeter.evaluators import (
    InferenceEvaluator,
    LinkabilityEvaluator,
    SinglingOutEvaluator,
)
from measure import (
    ATTRIBUTE,
    COMBINATIONS,
    LINKS,
    N_ATTACKS,
    PREDICATES,
    SECRET,
    Tables,
    run,
)


def singled_out(tables: Tables, *, mode: str, n_cols: int) -> dict[str, float]:
    evaluator = SinglingOutEvaluator(
        tables["training"],
        tables["synthetic"],
        non_members=tables["control"],
        n_attacks=N_ATTACKS,
        n_cols=n_cols,
        seed=1,
    )
    return {"risk": evaluator.evaluate(mode=mode).risk().value}


def attribute(tables: Tables) -> dict[str, float]:
    np.random.seed(1)  # noqa: NPY002 - it draws from the global state
    others = [name for name in tables["training"] if name != SECRET]
    evaluator = InferenceEvaluator(
        tables["training"],
        tables["synthetic"],
        non_members=tables["control"],
        aux_cols=others,
        secret=SECRET,
        n_attacks=min(N_ATTACKS, len(tables["training"])),
    )
    return {"risk": evaluator.evaluate(n_jobs=1).risk().value}


def links(tables: Tables) -> dict[str, float]:
    names = list(tables["training"])
    half = len(names) // 2
    evaluator = LinkabilityEvaluator(
        tables["training"],
        tables["synthetic"],
        non_members=tables["control"],
        aux_cols=(names[:half], names[half:]),
        n_attacks=min(N_ATTACKS, len(tables["training"])),
    )
    return {"risk": evaluator.evaluate(n_jobs=1).risk().value}


if __name__ == "__main__":
    run(
        version("anonymeter"),
        {
            PREDICATES: lambda tables: singled_out(tables, mode="univariate", n_cols=1),
            COMBINATIONS: lambda tables: singled_out(tables, mode="multivariate", n_cols=4),
            ATTRIBUTE: attribute,
            LINKS: links,
        },
    )
