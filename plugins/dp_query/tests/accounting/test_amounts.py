from decimal import Decimal
from fractions import Fraction

import pytest
from anomed_dp_query.accounting import DELTA_STEP, EPSILON_STEP, AmountError, charged, exact
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("text", ["0.1", "1e-12", "1000000000", "0.30000000000000004"])
def test_a_request_s_number_is_kept_digit_by_digit(text):
    assert exact(Decimal(text), "epsilon") == Decimal(text)


@pytest.mark.parametrize(
    "value",
    [0, -1, Decimal("NaN"), Decimal("Infinity"), Decimal("-0.1"), Decimal("1e-13"), Decimal("1e10"),
     0.1, True, None, "many", [1], Decimal("5e-324"), Decimal("0." + "1" * 41)],
)  # fmt: skip
def test_what_is_no_amount_is_refused(value):
    with pytest.raises(AmountError, match="epsilon"):
        exact(value, "epsilon")


@pytest.mark.parametrize("value", [1, Decimal("1.5"), Decimal("1e-19"), 0])
def test_a_delta_is_below_one_and_not_too_small(value):
    with pytest.raises(AmountError, match="delta"):
        exact(value, "delta", below=Decimal(1))


def test_a_tenth_is_charged_as_a_tenth():
    assert charged(0.1) == Decimal("0.1")
    assert charged(1e-13) == EPSILON_STEP
    assert charged(9.99e-19, step=DELTA_STEP) == DELTA_STEP


@given(st.floats(min_value=0, max_value=1e9))
def test_charges_are_rounded_up_by_less_than_a_step(value):
    amount = charged(value)
    assert 0 <= Fraction(amount) - Fraction(Decimal(repr(value))) < Fraction(EPSILON_STEP)
    assert Fraction(amount) % Fraction(EPSILON_STEP) == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_no_figure_is_no_charge(value):
    with pytest.raises(AmountError):
        charged(value)
