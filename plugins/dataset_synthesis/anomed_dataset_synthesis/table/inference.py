"""Deriving a codebook from a public table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pandas as pd

from anomed_core.tables import ColumnFacts, column_facts
from anomed_dataset_synthesis.table.codebook import (
    CategoryColumn,
    Codebook,
    NumericColumn,
    NumericKind,
)
from anomed_dataset_synthesis.table.grid import Number, exact

_INFERRED_LEVELS = 10_000
_MAX_DECIMALS = 6
_MAX_LEVELS = 2**31 - 1
_UNITS_S = (1, 60, 3_600, 86_400)
_CATEGORIES = ("text", "boolean")
_KINDS: dict[str, NumericKind] = {
    "integer": "integer",
    "number": "real",
    "date": "date",
    "date-time": "date-time",
}


def infer_codebook(
    table: pd.DataFrame, *, steps: Mapping[str, float] | None = None, nullable: bool = False
) -> Codebook:
    """Derive a codebook from a public table.

    Bounds, categories and grid come from the table's values, so the table must be public: bounds
    taken from secret records would publish their extremes.

    Parameters
    ----------
    table
        Columns of numbers, dates, booleans or strings; see `column_facts` of
        ``anomed_core.tables`` for which is which. Booleans become the categories "false" and
        "true", and ordered categories keep their order.
    steps
        The grid's width by column. Without an entry it is 1 for integers and dates; for
        date-times, in seconds, the longest of a day, an hour, a minute and a second that all of
        them are multiples of (a minute or more, where they lie more than 68 years apart); and for
        reals the smallest power of ten that leaves at most 10,000 levels, or, where values of at
        most six decimals lie between these, the power of ten of their decimals. Coarser is
        safer: near-unique values single people out by themselves.
    nullable
        Whether columns without missing values may hold them all the same.

    Returns
    -------
    Codebook
        One column per column of the table, in its order.

    Raises
    ------
    ValueError
        If a column has no value at all, an infinite one, integers beyond 2**63 - 1 (or, as
        floats, from 2**53 on), values of an unsupported or of several types, or texts that
        identify people, or if `steps` names a column that is not numeric.

    Examples
    --------
    >>> book = infer_codebook(pd.DataFrame({"age": [31, 47], "sex": ["male", "female"]}))
    >>> book.column("age").maximum, book.column("sex").categories
    (47.0, ('female', 'male'))
    """
    given = dict(steps or {})
    columns = [
        _infer_column(series, step=given.pop(str(name), None), nullable=nullable)
        for name, series in table.items()
    ]
    if given:
        raise ValueError(
            f"steps were given for {sorted(given)}, which the table lacks; "
            f"it has {list(map(str, table.columns))}"
        )
    return Codebook(tuple(columns))


def _infer_column(
    series: pd.Series[Any], *, step: float | None, nullable: bool
) -> NumericColumn | CategoryColumn:
    facts = column_facts(series)
    name, nullable = facts.name, nullable or facts.n_missing > 0
    if not facts.n_values:
        raise ValueError(f"column {name!r} has no value to infer a codebook from; drop the column")
    if facts.is_identifying:
        raise ValueError(
            f"column {name!r} holds {facts.n_values} different texts in {facts.n_records} records, "
            "so it identifies people; leave it out, or recode it to texts that people share"
        )
    if facts.kind in _CATEGORIES:
        if step is not None:
            raise ValueError(
                f"a step was given for column {name!r}, which holds categories; drop it"
            )
        categories = ("false", "true") if facts.kind == "boolean" else facts.values
        return CategoryColumn(name=name, categories=categories, nullable=nullable)
    width = exact(step) if step else _step_of(facts)
    return _column(facts, kind=_KINDS[facts.kind], step=width, nullable=nullable)


def _step_of(facts: ColumnFacts) -> Fraction:
    if facts.kind == "number":
        return _step_of_reals(facts)
    if facts.kind == "date-time":
        low, high = facts.ends
        units = (unit for unit in _UNITS_S if unit >= facts.unit_s)
        return Fraction(next(unit for unit in units if (high - low) / unit < _MAX_LEVELS))
    return Fraction(1)


def _step_of_reals(facts: ColumnFacts) -> Fraction:
    low, high = facts.ends
    width = high - low or Fraction(1)
    level = width / _INFERRED_LEVELS
    places = math.ceil(math.log10(level.numerator) - math.log10(level.denominator))
    if facts.n_decimals <= -places or facts.n_decimals > _MAX_DECIMALS:
        return Fraction(10) ** places
    # One outlier must not round all others away: the finest grid that can be counted.
    finest = Fraction(1, 10**facts.n_decimals)
    while width / finest >= _MAX_LEVELS:
        finest *= 10
    return finest


def _column(
    facts: ColumnFacts, *, kind: NumericKind, step: Fraction, nullable: bool
) -> NumericColumn:
    low, high = facts.ends
    residue = Fraction(1, 10**9) if kind == "real" else 0
    numbers: dict[str, Number] = {
        "minimum": _plain(math.floor(low / step + residue) * step),
        "maximum": _plain(math.ceil(high / step - residue) * step),
        "step": _plain(step),
    }
    return NumericColumn(name=facts.name, kind=kind, nullable=nullable, **numbers)


def _plain(number: Fraction) -> Number:
    return number.numerator if number.denominator == 1 else float(number)
