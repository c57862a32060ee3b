"""The one form in which a measured value leaves this package."""

from __future__ import annotations

import math

import attrs

from anomed_core import statistics


@attrs.frozen(kw_only=True)
class Estimate(statistics.Estimate):
    """A measured value with the interval that holds the truth, and how both came about.

    Attributes
    ----------
    value : float
        The measurement. For a bound, the bound itself.
    low, high : float
        Confidence limits, ``low <= value <= high``. Infinite where a side is unlimited: a lower
        bound has ``high = inf``.
    confidence : float
        Probability with which the interval holds the truth, at least, in (0, 1).
    n_members, n_non_members : int
        Sample sizes behind it.
    method : str
        How the interval was found.
    resolved : bool
        False where the samples are too small to measure this quantity; then only the interval
        means something.

    Examples
    --------
    >>> print(
    ...     Estimate(
    ...         value=0.61,
    ...         low=0.58,
    ...         high=0.64,
    ...         confidence=0.95,
    ...         n_members=500,
    ...         n_non_members=500,
    ...         method="DeLong",
    ...     )
    ... )
    0.610 [0.580, 0.640]
    """

    n_members: int
    n_non_members: int
    method: str
    resolved: bool = True

    def __str__(self) -> str:
        """Show value and interval, an unresolved value in parentheses."""
        value = f"{self.value:.3f}" if self.resolved else f"({self.value:.3f})"
        if math.isinf(self.high):
            return f">= {value}"
        return f"{value} [{self.low:.3f}, {self.high:.3f}]"
