"""Trained attacks: they find what thresholds miss, find nothing in noise, and repeat themselves."""

import numpy as np
import pytest
from anomed_supervised_mia.attacks import (
    Attack,
    LogisticRegressionAttack,
    LossThreshold,
    NearestNeighboursAttack,
    Signals,
    TrainedAttack,
    cross_fit,
    gradient_boosting_attack,
    multilayer_perceptron_attack,
    outputs_and_loss,
    random_forest_attack,
)
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

ATTACKS = [
    LogisticRegressionAttack(),
    multilayer_perceptron_attack(),
    random_forest_attack(),
    NearestNeighboursAttack(),
    gradient_boosting_attack(),
]
by_name = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)


def shifted_outputs(shift, *, n_records=400, seed=0):
    """Draw logits; members' first logit is shifted, whatever the label, so losses say little."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, (2, n_records))
    logits = rng.normal(size=(2, n_records, 3))
    logits[0, :, 0] += shift
    return tuple(Signals.from_logits(logits[side], labels[side]) for side in (0, 1))


def auc(attack, members, non_members, *, seed=0):
    rng = np.random.default_rng(seed)
    scores = cross_fit(members, non_members, attack=attack, rng=rng)
    truth = np.repeat([1, 0], [len(members), len(non_members)])
    return roc_auc_score(truth, np.concatenate([scores.members, scores.non_members]))


@by_name
def test_a_shift_that_the_loss_hides_is_found(attack):
    members, non_members = shifted_outputs(1.5)
    assert auc(LossThreshold(), members, non_members) < 0.6
    assert auc(attack, members, non_members) > 0.78


@by_name
def test_nothing_is_found_where_nothing_is(attack):
    """The standard error of the AUC at 400 against 400 records is 0.020."""
    members, non_members = shifted_outputs(0.0)
    assert auc(attack, members, non_members) == pytest.approx(0.5, abs=0.08)


@by_name
def test_the_same_generator_gives_the_same_scores(attack):
    members, non_members = shifted_outputs(1.0, n_records=60)
    first, second = (
        cross_fit(members, non_members, attack=attack, rng=np.random.default_rng(7))
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.members, second.members)
    np.testing.assert_array_equal(first.non_members, second.non_members)


@by_name
def test_every_attack_follows_the_protocol_and_says_that_it_learns(attack):
    assert isinstance(attack, Attack)
    assert attack.learns


@by_name
def test_signals_with_other_columns_are_refused(attack):
    members, non_members = shifted_outputs(1.0, n_records=60)
    fitted = attack.fit(members, non_members, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="fitted on 4 columns"):
        fitted.score(Signals.from_losses([1.0]))


@by_name
def test_one_kind_of_records_alone_is_refused(attack):
    members, _ = shifted_outputs(1.0, n_records=60)
    with pytest.raises(ValueError, match="0 non-members"):
        attack.fit(members, members.subset([]), rng=np.random.default_rng(0))


def test_neighbours_shrink_with_the_slice():
    members, non_members = Signals.from_losses([0.1, 0.2]), Signals.from_losses([1.0, 1.1])
    fitted = NearestNeighboursAttack().fit(members, non_members, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(fitted.score(Signals.from_losses([0.0, 2.0])), [1.0, 0.0])


def test_any_classifier_and_any_columns_can_attack():
    attack = TrainedAttack(
        name="stump-on-entropy",
        estimator=DecisionTreeClassifier(max_depth=1),
        features=lambda signals: signals.entropy()[:, None],
    )
    sure = Signals.from_probabilities([[0.99, 0.01]] * 10)
    unsure = Signals.from_probabilities([[0.5, 0.5]] * 10)
    assert auc(attack, sure, unsure) == 1.0


def test_names_are_unique():
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize(
    ("signals", "n_columns"),
    [
        (Signals.from_logits([[0.0, 1.0, 2.0]]), 3),
        (Signals.from_logits([[0.0, 1.0, 2.0]], [0]), 4),
        (Signals.from_losses([0.5]), 1),
        (Signals(losses=[0.5], features=[[1.0, 2.0]]), 3),
        (Signals.from_probabilities([[0.5, 0.5]], [0], features=[[1.0]]), 4),
    ],
)
def test_columns_are_whatever_is_observed(signals, n_columns):
    assert outputs_and_loss(signals).shape == (1, n_columns)


def test_labels_alone_are_no_columns():
    with pytest.raises(ValueError, match="gap attack"):
        outputs_and_loss(Signals.from_labels([0], [1]))


@pytest.mark.parametrize("strengths", [(), (0.0, 1.0), (1.0, 0.1)])
def test_malformed_penalties_are_refused(strengths):
    with pytest.raises(ValueError, match="positive and ascending"):
        LogisticRegressionAttack(strengths=strengths)
