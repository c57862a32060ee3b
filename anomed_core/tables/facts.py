"""What the columns of a frame are: the one look that all who describe tables begin with."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from anomed_core.tables.plain import plain_column

MOST_DECIMALS = 15
"""As many as are told apart; numbers with more have no grid."""

_UNITS_S = {"D": 86_400, "h": 3_600, "min": 60, "s": 1}
_RESIDUE = 1e-14
_FEW, _MANY_TEXTS = 20, 1_000
_IDENTIFYING_SHARE, _SHARED_BY, _EXPECTED_TWINS = 0.95, 10, 10


@attrs.frozen(kw_only=True)
class ColumnFacts:
    """What the cells of a column are.

    Attributes
    ----------
    name
        Of the column.
    kind
        ``text``, ``integer``, ``number``, ``boolean``, ``date`` or ``date-time``. Whole numbers are
        integers, however they came; date-times without a time of day and a zone are dates.
    n_records
        How many cells there are.
    n_missing
        How many of them have no value.
    n_values
        How many different values occur.
    lowest, highest
        Ends of integers (int), numbers (Decimal), dates (date) and date-times (Timestamp, in UTC
        where there is a zone), exact; None for text and booleans, and where no cell has a value.
    n_decimals
        Of numbers: how many decimals are needed to tell all of them, but for the residue that
        floats leave; `MOST_DECIMALS` stands for as many and more.
    gap
        Of whole numbers: the largest that all distances between them are multiples of; 0 for less
        than two.
    unit_s
        Of dates and date-times: of a day, an hour, a minute and a second, in seconds, the longest
        that they are whole multiples of; a second also for fractions.
    values
        The different values in ascending order, of text and booleans; of ordered categories all, in
        their order; empty otherwise.
    is_ordered
        Whether somebody gave the values an order.
    """

    name: str
    kind: str
    n_records: int
    n_missing: int
    n_values: int
    lowest: int | Decimal | dt.date | None = None
    highest: int | Decimal | dt.date | None = None
    n_decimals: int = 0
    gap: int = 0
    unit_s: int = 0
    values: tuple[Any, ...] = attrs.field(default=(), repr=False)
    is_ordered: bool = False

    @property
    def ends(self) -> tuple[Fraction, Fraction]:
        """Return the ends as numbers: of days or seconds since 1970 for dates and date-times.

        Raises
        ------
        TypeError
            If there are none, as of text.
        """
        return _number(self.lowest), _number(self.highest)

    @property
    def n_present(self) -> int:
        """Return how many cells have a value."""
        return self.n_records - self.n_missing

    @property
    def is_identifying(self) -> bool:
        """Return whether a text looks like one that names people, as hardly any two share it.

        More than 20 different texts are too many where 95 of 100 records have one of their own, or
        where there are more than 1,000, and less than ten records for each.
        """
        many = max(_MANY_TEXTS, self.n_present / _SHARED_BY)
        allowed = min(_IDENTIFYING_SHARE * self.n_present, many)
        is_free = self.kind == "text" and not self.is_ordered
        return is_free and self.n_values > max(_FEW, allowed)

    @property
    def is_dealt_out(self) -> bool:
        """Return whether whole numbers differ although chance would have made many the same.

        Of n numbers drawn from a range of w, n (n - 1) / 2w pairs at least are expected to be
        equal; where these are ten or more, and there is none, somebody dealt the numbers out.
        """
        if self.n_values <= _FEW or self.n_values < self.n_present or not self.gap:
            return False
        low, high = self.ends
        n_pairs = self.n_values * (self.n_values - 1) / 2
        return n_pairs > _EXPECTED_TWINS * (high - low) / self.gap


def column_facts(column: pd.Series[Any]) -> ColumnFacts:
    """Tell what a column is, from its values and not from how they are stored.

    Parameters
    ----------
    column
        Cells of any type that pandas has; the order of the records plays no role.

    Returns
    -------
    ColumnFacts

    Raises
    ------
    UsageError
        If the cells are of several types, or of another one, such as lists; if a number is
        infinite; or if whole numbers are floats that may have been rounded.

    Examples
    --------
    >>> facts = column_facts(pd.Series([4.99, None, 250000.0], name="cost"))
    >>> facts.kind, facts.lowest, facts.highest, facts.n_decimals
    ('number', Decimal('4.99'), Decimal('250000.0'), 2)
    """
    plain = plain_column(column)
    present = plain.dropna()
    distinct = pd.Series(present.unique()).sort_values()
    facts: dict[str, Any] = {"kind": _kind(distinct), "n_values": len(distinct)}
    if facts["kind"] in {"text", "boolean"}:
        facts["values"] = tuple(distinct.tolist())
    else:
        facts |= _ends(distinct, facts["kind"])
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        order = plain_column(pd.Series(column.cat.categories, name=column.name))
        facts |= {"values": tuple(order.tolist()), "is_ordered": True}
    return ColumnFacts(
        name=str(column.name),
        n_records=len(plain),
        n_missing=len(plain) - len(present),
        **facts,
    )


def _number(end: Any) -> Fraction:
    if isinstance(end, dt.datetime):
        return Fraction(end.timestamp())
    if isinstance(end, dt.date):
        return Fraction((end - dt.date(1970, 1, 1)).days)
    return Fraction(end)


def _kind(distinct: pd.Series[Any]) -> str:
    if types.is_bool_dtype(distinct.dtype):
        return "boolean"
    if types.is_integer_dtype(distinct.dtype):
        return "integer"
    if types.is_float_dtype(distinct.dtype):
        return "number"
    if types.is_object_dtype(distinct.dtype):
        return "number" if isinstance(distinct.iloc[0], Decimal) else "integer"
    if types.is_datetime64_any_dtype(distinct.dtype):
        is_day = distinct.dt.tz is None and (distinct == distinct.dt.normalize()).all()
        return "date" if is_day else "date-time"
    return "text"


def _ends(distinct: pd.Series[Any], kind: str) -> dict[str, Any]:
    low, high = distinct.iloc[0], distinct.iloc[-1]
    if kind == "integer":
        gaps = np.diff(distinct.to_numpy(object))
        return {"lowest": int(low), "highest": int(high), "gap": math.gcd(*gaps.tolist())}
    if kind == "date":
        return {"lowest": low.date(), "highest": high.date(), "unit_s": _UNITS_S["D"]}
    if kind == "date-time":
        units = [unit for unit in _UNITS_S if (distinct.dt.floor(unit) == distinct).all()]
        return {"lowest": low, "highest": high, "unit_s": _UNITS_S[units[0]] if units else 1}
    return {
        "lowest": Decimal(str(low)),
        "highest": Decimal(str(high)),
        "n_decimals": count_decimals(distinct.to_numpy()),
    }


def count_decimals(numbers: npt.NDArray[Any]) -> int:
    """Return how many decimals numbers need, at most `MOST_DECIMALS`."""
    if numbers.dtype == object:
        needed = max(-int(number.normalize().as_tuple().exponent) for number in numbers)
        return min(max(needed, 0), MOST_DECIMALS)
    for decimals in range(MOST_DECIMALS):
        scale = 10.0**decimals
        with np.errstate(over="ignore"):
            rounded = np.rint(numbers * scale) / scale
        numbers = numbers[np.abs(rounded - numbers) > _RESIDUE * np.abs(numbers)]
        if not len(numbers):
            return decimals
    return MOST_DECIMALS
