import pytest
from anomed_supervised_mia.metrics import Estimate

FACTS = {"n_members": 5, "n_non_members": 5, "method": "exact", "confidence": 0.95}


def test_estimate_shows_its_interval():
    assert str(Estimate(value=0.5, low=0.4, high=0.6, **FACTS)) == "0.500 [0.400, 0.600]"


def test_unresolved_value_is_in_parentheses():
    estimate = Estimate(value=0.0, low=0.0, high=0.6, resolved=False, **FACTS)
    assert str(estimate) == "(0.000) [0.000, 0.600]"


def test_bound_shows_no_upper_limit():
    assert str(Estimate(value=0.5, low=0.5, high=float("inf"), **FACTS)) == ">= 0.500"


@pytest.mark.parametrize(("value", "low", "high"), [(1, 2, 3), (3, 1, 2), (float("nan"), 0, 1)])
def test_value_outside_of_its_interval_is_refused(value, low, high):
    with pytest.raises(ValueError, match="low <= value <= high"):
        Estimate(value=value, low=low, high=high, **FACTS)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_confidence_that_is_none_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        Estimate(value=1, low=1, high=1, **{**FACTS, "confidence": confidence})
