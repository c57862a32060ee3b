import math
from decimal import Decimal

import numpy as np
import pytest
from anomed_dp_query.accounting import (
    Part,
    Policy,
    Price,
    amounts_of,
    epsilon_of_rho,
    largest_epsilon,
    rho_of_epsilon,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def bound(rho, delta):
    """The formula of Canonne, Kamath and Steinke on a grid of orders: never below the minimum."""
    alpha = 1 + np.logspace(-6, 6, 400_001)
    epsilons = alpha * rho + (
        math.log(1 / delta) + (alpha - 1) * np.log1p(-1 / alpha) - np.log(alpha)
    ) / (alpha - 1)
    return float(np.min(epsilons))


# minimised numerically from the formula of Canonne, Kamath and Steinke 2020
@pytest.mark.parametrize(
    ("rho", "delta", "epsilon"),
    [
        ("0.5", "1e-6", 5.221534444530168),
        ("0.01", "1e-5", 0.5457255482740025),
        ("0.005", "1e-5", 0.37526123569944536),
        ("0.1", "1e-6", 2.1419389283854735),
    ],
)
def test_a_rho_is_told_as_the_epsilon_of_the_paper(rho, delta, epsilon):
    told = epsilon_of_rho(Decimal(rho), delta=Decimal(delta))
    assert float(told) == pytest.approx(epsilon, rel=1e-11)


def test_the_recorded_conversions_are_met(recorded):
    for name, values in recorded("closed_forms.json")["zcdp"].items():
        rho, delta = (text.split("=")[1] for text in name.split(","))
        told = epsilon_of_rho(Decimal(rho), delta=Decimal(delta))
        assert float(told) == pytest.approx(values["optimal_eps_CKS20"], rel=1e-11)


@settings(max_examples=25)
@given(
    st.decimals(min_value="0.0001", max_value=20, places=6),
    st.sampled_from(["1e-3", "1e-6", "1e-9"]),
)
def test_a_conversion_is_near_the_formula_and_never_below(rho, delta):
    told = float(epsilon_of_rho(rho, delta=Decimal(delta)))
    # delta = exp((a-1)(a rho - e) + a log(1 - 1/a)) / (a-1), solved for e
    assert bound(float(rho), float(delta)) * (1 - 1e-9) <= told
    assert told <= bound(float(rho), float(delta)) * (1 + 1e-6) + 1e-11


@given(st.decimals(min_value="0.000001", max_value=10, places=6))
def test_the_largest_epsilon_that_fits_fits(rho):
    epsilon = largest_epsilon(rho)
    assert rho_of_epsilon(epsilon) <= rho + Decimal("1e-12")
    assert rho_of_epsilon(epsilon + Decimal("1e-9")) > rho


def test_nothing_left_is_nothing():
    assert largest_epsilon(Decimal(0)) == 0
    assert epsilon_of_rho(Decimal(0), delta=Decimal("1e-6")) == 0


def test_what_is_no_rho_has_no_epsilon():
    with pytest.raises(ValueError, match="no epsilon"):
        epsilon_of_rho(Decimal(-1), delta=Decimal("1e-6"))
    with pytest.raises(ValueError, match="no epsilon"):
        epsilon_of_rho(Decimal(1), delta=Decimal(1))


def test_an_account_is_charged_in_its_own_currency():
    pure = Part(what="count", epsilon=Decimal("0.1"), rho=rho_of_epsilon(Decimal("0.1")))
    rough = Part(what="sum", epsilon=Decimal(1), delta=Decimal("1e-6"), rho=Decimal("0.0243"))
    price = Price(parts=(pure, rough))
    assert amounts_of(price, Policy()) == {"epsilon": Decimal("1.1"), "delta": Decimal("1e-6")}
    assert amounts_of(price, Policy(accounting="zcdp")) == {"rho": Decimal("0.0293")}
    assert amounts_of(Price(parts=(pure,)), Policy()) == {"epsilon": Decimal("0.1")}


def test_three_tenths_are_spent_by_three_tenths():
    spent = sum((amounts_of(Price(parts=(Part(
        what="count", epsilon=Decimal("0.1"), rho=rho_of_epsilon(Decimal("0.1"))
    ),)), Policy())["epsilon"] for _ in range(3)), Decimal(0))  # fmt: skip
    assert spent == Decimal("0.3")
