"""What a query costs: each noised column of what the library makes of it, and its delta.

The library notices that AVG is a sum and a count, and VAR a sum of squares besides; equal columns
are noised once. Its epsilons are added up; its delta is that of its odometer.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from anomed_dp_query.accounting import (
    DELTA_STEP,
    Part,
    Policy,
    Price,
    Unit,
    charged,
    rho_of_epsilon,
    split,
)
from anomed_dp_query.accounting.amounts import EXACT
from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.sql.grammar import Item, Select
from anomed_dp_query.metadata.model import TableMetadata

_COUNTED = "COUNT"
_PARTS = {
    "SUM": ("SUM",),
    "AVG": ("SUM", "COUNT"),
    "VAR": ("SUM", "COUNT", "SQUARES"),
    "STDDEV": ("SUM", "COUNT", "SQUARES"),
}


def noised_columns(select: Select, *, censored: bool) -> tuple[str, ...]:
    """Return the columns that get noise, each once, as ``SUM income``."""
    columns: dict[str, None] = {}
    for item in select.aggregates:
        for name in _columns(item):
            columns[name] = None
    if censored:
        columns["COUNT *"] = None
    return tuple(columns)


def _columns(item: Item) -> tuple[str, ...]:
    if item.aggregate == _COUNTED:
        inside = f"DISTINCT {item.column}" if item.distinct else item.column or "*"
        return (f"COUNT {inside}",)
    return tuple(f"{part} {item.column}" for part in _PARTS[item.aggregate])


def price_of(
    select: Select,
    table: TableMetadata,
    policy: Policy,
    *,
    epsilon: Decimal,
    delta: Decimal,
    gaussian_counts: bool,
) -> Price:
    """Return what a query costs.

    Parameters
    ----------
    select, table, policy
        What is asked, of what, and how it is counted.
    epsilon
        Of each noised column.
    delta
        0 for none.
    gaussian_counts
        Whether counts get Gaussian noise.

    Raises
    ------
    QueryRefused
        If no delta below 1 is left.
    """
    columns = noised_columns(select, censored=table.censor_dims)
    factor = 2 if policy.unit is Unit.CHANGE_ONE else 1
    each = epsilon * factor
    deltas = [Decimal(0)] * len(columns)
    if delta > 0:
        weights = [
            Fraction(delta) / (2 * len(columns))
            + (Fraction(delta) if _has_delta(name, gaussian_counts) else 0)
            for name in columns
        ]
        total = _total(delta, [_has_delta(name, gaussian_counts) for name in columns])
        if factor > 1:  # of two steps between neighbours, the second weighs e to the epsilon
            total = charged(total * (1 + (epsilon * len(columns)).exp()), step=DELTA_STEP)
        if total >= 1:
            raise QueryRefused(f"its delta would be {total:.3g}, and must be below 1; ask for less")
        deltas = list(split(total, weights, step=DELTA_STEP))
    return Price(
        parts=tuple(
            Part(
                what=name.lower(),
                epsilon=each,
                delta=share,
                rho=rho_of_epsilon(each),
                rho_delta=share,
            )
            for name, share in zip(columns, deltas, strict=True)
        )
    )


def _has_delta(name: str, gaussian_counts: bool) -> bool:
    # the number of rows is what keys are left out by, and carries the delta whatever its noise is
    return name == "COUNT *" or (gaussian_counts and name.startswith("COUNT"))


def _total(delta: Decimal, carriers: list[bool]) -> Decimal:
    """Return ``1 - (1 - delta / 2) (1 - delta)^n``, as the library's odometer does."""
    kept = EXACT.subtract(Decimal(1), EXACT.multiply(delta, Decimal("0.5")))
    for carrier in carriers:
        if carrier:
            kept = EXACT.multiply(kept, EXACT.subtract(Decimal(1), delta))
    return charged(EXACT.subtract(Decimal(1), kept), step=DELTA_STEP)
