"""The workload: counting questions that analysts answer from what they have learnt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dp_query.counting.conditions import (
    Condition,
    ConditionError,
    as_json,
    fulfilled,
    parse_conditions,
)
from anomed_dp_query.metadata.model import Column, Kind, TableMetadata

if TYPE_CHECKING:
    import pandas as pd

_MOST_TRIES = 100


@attrs.frozen
class CountingQuestion:
    """How many rows fulfil all conditions.

    Attributes
    ----------
    conditions
        At least one, each about another column.
    """

    conditions: tuple[Condition, ...]

    def document(self) -> dict[str, Any]:
        """Return it as JSON values: ``{"where": {...}}``."""
        return {"where": as_json(self.conditions)}


def draw_workload(
    table: TableMetadata,
    *,
    n_questions: int,
    n_conditions: tuple[int, int],
    columns: Sequence[str] = (),
    rng: np.random.Generator,
) -> tuple[CountingQuestion, ...]:
    """Draw counting questions, uniformly over sets of columns and their values.

    Parameters
    ----------
    table
        What is public about the table; nothing else is looked at.
    n_questions
        How many, all different.
    n_conditions
        Fewest and most conditions of a question.
    columns
        Which columns may be asked about; all that can, if none is given.
    rng
        Source of all draws.

    Returns
    -------
    tuple of CountingQuestion

    Raises
    ------
    ConditionError
        If there are too few columns, or too few questions.
    """
    chosen = [table.column(name) for name in columns or askable(table)]
    unfit = [column.name for column in chosen if not _can_be_asked(column)]
    if unfit:
        raise ConditionError(
            f"questions about {unfit[0]!r} cannot be drawn: it has neither categories nor bounds"
        )
    fewest, most = n_conditions
    if not 1 <= fewest <= most <= len(chosen):
        raise ConditionError(
            f"questions of {fewest} to {most} conditions about {len(chosen)} columns cannot be "
            "drawn; allow fewer conditions or more columns"
        )
    drawn: dict[CountingQuestion, None] = {}
    for _ in range(_MOST_TRIES * n_questions):
        size = int(rng.integers(fewest, most, endpoint=True))
        places = sorted(rng.choice(len(chosen), size=size, replace=False).tolist())
        drawn[CountingQuestion(tuple(_drawn(chosen[place], rng) for place in places))] = None
        if len(drawn) == n_questions:
            return tuple(drawn)
    raise ConditionError(
        f"only {len(drawn)} different questions were found; ask for fewer than {n_questions}, or "
        "name more columns"
    )


def askable(table: TableMetadata) -> tuple[str, ...]:
    """Return the names of all columns that questions can be drawn about."""
    return tuple(column.name for column in table.columns if _can_be_asked(column))


def _can_be_asked(column: Column) -> bool:
    return column.categories is not None or (column.kind.is_number and column.has_bounds)


def _drawn(column: Column, rng: np.random.Generator) -> Condition:
    if column.categories is not None:
        place = int(rng.integers(len(column.categories)))
        value: Any = column.categories[place]
        return Condition(column=column.name, value=value)
    if column.kind is Kind.INTEGER:
        ends = rng.integers(column.lower, column.upper, endpoint=True, size=2)
    else:
        # two decimals of the range are plenty, and questions stay readable
        step = (column.upper - column.lower) / 100
        ends = column.lower + np.round(step * rng.integers(0, 101, size=2), 6)
    low, high = sorted(map(float, ends))
    return Condition(column=column.name, low=low, high=high)


def read_workload(documents: Iterable[Any], table: TableMetadata) -> tuple[CountingQuestion, ...]:
    """Read questions as `CountingQuestion.document` writes them; further keys are ignored.

    Raises
    ------
    ConditionError
        Naming the number of the question that is wrong.
    """
    read = []
    for number, document in enumerate(documents, start=1):
        where = document.get("where") if isinstance(document, dict) else None
        if not where:
            raise ConditionError(
                f'question {number}: it has no conditions; write {{"where": {{...}}}}'
            )
        try:
            read.append(CountingQuestion(parse_conditions(where, table)))
        except ConditionError as error:
            raise ConditionError(f"question {number}: {error}") from error
    return tuple(read)


def true_counts(
    questions: Iterable[CountingQuestion], frame: pd.DataFrame
) -> npt.NDArray[np.float64]:
    """Return how many rows fulfil each question.

    Returns
    -------
    float64 array of shape (n_questions,)
    """
    counts = [np.count_nonzero(fulfilled(one.conditions, frame)) for one in questions]
    return np.array(counts, dtype=np.float64)
