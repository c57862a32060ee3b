"""An estimate holds its value and says how sure it is."""

import pytest

from anomed_core.statistics import Estimate, MembershipEstimate, check_confidence


@pytest.mark.parametrize(
    ("value", "low", "high"), [(0.5, 0.4, 0.6), (1.0, 1.0, 1.0), (2.0, 2.0, float("inf"))]
)
def test_limits_hold_the_value(value, low, high):
    estimate = Estimate(value=value, low=low, high=high, confidence=0.95)
    assert (estimate.low, estimate.value, estimate.high) == (low, value, high)


@pytest.mark.parametrize(
    ("value", "low", "high"), [(1, 2, 3), (3, 1, 2), (float("nan"), 0, 1), (1, float("nan"), 2)]
)
def test_a_value_outside_of_its_interval_is_refused(value, low, high):
    with pytest.raises(ValueError, match="low <= value <= high"):
        Estimate(value=value, low=low, high=high, confidence=0.95)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, -0.1, float("nan")])
def test_what_is_no_confidence_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence must be in"):
        check_confidence(confidence)
    with pytest.raises(ValueError, match="confidence must be in"):
        Estimate(value=1, low=1, high=1, confidence=confidence)


FACTS = {"n_members": 5, "n_non_members": 5, "method": "exact", "confidence": 0.95}


def test_estimate_of_memberships_shows_its_interval():
    assert str(MembershipEstimate(value=0.5, low=0.4, high=0.6, **FACTS)) == "0.500 [0.400, 0.600]"


def test_unresolved_value_is_in_parentheses():
    estimate = MembershipEstimate(value=0.0, low=0.0, high=0.6, resolved=False, **FACTS)
    assert str(estimate) == "(0.000) [0.000, 0.600]"


def test_bound_shows_no_upper_limit():
    estimate = MembershipEstimate(value=0.5, low=0.5, high=float("inf"), **FACTS)
    assert str(estimate) == ">= 0.500"
