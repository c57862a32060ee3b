"""A measured value is never a bare number: it travels with its interval."""

from __future__ import annotations

import math

import attrs


@attrs.frozen(kw_only=True)
class Estimate:
    """A measured value with the interval that holds the truth.

    Attributes
    ----------
    value : float
        The measurement.
    low, high : float
        Confidence limits, ``low <= value <= high``; infinite where a side is unlimited.
    confidence : float
        Probability with which such an interval holds the truth, in (0, 1).

    Raises
    ------
    ValueError
        If the limits don't hold the value, or the confidence is out of range.

    Examples
    --------
    >>> Estimate(value=0.61, low=0.58, high=0.64, confidence=0.95).low
    0.58
    """

    value: float
    low: float
    high: float
    confidence: float = attrs.field()

    @confidence.validator
    def _check(self, _attribute: object, confidence: float) -> None:
        check_confidence(confidence)
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"an estimate needs low <= value <= high, but came as "
                f"{self.low} <= {self.value} <= {self.high}."
            )


@attrs.frozen(kw_only=True)
class MembershipEstimate(Estimate):
    """An estimate from members and non-members, and how it came about.

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
    ...     MembershipEstimate(
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


def check_confidence(confidence: float) -> None:
    """Refuse what is not a confidence level.

    Parameters
    ----------
    confidence : float

    Raises
    ------
    ValueError
        If it is not in (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be in (0, 1), such as 0.95, but came as {confidence}.")
