"""The area below errors over budgets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise


def area_over_epsilon(errors: Mapping[float, float]) -> float:
    """Return the mean error over the logarithm of epsilon, by the trapezoid rule.

    Parameters
    ----------
    errors
        Error, 0..1, by epsilon, above 0; at least one.

    Returns
    -------
    float
        In 0..1, lower is better; the error itself where there is one epsilon.

    Raises
    ------
    ValueError
        If there is none, or one is not above 0.

    Examples
    --------
    >>> round(area_over_epsilon({0.1: 0.8, 1.0: 0.4, 10.0: 0.2}), 9)
    0.45
    """
    if not errors or min(errors) <= 0:
        raise ValueError(f"epsilons must be above 0, and at least one, got {list(errors)}")
    budgets = sorted(errors)
    if len(budgets) == 1:
        return errors[budgets[0]]
    area = sum(
        (errors[low] + errors[high]) / 2 * (math.log(high) - math.log(low))
        for low, high in pairwise(budgets)
    )
    return area / (math.log(budgets[-1]) - math.log(budgets[0]))
