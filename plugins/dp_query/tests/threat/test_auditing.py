"""Audits stay below what was paid where noise is right, and find half the noise."""

import numpy as np
import pytest
from anomed_dp_query.threat import audit_release

N_RUNS = 2_000


def audited(scale, seed):
    """Audit one noisy count among others that the canary does not move."""
    rng = np.random.default_rng(seed)

    def count(canary):
        return np.array([50.0, 100.0 + canary, 7.0]) + rng.laplace(0, scale, 3)

    return audit_release(
        lambda: count(0.0),
        lambda: count(1.0),
        claimed=1.0,
        delta=0.0,
        n_runs=N_RUNS,
        rng=np.random.default_rng(seed),
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_claim_that_holds_is_nearly_proved_and_not_refuted(seed):
    """0.859 is expected of 1,000 runs at a threshold that is known; here half of them choose it."""
    found = audited(scale=1.0, seed=seed)

    assert 0.4 < found.epsilon_lower <= 1.0
    assert not found.is_refuted


def test_half_the_noise_is_found():
    found = audited(scale=0.5, seed=0)

    assert found.is_refuted
    assert found.epsilon_lower < 2


def test_answers_without_noise_prove_as_much_as_can_be():
    exact = audit_release(
        lambda: np.array([1.0]),
        lambda: np.array([2.0]),
        claimed=1.0,
        delta=0.0,
        n_runs=200,
        rng=np.random.default_rng(0),
    )

    assert exact.is_refuted
    assert exact.epsilon_lower == pytest.approx(exact.bound.attainable)


def test_few_runs_are_no_audit():
    with pytest.raises(ValueError, match="at least 20"):
        audit_release(
            lambda: np.zeros(1),
            lambda: np.zeros(1),
            claimed=1.0,
            delta=0.0,
            n_runs=5,
            rng=np.random.default_rng(0),
        )
