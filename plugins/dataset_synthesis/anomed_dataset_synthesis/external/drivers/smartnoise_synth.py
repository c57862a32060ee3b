"""Drive smartnoise-synth's MST on integer codes of a public domain."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def fit(
    table: pd.DataFrame, model: str, *, options: dict[str, Any], domain: dict[str, int], seed: int
) -> dict[str, Any]:
    """Measure the tree; the domain is learnt from a made-up table that holds every code."""
    import cloudpickle  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from snsynth import Synthesizer  # type: ignore[import-not-found]  # not installed here
    from snsynth.transform import TableTransformer  # type: ignore[import-not-found]

    np.random.seed(seed)  # noqa: NPY002 - the library draws from numpy's global generator
    n_rows = max(domain.values())
    every_code = pd.DataFrame({name: np.arange(n_rows) % size for name, size in domain.items()})
    names = list(domain)
    transformer = TableTransformer.create(every_code, style="cube", categorical_columns=names)
    transformer.fit(every_code)
    synthesizer = Synthesizer.create("mst", epsilon=options["epsilon"], delta=options["delta"])
    synthesizer.fit(table, transformer=transformer)
    Path(model).mkdir()
    with (Path(model) / "mst.pickle").open("wb") as file:
        cloudpickle.dump(synthesizer, file)
    return {"version": version("smartnoise-synth")}


def sample(model: str, *, n_records: int, seed: int) -> pd.DataFrame:
    """Draw codes."""
    import cloudpickle

    np.random.seed(seed)  # noqa: NPY002 - the library draws from numpy's global generator
    with (Path(model) / "mst.pickle").open("rb") as file:
        synthesizer = cloudpickle.load(file)
    return pd.DataFrame(synthesizer.sample(n_records)).astype("int64")
