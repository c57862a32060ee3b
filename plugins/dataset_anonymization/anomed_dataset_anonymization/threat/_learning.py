"""Learn to tell an unknown column from the known ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from anomed_dataset_anonymization.schema import Column, ColumnKind, Coordinates

MAX_ROWS = 10_000
"""Rows learnt from; more of them cost time and hardly help."""

MAX_LABELS = 12
"""Answers told apart: the commonest."""

_LEAST_PER_LABEL = 5
_MAX_CATEGORIES = 255


def learn_and_predict(
    features: Coordinates,
    labels: NDArray[np.int64],
    asked: Coordinates,
    *,
    columns: Sequence[Column],
    rng: np.random.Generator,
) -> NDArray[np.int64] | None:
    """Train gradient boosting on one table, and apply it to another.

    Parameters
    ----------
    features : ndarray of float64, shape (n_rows, n_columns)
        Coordinates to learn from; NaN is a value of its own.
    labels : ndarray of int64, shape (n_rows,)
        What to learn; negative where it is not known.
    asked : ndarray of float64, shape (n_asked, n_columns)
        Coordinates to predict for.
    columns : sequence of Column
        What the features are.
    rng : Generator
        Draws the rows learnt from, if there are more than `MAX_ROWS`.

    Returns
    -------
    ndarray of int64, shape (n_asked,), or None
        Predicted labels; None if fewer than two labels are common enough to be told apart.
    """
    counts = np.bincount(labels[labels >= 0]) if (labels >= 0).any() else np.zeros(0, dtype=int)
    common = np.argsort(-counts, kind="stable")[:MAX_LABELS]
    common = common[counts[common] >= _LEAST_PER_LABEL]
    if len(common) < 2:
        return None
    rows = np.flatnonzero(np.isin(labels, common))
    if len(rows) > MAX_ROWS:
        rows = rng.choice(rows, MAX_ROWS, replace=False)
    nominal = [
        column.kind is ColumnKind.NOMINAL and len(column.values) <= _MAX_CATEGORIES
        for column in columns
    ]
    model = HistGradientBoostingClassifier(
        max_iter=30,
        max_leaf_nodes=15,
        learning_rate=0.1,
        l2_regularization=5.0,
        early_stopping=False,
        categorical_features=nominal,
        random_state=0,
    )
    with threadpool_limits(limits=1, user_api="openmp"):
        model.fit(features[rows], labels[rows])
        predicted: NDArray[np.int64] = model.predict(asked)
    return predicted
