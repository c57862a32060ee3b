"""Whether the columns of a table are as they are declared."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from anomed_core.errors import SubmissionRejected
from anomed_core.model import ColumnSchema

_DAY_S = 86_400
_UNITS_S = {"D": Fraction(_DAY_S), "s": Fraction(1), "ms": Fraction(1, 10**3)}
_UNITS_S |= {"us": Fraction(1, 10**6), "ns": Fraction(1, 10**9)}


def check_column(values: Any, column: ColumnSchema) -> None:
    """Refuse a column that is not as it is declared.

    Raises
    ------
    SubmissionRejected
        In one sentence with the column, what came and what is allowed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _plain_values(values)
    n_empty = pc.sum(pc.is_null(values, nan_is_null=True)).as_py() or 0
    if n_empty and not column.nullable:
        raise SubmissionRejected(f"Column {column.name} has {n_empty} empty cells; fill them.")
    if n_empty == len(values):
        return
    if not any(_ARROW_KINDS[kind](values.type) for kind in column.kinds):
        raise SubmissionRejected(
            f"Column {column.name} has type {values.type}; expected {one_of(column.kinds)}."
        )
    if pa.types.is_floating(values.type) and column.finite:
        infinite = pc.sum(pc.is_inf(values)).as_py() or 0
        if infinite:
            raise SubmissionRejected(
                f"Column {column.name} has {infinite} infinite values; send finite numbers only."
            )
    if column.low is not None or column.high is not None:
        _check_range(values, column)
    if column.categories:
        _check_categories(pc.unique(values).to_pylist(), column)


def _plain_values(values: Any) -> Any:
    """Return a column without dictionary."""
    import pyarrow as pa

    is_packed = pa.types.is_dictionary(values.type)
    return values.cast(values.type.value_type) if is_packed else values


def _check_categories(values: list[Any], column: ColumnSchema) -> None:
    unknown = set(values) - set(column.categories) - {None}
    if unknown:
        example = min(map(str, unknown))[:80]
        raise SubmissionRejected(
            f"Column {column.name} has the unknown value {example!r}; "
            f"allowed are {', '.join(column.categories[:20])}."
        )


def _is_beyond(more: float, less: float, column: ColumnSchema) -> bool:
    # Rounding may carry a number of a grid over its end: 0.1 + 0.2 > 0.3.
    return more > less and (column.step is None or more - less > column.step * 1e-6)


def _check_range(values: Any, column: ColumnSchema) -> None:
    low, high = _ends(values, column)
    if low is None or high is None:
        return
    lowest, highest = (_number(bound, column) for bound in (column.low, column.high))
    if (lowest is not None and _is_beyond(lowest, low, column)) or (
        highest is not None and _is_beyond(high, highest, column)
    ):
        raise SubmissionRejected(
            f"Column {column.name} has values from {_shown(low, column)} to "
            f"{_shown(high, column)}; allowed are {range_text(column.low, column.high)}."
        )


def _ends(values: Any, column: ColumnSchema) -> tuple[Any, Any]:
    """Return the smallest and the largest value: of dates in days, of date-times in seconds."""
    import pyarrow.compute as pc

    ends = pc.min_max(values)
    if not column.is_time:
        return ends["min"].as_py(), ends["max"].as_py()
    unit = getattr(values.type, "unit", "D" if values.type.bit_width == 32 else "ms")
    low, high = (end.value * _UNITS_S[unit] for end in ends.values())
    if time_unit(column) == "D":
        return low // _DAY_S, high // _DAY_S
    return float(low), float(high)


def time_unit(column: ColumnSchema) -> str:
    """Return what the numbers of a column of dates or date-times count: days, or seconds."""
    return "D" if column.kinds[0] == "date" else "s"


def since_1970(text: Any, column: ColumnSchema) -> int:
    """Return a bound of a column of dates or date-times as a number."""
    return int(np.datetime64(text).astype(f"datetime64[{time_unit(column)}]").astype(np.int64))


def _number(bound: Any, column: ColumnSchema) -> float | None:
    return since_1970(bound, column) if column.is_time and bound is not None else bound


def _shown(number: Any, column: ColumnSchema) -> Any:
    if not column.is_time:
        return number
    return np.int64(round(number)).astype(f"datetime64[{time_unit(column)}]")


def _arrow_kinds() -> dict[str, Callable[[Any], bool]]:
    def lazily(*names: str) -> Callable[[Any], bool]:
        def check(arrow_type: Any) -> bool:
            from pyarrow import types

            return any(getattr(types, name)(arrow_type) for name in names)

        return check

    return {
        "bool": lazily("is_boolean"),
        "int": lazily("is_integer"),
        "float": lazily("is_floating"),
        "str": lazily("is_string", "is_large_string"),
        "bytes": lazily("is_binary", "is_large_binary"),
        "date": lazily("is_date", "is_timestamp"),
        "date-time": lazily("is_date", "is_timestamp"),
    }


_ARROW_KINDS = _arrow_kinds()


def one_of(words: tuple[str, ...]) -> str:
    """Return words as a choice."""
    return " or ".join(words)


def range_text(low: float | str | None, high: float | str | None) -> str:
    """Say between which bounds values are allowed."""
    if low is None:
        return f"values up to {high}"
    if high is None:
        return f"values from {low}"
    return f"values from {low} to {high}"
