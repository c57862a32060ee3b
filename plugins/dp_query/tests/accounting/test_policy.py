from decimal import Decimal

import pytest
from anomed_dp_query.accounting import Part, Policy, Price, over_maximum


def test_a_public_size_needs_another_unit_than_add_remove():
    with pytest.raises(ValueError, match="exact sums"):
        Policy(size_is_public=True)
    assert Policy(unit="change-one", size_is_public=True).distance(1) == 2


@pytest.mark.parametrize(
    ("unit", "distance"), [("add-remove", 3), ("change-one", 6), ("as-lomas", 3)]
)
def test_a_changed_person_is_removed_and_added(unit, distance):
    assert Policy(unit=unit).distance(3) == distance


def test_a_question_has_a_maximum():
    price = Price(
        parts=(Part(what="c", epsilon=Decimal("1.1"), delta=Decimal("2e-6"), rho=Decimal(1)),)
    )
    assert over_maximum(price, Policy()) is None
    assert "epsilon 1.1" in over_maximum(price, Policy(maximum_epsilon=Decimal(1)))
    assert "delta 0.000002" in over_maximum(price, Policy(maximum_delta=Decimal("1e-6")))
    assert over_maximum(price, Policy(maximum_epsilon=Decimal("1.1"))) is None


def test_a_reporting_delta_is_a_probability():
    with pytest.raises(ValueError, match="reporting_delta"):
        Policy(reporting_delta=Decimal(0))
