"""Secrets: the value of a column that makes what was released most likely.

For each value, the person's row is completed with it, and the likelihood ratio of the releases is
multiplied by what the background says about people who are alike: naive Bayes on other columns.
The same scores guess attributes and reconstruct secret bits [1]_.

References
----------
.. [1] I. Dinur, K. Nissim, "Revealing Information while Preserving Privacy", PODS 2003,
   doi:10.1145/773153.773173.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.naive_bayes import CategoricalNB
from sklearn.preprocessing import KBinsDiscretizer, OrdinalEncoder

from anomed_dp_query.attacks.likelihood import expect
from anomed_dp_query.attacks.releases import Release

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

_BINS = 8


def secret_probabilities(
    releases: Sequence[Release],
    known: pd.DataFrame,
    background: pd.DataFrame,
    *,
    secret: str,
    values: Sequence[Any],
) -> Floats:
    """Return how likely each value of a secret is for each person.

    Parameters
    ----------
    releases
        What was answered; without any, the background decides alone.
    known
        What attackers know of the people: all columns but the secret.
    background
        Other rows of the same population, with the secret.
    secret
        Name of the column.
    values
        All values that it may have.

    Returns
    -------
    float64 array of shape (n_people, n_values)
        Rows add up to 1.
    """
    scores = _log_prior(known, background, secret=secret, values=values)
    if releases:
        expectation = expect(releases, background)
        for place, value in enumerate(values):
            completed = known.assign(**{secret: value}).astype({secret: background[secret].dtype})
            scores[:, place] += expectation.log_ratios(completed)
    scores -= scores.max(axis=1, keepdims=True)
    weights = np.exp(scores)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float64)


def guess_secrets(probabilities: Floats, values: Sequence[Any]) -> list[Any]:
    """Return the likeliest value for each person."""
    return [values[place] for place in probabilities.argmax(axis=1)]


def _log_prior(
    known: pd.DataFrame, background: pd.DataFrame, *, secret: str, values: Sequence[Any]
) -> Floats:
    places = {value: place for place, value in enumerate(values)}
    labels = background[secret].map(places)
    rows = background[labels.notna()]
    codes, seen_codes = _coded(rows, known)
    model = CategoricalNB(min_categories=1 + np.maximum(codes.max(0), seen_codes.max(0)))
    model.fit(codes, labels.dropna().to_numpy(dtype=np.int64))
    prior = np.full((len(known), len(values)), -np.log(len(rows) + len(values)))
    prior[:, model.classes_] = model.predict_joint_log_proba(seen_codes)
    return prior


def _coded(
    background: pd.DataFrame, known: pd.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the cells of both frames as small whole numbers, by edges of the background."""
    columns = []
    for name in known.columns:
        learnt, seen = background[name], known[name]
        if learnt.dtype.kind in "iuf" and learnt.nunique() > _BINS:
            pair = _binned(learnt, seen)
        else:
            encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
            pair = [encoder.fit_transform(_as_column(learnt)), encoder.transform(_as_column(seen))]
        columns.append([1 + one[:, 0].astype(np.int64) for one in pair])
    return (
        np.column_stack([learnt for learnt, _ in columns]),
        np.column_stack([seen for _, seen in columns]),
    )


def _as_column(cells: pd.Series) -> npt.NDArray[np.object_]:
    return np.asarray(cells.astype(str), dtype=object)[:, None]


def _binned(learnt: pd.Series, seen: pd.Series) -> list[Floats]:
    middle = float(learnt.median())
    bins = KBinsDiscretizer(
        _BINS, encode="ordinal", strategy="quantile", quantile_method="averaged_inverted_cdf"
    )
    frames = [one.fillna(middle).to_numpy(dtype=float)[:, None] for one in (learnt, seen)]
    bins.fit(frames[0])
    return [bins.transform(one) for one in frames]
