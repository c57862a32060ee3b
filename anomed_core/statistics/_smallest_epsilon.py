"""The smallest epsilon that explains an attack's rates, exactly, roughly, and at best."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from anomed_core.statistics._region import Counts, corners, radius
from anomed_core.statistics.ceilings import epsilon_of_rates
from anomed_core.statistics.intervals import lower_limit, upper_limit

_Floats: TypeAlias = NDArray[np.float64]


def smallest_epsilon(
    n_true_positives: Counts,
    n_false_positives: Counts,
    *,
    n_members: int,
    n_non_members: int,
    delta: float,
    error: float,
) -> _Floats:
    """Return the bound for each threshold: the smallest epsilon in its confidence region."""
    tpr, fpr = corners(
        n_true_positives,
        n_false_positives,
        n_members=n_members,
        n_non_members=n_non_members,
        error=error,
    )
    smallest: _Floats = epsilon_of_rates(tpr, fpr, delta=delta).min(axis=-1)
    return smallest


def promised_epsilon(
    n_true_positives: Counts,
    n_false_positives: Counts,
    *,
    n_members: int,
    n_non_members: int,
    delta: float,
    error: float,
) -> _Floats:
    """Return what each threshold's bound will be about, from the middle corner alone."""
    limit_error = float(ndtr(-radius(error) / np.sqrt(2)))
    tpr = lower_limit(n_true_positives, n_members, limit_error)
    fpr = upper_limit(n_false_positives, n_non_members, limit_error)
    return epsilon_of_rates(tpr, fpr, delta=delta)


@lru_cache(maxsize=256)
def attainable_epsilon(n_members: int, n_non_members: int, *, delta: float, error: float) -> float:
    """Return the bound that a perfect attack reaches."""
    return float(
        smallest_epsilon(
            n_members,
            0,
            n_members=n_members,
            n_non_members=n_non_members,
            delta=delta,
            error=error,
        )
    )
