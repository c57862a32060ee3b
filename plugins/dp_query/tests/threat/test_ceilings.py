"""What was spent bounds what can be learnt; more is a fault."""

import numpy as np
import pytest
from anomed_dp_query.threat import Spent, assess_membership


@pytest.mark.parametrize(
    ("epsilon", "auc"), [(0.1, 0.52498), (0.5, 0.62246), (1, 0.73106), (3, 0.95257)]
)
def test_the_ceiling_of_the_area_is_that_of_the_region(epsilon, auc):
    """1 - 1 / (1 + e^eps), checked by numeric integration of the region's border."""
    assert Spent(epsilon=epsilon).auc_ceiling == pytest.approx(auc, abs=5e-6)


def test_ceilings_are_those_of_the_reference(recorded):
    for name, expected in recorded("closed_forms.json")["membership_bound"].items():
        epsilon, delta = map(float, name.split("/"))
        spent = Spent(epsilon=epsilon, delta=delta)
        assert spent.auc_ceiling == pytest.approx(expected["auc_numeric"], abs=1e-6)
        assert spent.advantage_ceiling == pytest.approx(expected["advantage"])


def test_an_attack_as_good_as_can_be_is_no_incident():
    """Randomised response at epsilon 1 is the best attack that there is; 2,000 targets."""
    rng = np.random.default_rng(4)
    is_member = np.arange(2_000) < 1_000
    tells_truth = rng.random(2_000) < np.e / (1 + np.e)
    scores = np.where(tells_truth, is_member, ~is_member).astype(float)

    found = assess_membership(scores, is_member, spent=Spent(epsilon=1), n_attackers=20)
    assert found.auc.value == pytest.approx(found.spent.auc_ceiling, abs=0.03)
    assert not found.is_incident
    too_much = assess_membership(scores, is_member, spent=Spent(epsilon=0.5), n_attackers=20)
    assert too_much.is_incident
