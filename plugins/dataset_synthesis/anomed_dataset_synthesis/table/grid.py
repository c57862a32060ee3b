"""Counting on a decimal grid: which step a number is, however it was computed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

_TOLERANCE = Fraction(1, 10**6)
_RELATIVE_TOLERANCE = Fraction(1, 10**11)
_LARGEST_TOLERANCE = Fraction(1, 4)

Number = int | float | Decimal


def exact(number: Number) -> Fraction:
    """Return a number as it is written: 0.1 is a tenth, not the nearest binary fraction.

    Raises
    ------
    ValueError, OverflowError
        If it is not finite.

    Examples
    --------
    >>> exact(0.1), exact(2**60 + 1)
    (Fraction(1, 10), Fraction(1152921504606846977, 1))
    """
    if not isinstance(number, float):
        return Fraction(number)
    # Whole floats are integers, all of whose digits count.
    whole = number.is_integer() and abs(number) < 2**64
    return Fraction(int(number)) if whole else Fraction(repr(float(number)))


def step_of(number: Number, step: Number) -> int | None:
    """Return which multiple of a step a number is.

    Parameters
    ----------
    number
        Finite. Where it was computed in floats, its residue is forgiven: a millionth of a step,
        or the 1e-11th part of the number, but never more than a quarter of a step.
    step
        Positive.

    Returns
    -------
    int or None
        ``number / step``, or None if the number lies between two multiples.

    Raises
    ------
    ValueError, OverflowError
        If a number is not finite.

    Examples
    --------
    >>> step_of(0.1 * 7, 0.1), step_of(0.75, 0.1)
    (7, None)
    """
    ratio = exact(number) / exact(step)
    nearest = round(ratio)
    allowed = min(max(_TOLERANCE, _RELATIVE_TOLERANCE * abs(ratio)), _LARGEST_TOLERANCE)
    return nearest if abs(ratio - nearest) <= allowed else None


def decimals_of(step: Number) -> int:
    """Count the decimals of a step: 0 for 5, 2 for 0.25."""
    exponent = Decimal(str(step)).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
