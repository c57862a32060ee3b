"""Numbers in submitted JSON, whose integers have no limit."""

import math
from typing import Any


def as_float(value: Any) -> float:
    """Return a JSON number as a float.

    Parameters
    ----------
    value
        Anything.

    Returns
    -------
    float
        NaN for what is no number (booleans are none), or beyond the range of floats.

    Examples
    --------
    >>> as_float(3), as_float("3"), as_float(True), as_float(10**400)
    (3.0, nan, nan, nan)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan
