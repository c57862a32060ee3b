"""Amounts of privacy: clients' numbers exactly as written, libraries' floats rounded up only."""

from __future__ import annotations

from decimal import MAX_PREC, ROUND_CEILING, ROUND_FLOOR, Context, Decimal, Inexact
from typing import Any

EPSILON_STEP = Decimal("1e-12")
"""What epsilon and rho are multiples of, and what every question costs at least."""

DELTA_STEP = Decimal("1e-18")
"""What delta is a multiple of."""

EXACT = Context(prec=MAX_PREC, traps=[Inexact])
"""Sums and products of amounts: a lost digit is an error."""

_LARGEST = Decimal("1e9")
_LONGEST = 40


class AmountError(ValueError):
    """An amount that cannot be charged: what it is, and what is allowed."""


def exact(value: Any, what: str, *, below: Decimal | None = None) -> Decimal:
    """Return a positive amount of a request, digit by digit as it was written.

    Parameters
    ----------
    value
        A decimal or an integer; texts are read as decimals. No float, as that has lost its text.
    what
        Its name, for the message.
    below
        What it must be less than.

    Returns
    -------
    Decimal
        From `EPSILON_STEP` to 1e9; below a `below`, from `DELTA_STEP`.

    Raises
    ------
    AmountError
        If it is no finite number in that range, or has more than 40 digits.
    """
    if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
        raise AmountError(f"{what} must be a number, got {str(value)[:40]!r}; write it as 0.1")
    try:
        amount = Decimal(value)
    except ArithmeticError:
        raise AmountError(
            f"{what} must be a number, got {str(value)[:40]!r}; write it as 0.1"
        ) from None
    step = EPSILON_STEP if below is None else DELTA_STEP
    if not amount.is_finite() or amount < step or amount > _LARGEST:
        raise AmountError(
            f"{what} must be from {step} to {below or _LARGEST:g}, got {str(value)[:40]}; nothing "
            "smaller can be charged, and nothing larger protects anybody"
        )
    if below is not None and amount >= below:
        raise AmountError(
            f"{what} must be below {below}, got {str(value)[:40]}; take a smaller one"
        )
    if len(amount.as_tuple().digits) > _LONGEST:
        raise AmountError(f"{what} has more than {_LONGEST} digits; round it")
    return amount


def charged(value: float | Decimal, *, step: Decimal = EPSILON_STEP) -> Decimal:
    """Return what a library's figure is charged as: its shortest text, rounded up to a step.

    Parameters
    ----------
    value
        Finite, 0 or more.
    step
        `EPSILON_STEP` for epsilon and rho, `DELTA_STEP` for delta.

    Raises
    ------
    AmountError
        If it is negative or not finite.

    Examples
    --------
    >>> charged(0.1), charged(1 / 3)
    (Decimal('0.1'), Decimal('0.333333333334'))
    """
    amount = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if not amount.is_finite() or amount < 0:
        raise AmountError(f"the amount {value} cannot be charged; ask for more noise")
    return plain(_quantised(amount, step, ROUND_CEILING))


def rounded_down(value: Decimal, *, step: Decimal = EPSILON_STEP) -> Decimal:
    """Return an amount rounded down to a step: what is left is never told too large."""
    return plain(_quantised(value, step, ROUND_FLOOR))


def plain(amount: Decimal) -> Decimal:
    """Return an amount without zeros at its end, and without an exponent above 0."""
    short = amount.normalize(Context(prec=MAX_PREC))
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short


def _quantised(amount: Decimal, step: Decimal, rounding: str) -> Decimal:
    # a long integer of libraries would not fit the default context of 28 digits
    return amount.quantize(step, rounding=rounding, context=Context(prec=MAX_PREC))
