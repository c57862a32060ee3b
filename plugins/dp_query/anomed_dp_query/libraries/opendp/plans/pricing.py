"""Divide a plan's price among its noised parts, from the plan and public facts alone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import attrs

from anomed_dp_query.accounting import (
    DELTA_STEP,
    Part,
    Policy,
    Price,
    epsilon_of_rho,
    rho_of_epsilon,
    split,
)
from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.opendp.noise import choice_scale
from anomed_dp_query.libraries.opendp.plans.model import Figure, Plan
from anomed_dp_query.libraries.opendp.plans.sensitivity import (
    n_rows_is_public,
    row_distance,
    sum_distance,
)
from anomed_dp_query.metadata.model import TableMetadata

_WORDS = {
    "len": "number of rows as",
    "count": "cells of",
    "null_count": "missing cells of",
    "n_unique": "different cells of",
}


@attrs.frozen(kw_only=True)
class Shares:
    """What each noised part of a plan may spend.

    Attributes
    ----------
    names
        What is noised, as ``sum of income``.
    budgets
        Epsilon of each, or rho.
    is_rho
        Whether budgets are rhos, and noise is Gaussian.
    delta
        At which a rho is told as an epsilon; 0 for none.
    """

    names: tuple[str, ...]
    budgets: tuple[Decimal, ...]
    is_rho: bool
    delta: Decimal = Decimal(0)

    def price(self, policy: Policy) -> Price:
        """Return the price with its parts."""
        if not self.is_rho:
            parts = tuple(
                Part(what=name, epsilon=epsilon, rho=rho_of_epsilon(epsilon))
                for name, epsilon in zip(self.names, self.budgets, strict=True)
            )
            return Price(parts=parts)
        total = sum(self.budgets, Decimal(0))
        weights = [Fraction(budget) for budget in self.budgets]
        epsilon = epsilon_of_rho(total, delta=self.delta or policy.reporting_delta)
        deltas = (Decimal(0),) * len(weights)
        if self.delta:
            deltas = split(self.delta, weights, step=DELTA_STEP)
        parts = tuple(
            Part(what=name, epsilon=share, delta=delta, rho=rho)
            for name, share, delta, rho in zip(
                self.names, split(epsilon, weights), deltas, self.budgets, strict=True
            )
        )
        return Price(parts=parts)


def shares_of(
    plan: Plan,
    table: TableMetadata,
    policy: Policy,
    *,
    epsilon: Decimal | None,
    rho: Decimal | None,
    delta: Decimal | None,
) -> Shares:
    """Return how the budget of a plan is divided: a figure's explicit scale is a weight.

    Each part gets ``D / s`` of the epsilon, or ``(D / s)^2`` of the rho, where D is its sensitivity
    and s its scale, or D if there is none.

    Parameters
    ----------
    plan, table, policy
        What is asked, of what, and how it is counted.
    epsilon, rho
        One of them.
    delta
        At which a rho is told as an epsilon.

    Raises
    ------
    QueryRefused
        If nothing in the plan is noised, or too little is left for a part.
    """
    parts = list(_parts(plan, table, policy))
    if not parts:
        raise QueryRefused(
            "the plan asks for the number of rows only, which is public here; read it in the "
            "metadata"
        )
    names, ratios = zip(*parts, strict=True)
    budget = rho if epsilon is None else epsilon
    if budget is None:
        raise ValueError("shares need an epsilon or a rho")
    weights = [ratio if epsilon is not None else ratio**2 for ratio in ratios]
    try:
        budgets = split(budget, weights)
    except ValueError:
        raise QueryRefused(
            f"{budget} is too little for the {len(weights)} noised parts of the plan; ask for "
            "fewer figures, or give scales that are nearer to each other"
        ) from None
    return Shares(names=names, budgets=budgets, is_rho=epsilon is None, delta=delta or Decimal(0))


def _parts(plan: Plan, table: TableMetadata, policy: Policy) -> Iterator[tuple[str, Fraction]]:
    """Yield name and ``D / s`` of each noised part, in the order in which they are run."""
    is_public = n_rows_is_public(plan, policy)
    n_rows = row_distance(table, policy)
    for figure in plan.figures:
        if figure.kind in {"sum", "mean"}:
            grid, distance = sum_distance(figure, plan, table, policy)
            yield f"sum of {figure.name}", _ratio(Fraction(distance) * Fraction(grid.step), figure)
            if figure.kind == "mean" and not is_public:
                yield f"rows of {figure.name}", Fraction(1)
        elif figure.kind == "quantile":
            loss = Fraction(1)
            if figure.scale is not None:
                loss = Fraction(
                    choice_scale(
                        figure.candidates, alpha=figure.alpha, distance=n_rows, budget=Decimal(1)
                    )
                )
            yield f"quantile of {figure.name}", _ratio(loss, figure)
        elif figure.kind != "len" or not is_public:
            yield f"{_WORDS[figure.kind]} {figure.name}", _ratio(Fraction(n_rows), figure)


def _ratio(sensitivity: Fraction, figure: Figure) -> Fraction:
    return Fraction(1) if figure.scale is None else sensitivity / Fraction(figure.scale)
