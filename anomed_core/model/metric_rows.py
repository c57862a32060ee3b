"""Metrics in rows: what each means and the function that computes it, in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import attrs

from anomed_core.model.declarations import Metric
from anomed_core.model.roles import Direction

Part = TypeVar("Part")
Whole = TypeVar("Whole")


@attrs.frozen(kw_only=True)
class MetricRow(Generic[Part]):
    """A metric and the function that computes it from what was found out about a submission.

    Where many metrics come of one evaluation, an object holds what was found out, and each row
    takes its own figure from it.

    Attributes
    ----------
    name, definition, direction, bounds, chance, primary, tie_breaker, limits, optional
        As in `Metric`.
    compute
        Takes what was found out; returns ``None`` where an optional metric is missing.
    """

    name: str
    compute: Callable[[Part], float | None]
    definition: str
    direction: Direction = Direction.HIGHER
    bounds: tuple[float, float] = (0.0, 1.0)
    chance: float | None = None
    primary: bool = False
    tie_breaker: int | None = None
    limits: tuple[str, str] | None = None
    optional: bool = False

    def declared(self, kind: str = "") -> Metric:
        """Declare the metric, of a submission kind or of a house attack."""
        facts = attrs.asdict(self, filter=attrs.filters.exclude("compute"), recurse=False)
        return Metric(kind=kind, **facts)


def measured(rows: Iterable[MetricRow[Part]], part: Part) -> dict[str, float]:
    """Compute the metrics that there are.

    Examples
    --------
    >>> half = MetricRow(name="half", compute=lambda number: number / 2, definition="One of two.")
    >>> measured([half], 3)
    {'half': 1.5}
    """
    computed = ((row.name, row.compute(part)) for row in rows)
    return {name: float(value) for name, value in computed if value is not None}


def rows_of_part(
    rows: Iterable[MetricRow[Part]],
    pick: Callable[[Whole], Part | None],
    *,
    prefix: str = "",
    optional: bool = False,
) -> list[MetricRow[Whole]]:
    """Make rows of a part rows of the whole.

    Parameters
    ----------
    rows
        What is measured of the part.
    pick
        Finds the part in the whole; ``None`` if there is none.
    prefix
        What the names begin with.
    optional
        Whether there may be no such part.
    """

    def moved(row: MetricRow[Part]) -> MetricRow[Whole]:
        def compute(whole: Whole) -> float | None:
            part = pick(whole)
            return None if part is None else row.compute(part)

        facts = attrs.asdict(row, recurse=False) | {
            "name": f"{prefix}{row.name}",
            "compute": compute,
            "optional": optional or row.optional,
        }
        return MetricRow(**facts)

    return [moved(row) for row in rows]
