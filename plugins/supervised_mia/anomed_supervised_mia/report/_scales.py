"""From numbers to places on an axis, and the ticks to read them by."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs


@attrs.frozen(kw_only=True)
class Scale:
    """A linear or logarithmic map from data to a coordinate.

    Attributes
    ----------
    low, high : float
        Data at both ends, ``low < high``; above 0 if logarithmic.
    start, stop : float
        Coordinates of both ends.
    logarithmic : bool
    """

    low: float
    high: float
    start: float
    stop: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return the coordinate of a value; values beyond an end are placed at it.

        Parameters
        ----------
        value : float

        Returns
        -------
        float

        Examples
        --------
        >>> Scale(low=0.01, high=1, start=0, stop=200, logarithmic=True).place(0.1)
        100.0
        """
        low, high, inside = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, inside = math.log10(low), math.log10(high), math.log10(inside)
        return self.start + (self.stop - self.start) * (inside - low) / (high - low)

    def ticks(self) -> list[float]:
        """Return round values in range, about five: decades, or steps of 1, 2 or 5.

        Returns
        -------
        list of float

        Examples
        --------
        >>> Scale(low=0.001, high=1, start=0, stop=1, logarithmic=True).ticks()
        [0.001, 0.01, 0.1, 1.0]
        >>> Scale(low=0.48, high=0.71, start=0, stop=1).ticks()
        [0.5, 0.55, 0.6, 0.65, 0.7]
        """
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            return [10.0**power for power in range(first, last + 1)]
        rough = (self.high - self.low) / 5
        decade = 10.0 ** math.floor(math.log10(rough))
        step = decade * min((1, 2, 5, 10), key=lambda factor: abs(factor * decade - rough))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(n * step, 10) for n in range(first, last + 1)]


def padded(values: Sequence[float]) -> tuple[float, float]:
    """Return a range that holds values with some room around.

    Parameters
    ----------
    values : sequence of float
        At least one.

    Returns
    -------
    tuple of float

    Examples
    --------
    >>> padded([0.5, 0.7])
    (0.49, 0.71)
    """
    low, high = min(values), max(values)
    apart = high - low > 1e-6 * max(abs(low), abs(high), 1)
    room = 0.05 * (high - low) if apart else 0.05 * max(abs(high), 1)
    return round(low - room, 10), round(high + room, 10)
