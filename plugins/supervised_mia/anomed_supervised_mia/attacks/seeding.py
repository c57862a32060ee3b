"""Estimators whose every random choice follows from one generator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone


def seeded_clone(estimator: Any, *, rng: np.random.Generator) -> Any:
    """Copy a scikit-learn estimator, unfitted, and seed each `random_state` in it, nested ones too.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> seeded_clone(DecisionTreeClassifier(), rng=np.random.default_rng(0))
    DecisionTreeClassifier(random_state=3653403231)
    """
    copy = clone(estimator)
    names = sorted(
        name
        for name in copy.get_params(deep=True)
        if name == "random_state" or name.endswith("__random_state")
    )
    seeds = rng.integers(2**32, size=len(names), dtype=np.uint32)
    return copy.set_params(**dict(zip(names, seeds.tolist(), strict=True)))
