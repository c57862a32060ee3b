"""Claims of differential privacy against evidence."""

import numpy as np
import pytest
from anomed_dataset_synthesis.audit.canary import CanaryAudit
from anomed_dataset_synthesis.audit.claims import (
    ClaimFinding,
    find_on_claim,
    parse_claim,
    provable_epsilon,
)
from anomed_dataset_synthesis.dp.accounting import Guarantee

CLAIM = Guarantee(epsilon=1.0, delta=1e-5, accountant="zCDP")


def scores(rate, n=2000, seed=1):
    """Give scores of an attack that recognises members at some rate."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < rate, 1.0, 0.9 * rng.random(n)), 0.9 * rng.random(n)


def audit(hits_with, hits_without, claim=CLAIM):
    return CanaryAudit(
        n_with=300,
        n_without=300,
        hits_with=hits_with,
        hits_without=hits_without,
        threshold=0.5,
        score="mean",
        confidence=0.95,
        claim=claim,
    )


def test_an_untested_claim_is_only_claimed():
    finding = find_on_claim(CLAIM, rng=np.random.default_rng(1))
    assert finding.state == "claimed"
    assert finding.epsilon_lower == finding.epsilon_provable == 0
    assert finding.statement() == "epsilon 1, delta 1e-05: claimed; nobody has tested it."


def test_a_worthless_attack_does_not_refute():
    finding = find_on_claim(CLAIM, attacks=[scores(0)], rng=np.random.default_rng(1))
    assert finding.state == "not refuted"
    assert finding.epsilon_lower < 0.5
    assert "could have proved at most 5.94" in finding.statement()


def test_a_false_claim_is_refuted_by_a_copy():
    finding = find_on_claim(CLAIM, attacks=[scores(1.0)], rng=np.random.default_rng(1))
    assert finding.state == "refuted"
    assert finding.epsilon_lower > 5


def test_a_claim_beyond_what_the_targets_can_prove_is_never_refuted():
    bold = Guarantee(epsilon=6.0, delta=0.0, accountant="none")
    finding = find_on_claim(bold, attacks=[scores(1.0)], rng=np.random.default_rng(1))
    assert finding.epsilon_provable < bold.epsilon
    assert finding.state == "not refuted"


def test_an_audit_counts_only_while_it_does_not_refute():
    assert ClaimFinding(claim=CLAIM, audit=audit(160, 140)).state == "audited"
    assert ClaimFinding(claim=CLAIM, audit=audit(300, 0)).state == "refuted"


def test_true_claims_are_hardly_ever_refuted():
    """Randomised response at epsilon 1 is as bad as epsilon 1 may be."""
    honest = Guarantee(epsilon=1.0, delta=0.0, accountant="randomised response")
    rate = np.e / (1 + np.e)
    refuted = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        attacks = [
            ((rng.random(300) < rate).astype(float), (rng.random(300) < 1 - rate).astype(float))
            for _ in range(3)
        ]
        refuted.append(find_on_claim(honest, attacks=attacks, rng=rng).state == "refuted")
    assert np.mean(refuted) <= 0.05


def test_more_tests_ask_for_more():
    alone = find_on_claim(CLAIM, attacks=[scores(0.3)], rng=np.random.default_rng(2))
    among = ClaimFinding(claim=CLAIM, tests=alone.tests * 50)
    assert among.epsilon_lower < alone.epsilon_lower


@pytest.mark.parametrize(("n", "epsilon"), [(100, 3.63), (1_000, 5.94), (10_000, 8.25)])
def test_so_many_targets_can_prove_so_much(n, epsilon):
    assert provable_epsilon(n, n) == pytest.approx(epsilon, abs=0.05)


def test_a_claim_survives_its_json_form():
    assert parse_claim(CLAIM.to_dict()) == CLAIM


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"epsilon": None}, "epsilon is 'None'"),
        ({"epsilon": True}, "epsilon is 'True'"),
        ({"epsilon": float("nan")}, "give a finite number"),
        ({"epsilon": 10**400}, "epsilon is '1000"),
        ({"delta": 10**400}, "delta is '1000"),
        ({"epsilon": -1}, "epsilon"),
        ({"delta": 1}, "delta"),
        ({"unit": 3}, "must be texts"),
        ({"public_inputs": "codebook"}, "list of"),
        ({"public_inputs": [3]}, "list of"),
        ({"extra": 1}, "with exactly"),
    ],
)
def test_malformed_claims_are_refused(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_claim({**CLAIM.to_dict(), **change})


def test_a_claim_that_leaves_something_out_is_refused():
    incomplete = CLAIM.to_dict()
    del incomplete["neighbours"]
    for value in (incomplete, [], "epsilon = 1", None):
        with pytest.raises(ValueError, match="with exactly"):
            parse_claim(value)


def test_attacks_without_targets_to_spare_are_refused():
    with pytest.raises(ValueError, match="at least two"):
        find_on_claim(CLAIM, attacks=[(np.ones(1), np.ones(5))], rng=np.random.default_rng(1))
