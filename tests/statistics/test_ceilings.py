"""No attack exceeds the ceilings, and they are not higher than needed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.statistics import (
    advantage_ceiling,
    auc_ceiling,
    balanced_accuracy_ceiling,
    epsilon_of_rates,
    tpr_ceiling,
)

epsilons = st.floats(0, 8)
deltas = st.floats(0, 1)


@given(epsilons, deltas, st.floats(0, 1))
def test_tpr_ceiling_satisfies_both_inequalities_and_no_more(epsilon, delta, fpr):
    tpr = tpr_ceiling(fpr, epsilon=epsilon, delta=delta)
    slack = [
        np.exp(epsilon) * fpr + delta - tpr,
        np.exp(epsilon) * (1 - tpr) + delta - (1 - fpr),
        1 - tpr,
    ]
    assert min(slack) >= -1e-9
    assert min(slack) <= 1e-9 * np.exp(epsilon)


@given(epsilons, deltas)
def test_other_ceilings_follow_from_that_of_the_tpr(epsilon, delta):
    fpr = np.linspace(0, 1, 2001)
    tpr = np.array([tpr_ceiling(x, epsilon=epsilon, delta=delta) for x in fpr])
    options = {"epsilon": epsilon, "delta": delta}
    assert np.max(tpr - fpr) == pytest.approx(advantage_ceiling(**options), abs=2e-3)
    assert np.trapezoid(tpr, fpr) == pytest.approx(auc_ceiling(**options), abs=1e-3)
    balanced = balanced_accuracy_ceiling(**options)
    assert balanced == pytest.approx((1 + advantage_ceiling(**options)) / 2)


def test_area_of_pure_privacy_is_the_logistic_function():
    assert auc_ceiling(epsilon=2.0) == pytest.approx(np.exp(2) / (1 + np.exp(2)))


@pytest.mark.parametrize("epsilon", [800.0, np.inf])
def test_no_privacy_has_no_ceiling(epsilon):
    assert advantage_ceiling(epsilon=epsilon) == 1.0
    assert auc_ceiling(epsilon=epsilon) == 1.0
    assert tpr_ceiling(0.5, epsilon=epsilon) == 1.0


def test_no_privacy_allows_certainty_without_false_alarms():
    assert tpr_ceiling(0.0, epsilon=np.inf) == 1.0
    assert tpr_ceiling(0.0, epsilon=100.0, delta=0.01) == 0.01


@pytest.mark.parametrize(
    ("epsilon", "delta", "fpr"), [(-1, 0, 0), (np.nan, 0, 0), (1, -1, 0), (1, 2, 0), (1, 0, 2)]
)
def test_parameters_out_of_range_are_refused(epsilon, delta, fpr):
    with pytest.raises(ValueError, match=r"must be (at least 0|in \[0, 1\])"):
        tpr_ceiling(fpr, epsilon=epsilon, delta=delta)


@given(epsilons, st.floats(0, 0.5), st.floats(0.001, 0.999))
def test_epsilon_of_the_rates_on_a_ceiling_is_that_of_the_ceiling(epsilon, delta, fpr):
    tpr = tpr_ceiling(fpr, epsilon=epsilon, delta=delta)
    found = float(epsilon_of_rates(tpr, fpr, delta=delta))
    if tpr < 1:
        assert found == pytest.approx(epsilon, abs=1e-6)
    elif 1 - fpr - delta <= 0:  # and not a ceiling that is 1 by rounding alone
        assert found <= epsilon + 1e-9


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.9))
def test_epsilon_of_rates_explains_them(tpr, fpr, delta):
    epsilon = float(epsilon_of_rates(tpr, fpr, delta=delta))
    assert epsilon >= 0
    assert tpr <= tpr_ceiling(fpr, epsilon=epsilon, delta=delta) + 1e-9
    if tpr <= fpr:
        assert epsilon == 0


def test_certain_harm_has_no_epsilon():
    assert epsilon_of_rates(0.5, 0.0, delta=0.1) == np.inf
    assert epsilon_of_rates(0.05, 0.0, delta=0.1) == 0
    assert epsilon_of_rates([0.9, 0.5], [0.1, 0.5], delta=0.0) == pytest.approx([np.log(9), 0])
