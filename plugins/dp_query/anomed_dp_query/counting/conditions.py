"""Conditions on a row: a column has a value, or lies in a range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dp_query.metadata.model import Column, Kind, TableMetadata

if TYPE_CHECKING:
    import pandas as pd

Mask = npt.NDArray[np.bool_]


class ConditionError(ValueError):
    """A condition that no row is asked about: what is wrong, from public facts alone."""


@attrs.frozen(kw_only=True)
class Condition:
    """What a row must fulfil in one column.

    Attributes
    ----------
    column
        Its name.
    value
        What the cell must equal; ``None`` for a range.
    low, high
        Bounds of a range, both included; ``None`` for a value.
    """

    column: str
    value: str | bool | int | None = None
    low: float | None = None
    high: float | None = None


def parse_conditions(where: Any, table: TableMetadata) -> tuple[Condition, ...]:
    """Read conditions, all of which a row must fulfil.

    Parameters
    ----------
    where
        By column, a value that its metadata allow, or two bounds as ``[low, high]``.
    table
        What is public about the table.

    Returns
    -------
    tuple of Condition
        In the order of the table's columns, so that equal questions are equal.

    Raises
    ------
    ConditionError
        If a column is unknown, or cannot fulfil that.
    """
    if not isinstance(where, Mapping):
        raise ConditionError(
            'where must be an object of conditions by column, such as {"sex": "female"}, got '
            f"{str(where)[:40]!r}"
        )
    unknown = [str(name)[:80] for name in where if name not in table]
    if unknown:
        raise ConditionError(
            f"where names the column {unknown[0]!r}; there are {', '.join(table.names)}"
        )
    return tuple(
        _parsed(where[column.name], column) for column in table.columns if column.name in where
    )


def _parsed(given: Any, column: Column) -> Condition:
    if isinstance(given, list | tuple):
        return _range(given, column)
    if column.categories is not None:
        return Condition(column=column.name, value=_category(given, column))
    if column.kind is Kind.BOOLEAN and isinstance(given, bool):
        return Condition(column=column.name, value=given)
    if column.kind is Kind.INTEGER and _is_number(given) and given == int(given):
        return Condition(column=column.name, value=int(given))
    allowed = "[low, high]" if column.kind.is_number else "a column with known categories"
    raise ConditionError(
        f"the condition on {column.name!r} is {str(given)[:40]!r}; it can be {allowed}"
    )


def _category(given: Any, column: Column) -> Any:
    for category in column.categories or ():
        # 1 == True, and neither is meant by the other
        if category == given and isinstance(category, bool) == isinstance(given, bool):
            return category
    listed = ", ".join(map(str, (column.categories or ())[:20]))
    raise ConditionError(
        f"the condition on {column.name!r} is {str(given)[:40]!r}; its values are {listed}"
    )


def _range(given: Sequence[Any], column: Column) -> Condition:
    if not column.kind.is_number:
        raise ConditionError(
            f"the condition on {column.name!r} is a range, but its cells are no numbers; give one "
            "value"
        )
    if len(given) != 2 or not all(map(_is_number, given)) or given[0] > given[1]:
        raise ConditionError(
            f"the range of {column.name!r} must be two numbers [low, high] in this order, got "
            f"{str(list(given))[:60]}"
        )
    return Condition(column=column.name, low=float(given[0]), high=float(given[1]))


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_number and bool(np.isfinite(float(value)))


def as_json(conditions: Sequence[Condition]) -> dict[str, Any]:
    """Return conditions as `parse_conditions` reads them.

    Examples
    --------
    >>> as_json([Condition(column="sex", value="female"), Condition(column="age", low=0, high=17)])
    {'sex': 'female', 'age': [0, 17]}
    """
    return {one.column: one.value if one.low is None else [one.low, one.high] for one in conditions}


def fulfilled(conditions: Sequence[Condition], frame: pd.DataFrame) -> Mask:
    """Return which rows fulfil all conditions; a missing cell fulfils none.

    Returns
    -------
    bool array of shape (n_rows,)
    """
    chosen = np.ones(len(frame), dtype=bool)
    for one in conditions:
        cells = frame[one.column]
        if one.low is None:
            chosen &= (cells == one.value).fillna(False).to_numpy(dtype=bool)
        else:
            chosen &= cells.between(one.low, one.high).fillna(False).to_numpy(dtype=bool)
    return chosen
