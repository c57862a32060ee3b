from decimal import Decimal
from fractions import Fraction

import pytest
from anomed_dp_query.accounting import Part, Price, split
from hypothesis import given
from hypothesis import strategies as st


def part(epsilon, delta="0"):
    return Part(what="count", epsilon=Decimal(epsilon), delta=Decimal(delta), rho=Decimal("0.005"))


def test_a_price_is_the_exact_sum_of_its_parts():
    price = Price(parts=(part("0.1"), part("0.2", "1e-18"), part("1e-12")))
    assert (price.epsilon, price.delta) == (Decimal("0.300000000001"), Decimal("1e-18"))
    assert price.document()["parts"][0] == {
        "what": "count",
        "epsilon": "0.1",
        "delta": "0",
        "rho": "0.005",
    }


def test_nothing_is_free():
    with pytest.raises(ValueError, match="at least"):
        Price(parts=(part("0"),))
    with pytest.raises(ValueError, match="finite number from 0"):
        part("-1")


@given(
    st.decimals(min_value="0.000001", max_value=1000, places=9),
    st.lists(st.fractions(min_value=Fraction(1, 1000), max_value=1000), min_size=1, max_size=20),
)
def test_shares_add_up_to_what_was_divided(amount, weights):
    shares = split(amount, weights)
    assert sum(map(Fraction, shares)) == Fraction(amount)
    total = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(Fraction(share) - Fraction(amount) * weight / total) <= Fraction(1, 10**13)


def test_what_is_too_little_is_not_divided():
    with pytest.raises(ValueError, match="too little"):
        split(Decimal("1e-12"), [Fraction(1), Fraction(1, 10**9)])
