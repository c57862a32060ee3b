"""Drive dpmm's PrivBayes on integer codes of a public domain."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd


def fit(
    table: pd.DataFrame, model: str, *, options: dict[str, Any], domain: dict[str, int], seed: int
) -> dict[str, Any]:
    """Measure the network."""
    from dpmm.pipelines import PrivBayesPipeline  # type: ignore[import-not-found]  # not here

    pipeline = PrivBayesPipeline(
        epsilon=options["epsilon"], delta=options["delta"], n_jobs=1, disable_processing=True
    )
    pipeline.fit(table, domain=domain, random_state=seed)
    Path(model).mkdir()
    pipeline.store(Path(model))
    return {"version": version("dpmm")}


def sample(model: str, *, n_records: int, seed: int) -> pd.DataFrame:
    """Draw codes."""
    from dpmm.pipelines import PrivBayesPipeline

    pipeline = PrivBayesPipeline.load(Path(model))
    return pd.DataFrame(pipeline.generate(n_records=n_records, random_state=seed)).astype("int64")
