"""Counting questions: who of a table fulfils a few conditions, and how many of each kind."""

from anomed_dp_query.counting.conditions import (
    Condition,
    ConditionError,
    as_json,
    fulfilled,
    parse_conditions,
)
from anomed_dp_query.counting.levels import (
    cells_of,
    levels_of,
    most_cells,
)
from anomed_dp_query.counting.workload import (
    CountingQuestion,
    askable,
    draw_workload,
    read_workload,
    true_counts,
)

__all__ = [
    "Condition",
    "ConditionError",
    "CountingQuestion",
    "as_json",
    "askable",
    "cells_of",
    "draw_workload",
    "fulfilled",
    "levels_of",
    "most_cells",
    "parse_conditions",
    "read_workload",
    "true_counts",
]
