"""Numbers in words, and dates as numbers: days, or seconds, since the beginning of 1970."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from anomed_core.tables.plain import plain_column

TIME_UNITS_S = {"date": 86_400, "date-time": 1}
"""What a step of 1 is, in seconds, by kind of column."""

_FIRST_DAY = dt.datetime(1970, 1, 1)
_LONGEST = 2**70
_SECOND, _MICROSECONDS = dt.timedelta(seconds=1), 10**6


def parse_time(text: Any, kind: str) -> float:
    """Return the number that a text such as ``2024-12-31`` or ``2024-12-31T23:59:00`` stands for.

    Raises
    ------
    ValueError
        If it is no text of that form.

    Examples
    --------
    >>> parse_time("1970-01-03", "date"), parse_time("1970-01-01T00:01:00", "date-time")
    (2.0, 60.0)
    """
    try:
        return (dt.datetime.fromisoformat(text) - _FIRST_DAY) / _SECOND / TIME_UNITS_S[kind]
    except (TypeError, ValueError) as error:
        form = "2024-12-31" if kind == "date" else "2024-12-31T23:59:00"
        raise ValueError(f"{text!r} is no {kind}; write it like {form}, without a zone") from error


def write_time(number: float, kind: str) -> str:
    """Return a number as `parse_time` reads it, with a time of day only where there is one.

    Examples
    --------
    >>> write_time(2.0, "date"), write_time(2.5, "date"), write_time(60.0, "date-time")
    ('1970-01-03', '1970-01-03T12:00:00', '1970-01-01T00:01:00')
    """
    moment = np.datetime64(round(number * TIME_UNITS_S[kind]), "s")
    day = moment.astype("datetime64[D]")
    return str(day if kind == "date" and day == moment else moment)


def write_number(number: Any) -> str:
    """Return a number as people write it: whole ones with all of their digits, others with 15.

    Examples
    --------
    >>> write_number(2**53 + 1), write_number(1234567.0), write_number(0.1 + 0.2)
    ('9007199254740993', '1234567', '0.3')
    """
    is_whole = math.isfinite(number) and number == int(number)
    return str(int(number)) if is_whole and abs(number) < _LONGEST else f"{float(number):.15g}"


def read_times(series: pd.Series[Any], kind: str) -> NDArray[np.float64]:
    """Read dates or date-times, whatever type they come in.

    Parameters
    ----------
    series : Series
        Cells of any type; date-times with a zone are read in UTC.
    kind : {"date", "date-time"}
        What the numbers count.

    Returns
    -------
    ndarray of float64, shape (n_records,)
        NaN is null; a time of day is the fraction of a date.

    Raises
    ------
    ValueError
        If a cell is neither, or its type is refused by `plain_column`.
    """
    plain = plain_column(series)
    if plain.isna().all():
        return np.full(len(plain), np.nan)
    if not types.is_datetime64_any_dtype(plain.dtype):
        raise ValueError(f"column {series.name!r} has type {series.dtype}, but holds {kind}s.")
    naive = plain if plain.dt.tz is None else plain.dt.tz_localize(None)
    numbers = naive.to_numpy("datetime64[us]").astype(np.int64)
    return np.where(plain.isna(), np.nan, numbers / (_MICROSECONDS * TIME_UNITS_S[kind]))


def write_times(numbers: NDArray[np.float64], kind: str) -> NDArray[np.datetime64]:
    """Return numbers as datetime64, of whole seconds; NaN becomes NaT."""
    null = np.isnan(numbers)
    seconds = np.rint(np.where(null, 0, numbers) * TIME_UNITS_S[kind])
    return np.where(null, np.datetime64("NaT"), seconds.astype("datetime64[s]"))
