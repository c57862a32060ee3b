"""How far a figure can move between neighbours, in steps of a public grid.

A sum is counted in steps of a power of two, a thousand-millionth of its bounds: cells are rounded
to it one by one, so the sum is a sum of whole numbers and is exact.
"""

from __future__ import annotations

import math

import attrs

from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.opendp.plans.model import Figure, Plan
from anomed_dp_query.metadata.model import TableMetadata

_FINENESS = 30


@attrs.frozen(kw_only=True)
class Grid:
    """Where a sum's cells may lie.

    Attributes
    ----------
    step
        A power of two.
    origin
        What is subtracted from each cell first: the lower bound where the number of rows is
        public, otherwise 0.
    low, high
        The bounds, in steps from the origin.
    """

    step: float
    origin: float
    low: int
    high: int


def n_rows_is_public(plan: Plan, policy: Policy) -> bool:
    """Return whether a plan's figures are of all rows, whose number is told."""
    return policy.size_is_public and not plan.is_filtered and not plan.groups


def row_distance(table: TableMetadata, policy: Policy) -> int:
    """Return how many rows are added and removed between neighbours, at most."""
    n_rows = policy.distance(table.max_contributions)
    # neighbours of one size differ by rows that are exchanged, whatever the unit is called
    return max(n_rows, 2 * table.max_contributions) if policy.size_is_public else n_rows


def grid_of(figure: Figure, *, is_public: bool) -> Grid:
    """Return the grid of a sum.

    Parameters
    ----------
    figure
        A sum or a mean.
    is_public
        Whether the number of its rows is public.
    """
    origin = figure.lower if is_public else 0.0
    reach = max(abs(figure.lower - origin), abs(figure.upper - origin))
    step = 2.0 ** (math.frexp(reach)[1] - 1 - _FINENESS)
    if figure.whole and step <= 1.0:
        step = 1.0
    low, high = (round((bound - origin) / step) for bound in (figure.lower, figure.upper))
    return Grid(step=step, origin=origin, low=low, high=high)


def sum_distance(
    figure: Figure, plan: Plan, table: TableMetadata, policy: Policy
) -> tuple[Grid, int]:
    """Return the grid of a sum, and how many steps it moves by at most between neighbours."""
    is_public = n_rows_is_public(plan, policy)
    grid = grid_of(figure, is_public=is_public)
    if is_public:
        return grid, table.max_contributions * (grid.high - grid.low)
    return grid, row_distance(table, policy) * max(abs(grid.low), abs(grid.high))
