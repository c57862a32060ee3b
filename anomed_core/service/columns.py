"""Whether the columns of a table are as they are declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from anomed_core.errors import SubmissionRejected
from anomed_core.model import ColumnSchema


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
        _check_range(pc.min_max(values).as_py(), column)
    if column.categories:
        _check_categories(pc.unique(values).to_pylist(), column)


def _plain_values(values: Any) -> Any:
    """Return a column without dictionary, and in a type that can be computed with."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    return values.cast(pa.float32()) if pa.types.is_float16(values.type) else values


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


def _check_range(extent: Mapping[str, Any], column: ColumnSchema) -> None:
    low, high = extent["min"], extent["max"]
    if low is None:
        return
    if (column.low is not None and _is_beyond(column.low, low, column)) or (
        column.high is not None and _is_beyond(high, column.high, column)
    ):
        raise SubmissionRejected(
            f"Column {column.name} has values from {low} to {high}; allowed are "
            f"{range_text(column.low, column.high)}."
        )


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
    }


_ARROW_KINDS = _arrow_kinds()


def one_of(words: tuple[str, ...]) -> str:
    """Return words as a choice."""
    return " or ".join(words)


def range_text(low: float | None, high: float | None) -> str:
    """Say between which bounds values are allowed."""
    if low is None:
        return f"values up to {high}"
    if high is None:
        return f"values from {low}"
    return f"values from {low} to {high}"
