"""The one classifier that utility and attacks use, with the one way to set it up."""

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

Features = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]

_ONE_THREAD = {"limits": 1, "user_api": "openmp"}
"""Evaluations run side by side, one to a processor: more threads would wait for each other, and a
process that has used several cannot be forked safely."""


def boosted_trees(
    features: Features,
    labels: Labels,
    *,
    is_category: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> HistGradientBoostingClassifier:
    """Fit boosted trees with scikit-learn's defaults to tell two classes apart.

    Parameters
    ----------
    features : ndarray of float64, shape (n_records, n_features)
        NaN is missing, in whole columns, too; categories are whole numbers below 255.
    labels : ndarray of bool, shape (n_records,)
        Both classes at least twice.
    is_category : ndarray of bool, shape (n_features,)
        Which features are categories.
    rng
        Seeds the classifier.

    Returns
    -------
    HistGradientBoostingClassifier
        Fitted; its second class is True.
    """
    seed = int(rng.integers(2**31))
    trees = HistGradientBoostingClassifier(categorical_features=is_category, random_state=seed)
    # No split on a number that fewer records have than a leaf needs is possible, and scikit-learn
    # fails where none has it, be it only after it has put records aside for early stopping.
    n_known = np.count_nonzero(~np.isnan(features), axis=0)
    unusable = ~is_category & (n_known < trees.min_samples_leaf)
    with threadpool_limits(**_ONE_THREAD):
        return trees.fit(np.where(unusable, 0.0, features), labels)


def decide(trees: HistGradientBoostingClassifier, features: Features) -> npt.NDArray[np.float64]:
    """Return each record's log-odds of True, shape (n_records,)."""
    with threadpool_limits(**_ONE_THREAD):
        return np.asarray(trees.decision_function(features), dtype=np.float64)
