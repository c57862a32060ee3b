"""The quantile attack: it knows what is high for whom."""

import numpy as np
import pytest
from anomed_supervised_mia.attacks import (
    Attack,
    LossThreshold,
    QuantileRegressionAttack,
    Signals,
    cross_fit,
)
from anomed_supervised_mia.attacks.quantile_regression import _normal_scores
from scipy.stats import norm
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import roc_auc_score

RNG = np.random.default_rng


def uneven_difficulty(n_records, lift, *, seed=0):
    """Draw confidences that depend strongly on the record, and a little on membership."""
    rng = RNG(seed)
    features = rng.uniform(-1, 1, (n_records, 2))
    confidences = 8 * np.sign(features[:, 0]) + rng.normal(lift, 1, n_records)
    return Signals.from_logits(
        np.column_stack([confidences, np.zeros(n_records)]),
        np.zeros(n_records, dtype=int),
        features=features,
    )


def test_it_finds_what_differing_difficulty_hides_from_a_threshold():
    members, others = uneven_difficulty(800, 1.5), uneven_difficulty(800, 0.0, seed=1)
    truth, aucs = np.repeat([1, 0], 800), []
    for attack in (LossThreshold(), QuantileRegressionAttack()):
        scores = cross_fit(members, others, attack=attack, rng=RNG(0))
        aucs.append(roc_auc_score(truth, np.concatenate([scores.members, scores.non_members])))
    assert aucs[0] < 0.72
    # The best possible is Phi(1.5 / sqrt(2)) = .856.
    assert 0.80 < aucs[1] < 0.88


def test_scores_of_fresh_non_members_are_standard_normal():
    fitted = QuantileRegressionAttack().fit(
        uneven_difficulty(1, 0.0), uneven_difficulty(2000, 0.0), rng=RNG(0)
    )
    scores = fitted.score(uneven_difficulty(2000, 0.0, seed=1))
    for level in (0.1, 0.5, 0.9):
        assert (scores < norm.ppf(level)).mean() == pytest.approx(level, abs=0.05)


def test_scores_pass_through_the_levels_and_grow_beyond_them():
    quantiles = np.tile([0.0, 1.0, 3.0], (5, 1))
    values = np.array([-1.0, 0.0, 1.0, 3.0, 6.0])
    scores = _normal_scores(values, quantiles, levels=(0.1, 0.5, 0.9))
    z = norm.ppf(0.9)
    np.testing.assert_allclose(scores, [-z - 2 * z / 3, -z, 0.0, z, 3 * z], atol=1e-12)


def test_quantiles_that_coincide_give_finite_scores_in_order():
    quantiles = np.full((3, 2), 4.0)
    scores = _normal_scores(np.array([3.0, 4.0, 5.0]), quantiles, levels=(0.1, 0.9))
    assert np.isfinite(scores).all()
    assert (np.diff(scores) > 0).all()


def test_another_quantile_regressor_may_be_used():
    attack = QuantileRegressionAttack(
        levels=(0.25, 0.75), estimator=QuantileLossRegressor(alpha=0.0)
    )
    others = uneven_difficulty(100, 0.0)
    scores = attack.fit(others, others, rng=RNG(0)).score(uneven_difficulty(100, 3.0, seed=2))
    assert scores.mean() > 0


class QuantileLossRegressor(QuantileRegressor):
    """Give scikit-learn's linear quantile regressor the one parameter it lacks."""

    def __init__(self, *, quantile=0.5, alpha=1.0, loss="quantile"):
        super().__init__(quantile=quantile, alpha=alpha)
        self.loss = loss


def test_the_same_generator_gives_the_same_scores():
    members, others = uneven_difficulty(60, 1.0), uneven_difficulty(60, 0.0, seed=1)
    first, second = (
        cross_fit(members, others, attack=QuantileRegressionAttack(), rng=RNG(4)).members
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_the_attack_follows_the_protocol_and_says_that_it_learns():
    assert isinstance(QuantileRegressionAttack(), Attack)
    assert QuantileRegressionAttack().learns


def test_missing_parts_are_named():
    others = uneven_difficulty(10, 0.0)
    with pytest.raises(ValueError, match="0 came"):
        QuantileRegressionAttack().fit(others, others.subset([]), rng=RNG(0))
    with pytest.raises(ValueError, match="feature vectors and true labels"):
        QuantileRegressionAttack().fit(others, Signals.from_losses([1.0]), rng=RNG(0))


@pytest.mark.parametrize("levels", [(0.5,), (0.5, 0.1), (0.0, 0.5), (0.5, 1.0)])
def test_malformed_levels_are_refused(levels):
    with pytest.raises(ValueError, match="ascending"):
        QuantileRegressionAttack(levels=levels)
