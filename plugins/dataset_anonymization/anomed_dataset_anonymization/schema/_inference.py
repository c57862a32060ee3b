"""Guess the description of a column from its values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from anomed_core.tables import TIME_UNITS_S, ColumnFacts, column_facts, plain_column, write_number
from anomed_dataset_anonymization.schema.column import (
    MAX_EXACT_INTEGER,
    Bounds,
    Column,
    ColumnKind,
    LogicalType,
)

MAX_INFERRED_VALUES = 1_000
"""A generalised table has a column for each value of a text, so that more are of no use."""

_FINEST_DECIMAL = 6
_DTYPES: dict[type, LogicalType] = {bool: "bool", int: "int64", str: "string"}


def infer_column(series: pd.Series[Any], *, order: Sequence[Any] | None = None) -> Column:
    """Describe a column as its values show it.

    Parameters
    ----------
    series : Series
        Values of one column; nulls are ignored.
    order : sequence, optional
        All values in ascending order, which makes the column ordinal.

    Returns
    -------
    Column
        With role ``other`` and tolerance 0.

    Raises
    ------
    ValueError
        If the column is empty, of mixed or other types than numbers, text, booleans and dates, or
        looks like an id.
    """
    facts = column_facts(series)
    if not facts.n_values:
        raise ValueError(f"column {facts.name!r} holds no value to infer a domain from; drop it.")
    if order is not None or facts.is_ordered:
        values = facts.values if order is None else plain_column(pd.Series(list(order))).tolist()
        return _list_column(facts.name, values, kind=ColumnKind.ORDINAL)
    if facts.kind in {"integer", "number"}:
        return _number_column(facts)
    if facts.kind in TIME_UNITS_S:
        return _time_column(facts)
    if facts.is_identifying or facts.n_values > MAX_INFERRED_VALUES:
        raise ValueError(
            f"column {facts.name!r} holds {facts.n_values} different values, which looks like an "
            "identifier; drop it or recode it to values that people share, at most "
            f"{MAX_INFERRED_VALUES}."
        )
    return _list_column(facts.name, facts.values, kind=ColumnKind.NOMINAL)


def _list_column(name: str, values: Sequence[Any], *, kind: ColumnKind) -> Column:
    types = {type(value) for value in values}
    dtype = _DTYPES.get(types.pop()) if len(types) == 1 else None
    if dtype is None:
        raise ValueError(
            f"column {name!r} has an order of values that are neither all text, all whole numbers "
            "nor all booleans; give one type."
        )
    return Column(name=name, kind=kind, dtype=dtype, domain=values)


def _time_column(facts: ColumnFacts) -> Column:
    dtype: LogicalType = "date" if facts.kind == "date" else "date-time"
    step = facts.unit_s // TIME_UNITS_S[dtype]
    low, high = _on_grid(*facts.ends, step=Fraction(step))
    bounds = Bounds(low=low, high=high, step=step)
    return Column(name=facts.name, kind=ColumnKind.CARDINAL, dtype=dtype, domain=bounds)


def _number_column(facts: ColumnFacts) -> Column:
    ends: Any = (facts.lowest, facts.highest)
    if max(map(abs, ends)) >= MAX_EXACT_INTEGER:
        raise ValueError(
            f"column {facts.name!r} holds numbers from {write_number(ends[0])} to "
            f"{write_number(ends[1])}; the largest that stays exact is {MAX_EXACT_INTEGER - 1}, so "
            "give longer ones as text, or drop them."
        )
    decimals = min(facts.n_decimals, _FINEST_DECIMAL)
    low, high = _on_grid(*facts.ends, step=Fraction(1, 10**decimals))
    dtype: LogicalType = "int64" if facts.kind == "integer" else "float64"
    bounds = Bounds(low=low, high=high, step=10.0**-decimals)
    return Column(name=facts.name, kind=ColumnKind.CARDINAL, dtype=dtype, domain=bounds)


def _on_grid(low: Fraction, high: Fraction, *, step: Fraction) -> tuple[float, float]:
    """Widen ends to the nearest multiples of a step that lie a step apart at least."""
    residue = Fraction(1, 10**6)
    first, last = math.floor(low / step + residue), math.ceil(high / step - residue)
    return float(first * step), float(max(last, first + 1) * step)
