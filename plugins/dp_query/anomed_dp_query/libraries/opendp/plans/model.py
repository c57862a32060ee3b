"""What a plan may say: steps over rows, then noised figures of all rows or of each group."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class ColumnOf:
    """A column's cell."""

    name: str


@attrs.frozen
class Constant:
    """A number, a text, a truth value, or nothing."""

    value: Any


@attrs.frozen
class Binary:
    """Two cells and an operator of `OPERATORS`."""

    operator: str
    left: Row
    right: Row


@attrs.frozen
class Filled:
    """A cell, or a constant where it is missing."""

    inner: Row
    value: Any


@attrs.frozen
class Cut:
    """The label of the interval that a number falls into."""

    inner: Row
    breaks: tuple[float, ...]
    labels: tuple[str, ...]
    left_closed: bool


Row = ColumnOf | Constant | Binary | Filled | Cut
"""What is computed from one row alone."""

Step = Row | tuple[tuple[str, Row], ...]
"""A filter, or new columns."""

COMPARISONS = {"Eq", "NotEq", "Lt", "LtEq", "Gt", "GtEq"}
LOGIC = {"And", "Or", "Xor", "LogicalAnd", "LogicalOr"}
ARITHMETIC = {"Plus", "Minus", "Multiply"}
OPERATORS = COMPARISONS | LOGIC | ARITHMETIC


@attrs.frozen(kw_only=True)
class Figure:
    """A noised figure of many rows.

    Attributes
    ----------
    kind
        ``len``, ``count``, ``null_count``, ``n_unique``, ``sum``, ``mean`` or ``quantile``.
    row
        What is counted or added; ``None`` for rows themselves.
    name
        Name in the answer.
    lower, upper
        Bounds of a sum or mean.
    alpha, candidates
        Of a quantile.
    scale
        Weight of its noise beside the others'; ``None`` for its sensitivity.
    whole
        Whether it adds whole numbers, so that its answer is one, too.
    """

    kind: str
    name: str
    row: Row | None = None
    lower: float = 0.0
    upper: float = 0.0
    alpha: float = 0.0
    candidates: tuple[float, ...] = ()
    scale: float | None = None
    whole: bool = False


@attrs.frozen(kw_only=True)
class Plan:
    """A question about one table.

    Attributes
    ----------
    steps
        In order: filters (a `Row` that is true or false) and new columns (pairs of name and `Row`,
        which see the columns from before).
    figures
        At least one.
    groups
        Columns that groups are made by; empty for all rows together.
    combinations
        The keys of each group in the answer, in order; one empty tuple without groups.
    """

    steps: tuple[Step, ...]
    figures: tuple[Figure, ...]
    groups: tuple[str, ...] = ()
    combinations: tuple[tuple[Any, ...], ...] = ((),)

    @property
    def is_filtered(self) -> bool:
        """Whether rows are left out, so that their number is private."""
        return any(not isinstance(step, tuple) for step in self.steps)
