"""Run a plan on a table: whole numbers per group, and noise of OpenDP on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import pandas as pd

from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.opendp.noise import chosen, noised
from anomed_dp_query.libraries.opendp.plans.cells import Cells, computed, evaluated
from anomed_dp_query.libraries.opendp.plans.model import Figure, Plan
from anomed_dp_query.libraries.opendp.plans.pricing import Shares
from anomed_dp_query.libraries.opendp.plans.sensitivity import (
    Grid,
    n_rows_is_public,
    row_distance,
    sum_distance,
)
from anomed_dp_query.metadata.model import TableMetadata

Numbers = np.ndarray[Any, Any]


def run_plan(
    plan: Plan, frame: pd.DataFrame, table: TableMetadata, policy: Policy, *, shares: Shares
) -> list[dict[str, Any]]:
    """Answer a plan.

    Parameters
    ----------
    plan
        What is asked.
    frame
        The table, or dummy rows.
    table, policy
        What is public about it, and how it is counted.
    shares
        What each noised part may spend, in the order of `shares_of`.

    Returns
    -------
    list of dict
        One row per group, in the order of the plan's combinations: keys, then figures.
    """
    columns, kept = computed(plan, frame)
    rows = _Rows(
        columns=columns,
        groups=np.where(kept, _places(plan, columns, len(frame)), -1),
        n_groups=len(plan.combinations),
    )
    budgets = iter(shares.budgets)
    told: dict[str, list[Any]] = {}
    for figure in plan.figures:
        told[figure.name] = _answered(figure, plan, rows, table, policy, budgets, shares.is_rho)
    return [
        dict(zip(plan.groups, keys, strict=True))
        | {name: values[place] for name, values in told.items()}
        for place, keys in enumerate(plan.combinations)
    ]


@attrs.frozen(kw_only=True, eq=False)
class _Rows:
    """The table's rows, and the group that each is in: -1 for none."""

    columns: dict[str, Cells]
    groups: Numbers
    n_groups: int

    def added(self, steps: Numbers) -> list[int]:
        """Return the sum of whole numbers in each group, exactly."""
        totals = np.zeros(self.n_groups + 1, dtype=np.int64)
        np.add.at(totals, self.groups, np.where(self.groups < 0, 0, steps))
        return [int(total) for total in totals[: self.n_groups]]

    def cells(self, figure: Figure) -> Cells:
        if figure.row is None:
            return Cells(np.zeros(len(self.groups)), np.zeros(len(self.groups), dtype=bool))
        with np.errstate(all="ignore"):
            return evaluated(figure.row, self.columns, len(self.groups))


def _answered(
    figure: Figure,
    plan: Plan,
    rows: _Rows,
    table: TableMetadata,
    policy: Policy,
    budgets: Iterator[Decimal],
    is_rho: bool,
) -> list[Any]:
    cells = rows.cells(figure)
    n_rows, is_public = row_distance(table, policy), n_rows_is_public(plan, policy)

    def with_noise(values: list[int], distance: int) -> list[int]:
        return noised(values, distance=distance, budget=next(budgets), is_rho=is_rho)

    if figure.kind in {"sum", "mean"}:
        grid, distance = sum_distance(figure, plan, table, policy)
        counts = rows.added(np.ones(len(rows.groups), dtype=np.int64))
        sums = with_noise(rows.added(_steps(figure, grid, cells)), distance)
        totals = [_value(total, grid, n) for total, n in zip(sums, counts, strict=True)]
        if figure.kind == "sum":
            return [int(total) if grid.step == 1.0 and figure.whole else total for total in totals]
        lengths = counts if is_public else with_noise(counts, n_rows)
        return [total / max(n, 1) for total, n in zip(totals, lengths, strict=True)]
    if figure.kind == "quantile":
        middle = (figure.candidates[0] + figure.candidates[-1]) / 2
        numbers = np.where(cells.missing, middle, np.nan_to_num(cells.values))
        groups = [numbers[rows.groups == place] for place in range(rows.n_groups)]
        return chosen(
            groups,
            candidates=figure.candidates,
            alpha=figure.alpha,
            distance=n_rows,
            budget=next(budgets),
            is_rho=is_rho,
        )
    counts = _COUNTS[figure.kind](rows, cells)
    return counts if figure.kind == "len" and is_public else with_noise(counts, n_rows)


def _steps(figure: Figure, grid: Grid, cells: Cells) -> Numbers:
    """Return cells in steps of the grid, within its bounds; missing ones lie in the middle."""
    middle = (figure.lower + figure.upper) / 2
    numbers = np.where(cells.missing, middle, cells.values)
    clamped = np.clip(np.nan_to_num(numbers, nan=middle), figure.lower, figure.upper)
    steps: Numbers = np.rint((clamped - grid.origin) / grid.step).astype(np.int64)
    return np.clip(steps, grid.low, grid.high, out=steps)


def _value(total: int, grid: Grid, n_rows: int) -> float:
    # an origin other than 0 stands for a public number of rows
    return total * grid.step + (grid.origin * n_rows if grid.origin else 0.0)


def _lengths(rows: _Rows, _: Cells) -> list[int]:
    return rows.added(np.ones(len(rows.groups), dtype=np.int64))


def _not_missing(rows: _Rows, cells: Cells) -> list[int]:
    return rows.added((~cells.missing).astype(np.int64))


def _missing(rows: _Rows, cells: Cells) -> list[int]:
    return rows.added(cells.missing.astype(np.int64))


def _different(rows: _Rows, cells: Cells) -> list[int]:
    codes, _ = pd.factorize(pd.Series(cells.values).where(~cells.missing, None))
    pairs = np.unique(np.stack([rows.groups, codes]), axis=1)[0]
    return [int(number) for number in np.bincount(pairs[pairs >= 0], minlength=rows.n_groups)]


_COUNTS: dict[str, Callable[[_Rows, Cells], list[int]]] = {
    "len": _lengths,
    "count": _not_missing,
    "null_count": _missing,
    "n_unique": _different,
}


def _places(plan: Plan, columns: dict[str, Cells], n_rows: int) -> Numbers:
    """Return which combination of keys each row has; -1 for one that is not told."""
    rows = np.zeros(n_rows, dtype=np.int64)
    told = np.zeros(len(plan.combinations), dtype=np.int64)
    for position, name in enumerate(plan.groups):
        keys = pd.Index([combination[position] for combination in plan.combinations])
        different = keys.unique()
        cells = columns[name]
        own = different.get_indexer(pd.Index(cells.values))
        rows = np.where((rows < 0) | (own < 0) | cells.missing, -1, rows * len(different) + own)
        told = told * len(different) + different.get_indexer(keys)
        # numbered anew after each column, or ten of them would leave the range
        known = np.unique(told)
        found = np.minimum(np.searchsorted(known, rows), len(known) - 1)
        rows = np.where(known[found] == rows, found, -1)
        told = np.searchsorted(known, told)
    order = np.argsort(told)
    return np.where(rows < 0, -1, order[rows])
