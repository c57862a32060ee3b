"""Exact amounts: what budgets are counted in.

A float holds 0.1 only nearly, and whoever adds three of them finds more than 0.3. So amounts are
decimals with all their digits, from the request to both databases, where they are text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Any, SupportsIndex

MOST_DIGITS = 40
"""Significant digits of an amount."""

_FINEST, _LARGEST = -30, 30
_LONGEST_SHOWN = 60
_FORM = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", re.ASCII)

# Sums of 10^38 amounts still have all their digits; what has not is an error, never rounded.
EXACT = Context(prec=100, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])
"""Arithmetic that loses no digit."""

NOTHING = Decimal(0)


class NotAnAmountError(ValueError):
    """A number, or something else, that budgets cannot be counted in."""


def as_amount(value: Any) -> Decimal:
    """Return a number as an exact amount.

    Parameters
    ----------
    value
        A decimal, an integer, its text, or a float, which is taken by its shortest text: 0.1 is
        one tenth.

    Returns
    -------
    decimal.Decimal
        From 0, without zeros at its end.

    Raises
    ------
    NotAnAmountError
        If it is no number, infinite or negative, has more than `MOST_DIGITS` significant digits,
        or is beyond 1e-30 to 1e30.

    Examples
    --------
    >>> as_amount(0.1) == as_amount("0.10")
    True
    >>> as_amount("1e-18")
    Decimal('1E-18')
    """
    text = _text_of(value)
    form = _FORM.fullmatch(text)
    if form is None or not (form[2] or form[3]):
        raise _refused(value, "it is no finite number")
    digits = (form[2] + (form[3] or "")).lstrip("0")
    if not digits:
        return NOTHING
    if form[1] == "-":
        raise _refused(value, "it is negative")
    n_zeros = len(digits) - len(digits.rstrip("0"))
    if len(digits) - n_zeros > MOST_DIGITS:
        raise _refused(value, f"it has more than {MOST_DIGITS} digits")
    last = _exponent(form[4]) - len(form[3] or "") + n_zeros
    first = last + len(digits) - n_zeros - 1
    if last < _FINEST or first > _LARGEST:
        raise _refused(value, f"it is beyond 1e{_FINEST} to 1e{_LARGEST}")
    return Decimal((0, tuple(map(int, digits[: len(digits) - n_zeros])), last))


def amount_text(amount: Decimal) -> str:
    """Return the one text of an amount: digits, without an exponent or zeros at the end.

    Examples
    --------
    >>> amount_text(as_amount("1.50")), amount_text(as_amount("3e2"))
    ('1.5', '300')
    """
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def text_or_none(amount: Decimal | None) -> str | None:
    """Return the text of an amount; ``None`` for none, as where there is no limit."""
    return None if amount is None else amount_text(amount)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of amounts.

    Examples
    --------
    >>> total(map(as_amount, ["0.1", "0.1", "0.1"])) == as_amount("0.3")
    True
    """
    result = NOTHING
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def less(amount: Decimal, other: Decimal) -> Decimal:
    """Return by how much an amount exceeds another one, exactly."""
    return EXACT.subtract(amount, other)


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, SupportsIndex) and not isinstance(value, bool):
        number = operator.index(value)
        # Python refuses to write very long integers, and takes long for long ones.
        return str(number) if abs(number) < 10 ** (_LARGEST + 1) else f"{number.bit_length()}e99"
    raise _refused(value, "it is no number")


def _exponent(digits: str | None) -> int:
    """Return an exponent, or one that is as good as any beyond all bounds."""
    return int(digits[:5]) if digits else 0


def _refused(value: Any, why: str) -> NotAnAmountError:
    shown = f"an integer of {value.bit_length()} bits" if _is_long(value) else repr(value)
    if len(shown) > _LONGEST_SHOWN:
        shown = f"{shown[:_LONGEST_SHOWN]}..."
    return NotAnAmountError(
        f"{shown} is no amount: {why}; give a decimal from 0 to 1e{_LARGEST} with up to "
        f"{MOST_DIGITS} digits, none finer than 1e{_FINEST}, as in 0.1"
    )


def _is_long(value: Any) -> bool:
    return isinstance(value, int) and value.bit_length() > 8 * _LONGEST_SHOWN
