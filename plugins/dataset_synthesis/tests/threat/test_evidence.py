"""Risk over many attacks."""

import numpy as np
import pytest
from anomed_dataset_synthesis.threat.evidence import rate_evidence, risk_of
from anomed_dataset_synthesis.threat.membership import assess_membership


def rates(attack, hits, non_members):
    return rate_evidence(
        attack=attack, measure="m", group="g", members=(hits, 500), non_members=(non_members, 500)
    )


def test_the_worst_attack_makes_the_risk():
    risk = risk_of([rates("weak", 60, 50), rates("strong", 400, 50), rates("none", 50, 50)])
    assert risk.worst.attack == "strong"
    assert risk.value == risk.estimate.low == pytest.approx(0.7, abs=0.07)
    assert risk.n_comparisons == 3


def test_more_comparisons_ask_for_more():
    alone = risk_of([rates("a", 100, 50)])
    crowd = risk_of([rates("a", 100, 50), *[rates("b", 50, 50)] * 200])
    awaited = risk_of([rates("a", 100, 50)], n_attackers=201)
    assert crowd.value == awaited.value < alone.value


def test_the_luckiest_of_many_worthless_attackers_does_not_count():
    rng = np.random.default_rng(21)
    is_member = np.arange(1000) < 500
    lucky = []
    for _ in range(20):
        pieces = []
        for _ in range(40):
            (result,) = assess_membership(rng.random(1000), is_member, attack="a")
            pieces += result.evidence()
        lucky.append(risk_of(pieces).value > 0)
    assert np.mean(lucky) <= 0.1


@pytest.mark.parametrize("options", [{"confidence": 0}, {"confidence": 1}, {"n_attackers": 0}])
def test_impossible_numbers_are_refused(options):
    with pytest.raises(ValueError, match="at least one of each"):
        risk_of([rates("a", 1, 1)], **options)
    with pytest.raises(ValueError, match="0 pieces of evidence"):
        risk_of([])
