"""What a question costs, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from anomed_dp_query.accounting.amounts import DELTA_STEP, EPSILON_STEP, EXACT, plain


def _from_zero(_: Any, attribute: attrs.Attribute[Any], value: Decimal) -> None:
    if not value.is_finite() or value < 0:
        raise ValueError(f"{attribute.name} is {value}; an amount is a finite number from 0")


@attrs.frozen(kw_only=True)
class Part:
    """What one piece of noise costs.

    Attributes
    ----------
    what
        What is noised, in words such as ``sum of income``.
    epsilon, delta
        Under basic composition.
    rho
        In zero-concentrated differential privacy.
    rho_delta
        What escapes the rho: 0, but for mechanisms that have a delta of their own.
    """

    what: str
    epsilon: Decimal = attrs.field(validator=_from_zero)
    delta: Decimal = attrs.field(default=Decimal(0), validator=_from_zero)
    rho: Decimal = attrs.field(validator=_from_zero)
    rho_delta: Decimal = attrs.field(default=Decimal(0), validator=_from_zero)


@attrs.frozen(kw_only=True)
class Price:
    """What a question costs: the exact sum of its parts.

    Attributes
    ----------
    parts
        At least one; together they cost at least `EPSILON_STEP`.
    """

    parts: tuple[Part, ...] = attrs.field(validator=attrs.validators.min_len(1))

    def __attrs_post_init__(self) -> None:
        if self.epsilon < EPSILON_STEP:
            raise ValueError(f"a price is at least {EPSILON_STEP}, got {self.epsilon}")

    @property
    def epsilon(self) -> Decimal:
        """Sum of the parts' epsilons."""
        return _sum(part.epsilon for part in self.parts)

    @property
    def delta(self) -> Decimal:
        """Sum of the parts' deltas."""
        return _sum(part.delta for part in self.parts)

    @property
    def rho(self) -> Decimal:
        """Sum of the parts' rhos."""
        return _sum(part.rho for part in self.parts)

    @property
    def rho_delta(self) -> Decimal:
        """Sum of what escapes the parts' rhos."""
        return _sum(part.rho_delta for part in self.parts)

    def document(self) -> dict[str, Any]:
        """Return it as JSON values: amounts are texts, parts have the key ``what``."""
        return {
            "epsilon": f"{self.epsilon:f}",
            "delta": f"{self.delta:f}",
            "rho": f"{self.rho:f}",
            "parts": [
                {
                    "what": part.what,
                    "epsilon": f"{part.epsilon:f}",
                    "delta": f"{part.delta:f}",
                    "rho": f"{part.rho:f}",
                }
                for part in self.parts
            ],
        }


def split(
    amount: Decimal, weights: Sequence[Fraction], *, step: Decimal = EPSILON_STEP
) -> tuple[Decimal, ...]:
    """Divide an amount by weights so that the shares add up to it exactly.

    All but the heaviest are rounded down to a thousandth of the step, and the heaviest takes what
    is left.

    Parameters
    ----------
    amount
        Greater than 0.
    weights
        At least one, each greater than 0.
    step
        `EPSILON_STEP` or `DELTA_STEP`.

    Raises
    ------
    ValueError
        If a share would be nothing.
    """
    fine = step * (1 if step == DELTA_STEP else Decimal("1e-3"))
    total, whole = sum(weights, Fraction(0)), Fraction(amount)
    unit = Fraction(fine)
    heaviest = max(range(len(weights)), key=lambda place: weights[place])
    shares = [
        EXACT.multiply(Decimal(int(whole * weight / total / unit)), fine) for weight in weights
    ]
    others = _sum(share for place, share in enumerate(shares) if place != heaviest)
    shares[heaviest] = EXACT.subtract(amount, others)
    if any(share <= 0 for share in shares):
        raise ValueError(f"{amount} is too little to be divided among {len(weights)} parts")
    return tuple(plain(share) for share in shares)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return plain(total)
