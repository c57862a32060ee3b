"""Drive smartnoise-synth on codes of a public domain: run by its environment's own Python."""

import warnings
from typing import Any

import numpy as np
import pandas as pd


def synthesize(
    *,
    synthesizer: str,
    epsilon: float,
    delta: float,
    domain: dict[str, int],
    n_samples: int,
    table: pd.DataFrame,
) -> pd.DataFrame:
    """Fit on codes; the domain is told by a made-up table that holds each code."""
    from snsynth import Synthesizer  # type: ignore[import-not-found,unused-ignore]
    from snsynth.transform import (  # type: ignore[import-not-found,unused-ignore]
        TableTransformer,
    )

    np.random.seed()  # noqa: NPY002 - the library draws from numpy's global generator
    names = list(domain)
    each = pd.DataFrame({name: np.arange(max(domain.values())) % domain[name] for name in names})
    options: dict[str, Any] = {} if synthesizer == "mwem" else {"delta": delta}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformer = TableTransformer.create(each, style="cube", categorical_columns=names)
        transformer.fit(each)
        model = Synthesizer.create(synthesizer, epsilon=epsilon, **options)
        model.fit(table[names], transformer=transformer)
        samples = model.sample(n_samples)
    return pd.DataFrame(samples, columns=names).astype("int64").head(n_samples)
