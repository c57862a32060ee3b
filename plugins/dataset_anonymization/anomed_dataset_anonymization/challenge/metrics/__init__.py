"""What is measured: one row a metric, with what it means and the function that computes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from anomed_core import Metric, MetricRow
from anomed_dataset_anonymization.challenge.kinds import (
    INFERENCE,
    LINKAGE,
    PUBLISHED_TABLE,
    RECONSTRUCTION,
)
from anomed_dataset_anonymization.challenge.metrics.attacks import (
    LINKAGE_ROWS,
    inference_rows,
    reconstruction_rows,
)
from anomed_dataset_anonymization.challenge.metrics.tables import table_rows

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena


@singledispatch
def metrics_of(arena: Arena) -> list[Metric]:
    """Declare the metrics of all submission kinds."""
    kinds = (PUBLISHED_TABLE, RECONSTRUCTION, INFERENCE, LINKAGE)
    return [row.declared(kind) for kind in kinds for row in rows_of(arena, kind)]


def rows_of(arena: Arena, kind: str) -> Sequence[MetricRow[Any]]:
    """Return what is measured of a kind of submissions."""
    if kind == PUBLISHED_TABLE:
        return table_rows(arena)
    if kind == RECONSTRUCTION:
        return reconstruction_rows(arena.n_surest)
    return inference_rows(arena.unknown) if kind == INFERENCE else LINKAGE_ROWS
