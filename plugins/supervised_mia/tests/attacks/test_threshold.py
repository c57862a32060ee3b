"""Threshold attacks: direction, reference values on bundled data, exact identities."""

import numpy as np
import pytest
from anomed_supervised_mia.attacks import (
    Attack,
    ConfidenceThreshold,
    EntropyThreshold,
    FittedAttack,
    LossThreshold,
    ModifiedEntropyThreshold,
    Signals,
    cross_fit,
)
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

ATTACKS = [
    LossThreshold(),
    ConfidenceThreshold(),
    EntropyThreshold(),
    ModifiedEntropyThreshold(),
]
DATA = {"digits": load_digits, "breast_cancer": load_breast_cancer, "wine": load_wine}
MODELS = {
    "tree": lambda seed: DecisionTreeClassifier(random_state=seed),
    "forest": lambda seed: RandomForestClassifier(100, random_state=seed),
    "neighbour": lambda seed: KNeighborsClassifier(1),
    "logistic": lambda seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
    "bayes": lambda seed: GaussianNB(),
}


def train_and_observe(data, model, *, seed, random_labels=False):
    """Train on a random half; return the accuracies on both halves, and their signals."""
    rng = np.random.default_rng(seed)
    features, labels = DATA[data](return_X_y=True)
    if random_labels:
        labels = rng.integers(0, labels.max() + 1, len(labels))
    order = rng.permutation(len(labels))
    halves = np.array_split(order, 2)
    estimator = MODELS[model](seed).fit(features[halves[0]], labels[halves[0]])
    signals = [
        Signals.from_probabilities(estimator.predict_proba(features[half]), labels[half])
        for half in halves
    ]
    return [s.correct().mean() for s in signals], *signals


def rates(attack, members, non_members):
    """Return the AUC, the largest TPR - FPR, and the TPR at an FPR of at most 10 %."""
    scores = cross_fit(members, non_members, attack=attack, rng=np.random.default_rng(0))
    truth = np.repeat([1, 0], [len(members), len(non_members)])
    both = np.concatenate([scores.members, scores.non_members])
    fpr, tpr, _ = roc_curve(truth, both, drop_intermediate=False)
    return roc_auc_score(truth, both), (tpr - fpr).max(), tpr[fpr <= 0.1].max()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_confidently_right_records_score_higher(attack):
    confident = Signals.from_probabilities([[0.9, 0.05, 0.05]], [0])
    doubtful = Signals.from_probabilities([[0.4, 0.3, 0.3]], [0])
    assert attack.score(confident) > attack.score(doubtful)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_threshold_attack_is_its_own_fitted_form(attack):
    signals = Signals.from_losses([1.0])
    fitted = attack.fit(signals, signals, rng=np.random.default_rng(0))
    assert isinstance(attack, Attack)
    assert isinstance(fitted, FittedAttack)
    assert fitted is attack


@pytest.mark.parametrize(
    ("attack", "higher", "lower"),
    [
        (ConfidenceThreshold(), 0, 1),
        (EntropyThreshold(), 0, 1),
    ],
)
def test_attacks_without_labels_treat_right_and_wrong_alike(attack, higher, lower):
    probabilities = [[0.9, 0.1]]
    right = attack.score(Signals.from_probabilities(probabilities, [higher]))
    wrong = attack.score(Signals.from_probabilities(probabilities, [lower]))
    unlabelled = attack.score(Signals.from_probabilities(probabilities))
    assert right == wrong == unlabelled


def test_names_are_unique():
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("data", sorted(DATA))
@pytest.mark.parametrize("model", ["tree", "neighbour"])
@pytest.mark.parametrize(
    "attack", [LossThreshold(), ModifiedEntropyThreshold()], ids=lambda a: a.name
)
def test_a_model_with_certain_predictions_leaks_exactly_its_generalisation_gap(data, model, attack):
    """AUC = 1/2 + gap / 2 and advantage = gap hold for any model whose confidences are 0 or 1."""
    accuracies, members, non_members = train_and_observe(data, model, seed=0)
    gap = accuracies[0] - accuracies[1]
    auc, advantage, _ = rates(attack, members, non_members)
    assert auc == pytest.approx(0.5 + gap / 2, abs=1e-12)
    assert advantage == pytest.approx(gap, abs=1e-12)


def test_tied_scores_are_one_block():
    """All that the tree classifies rightly ties: no threshold lies below the accuracy as FPR."""
    _, members, non_members = train_and_observe("digits", "tree", seed=0)
    assert rates(LossThreshold(), members, non_members)[2] == 0.0


# scikit-learn 1.9.1, loss threshold, random half-and-half splits, 10 seeds: the mean accuracy on
# the other half, the mean AUC and its deviation over seeds, the mean of max(TPR - FPR).
REFERENCE_ROWS = [
    # data, model, random labels, accuracy, AUC, deviation, advantage
    ("digits", "tree", False, 0.824, 0.588, 0.010, 0.176),
    ("digits", "tree", True, 0.099, 0.950, 0.005, 0.901),
    ("digits", "forest", False, 0.966, 0.777, 0.008, 0.432),
    ("digits", "forest", True, 0.099, 1.000, 0.001, 1.000),
    ("digits", "neighbour", False, 0.983, 0.508, 0.001, 0.017),
    ("digits", "logistic", False, 0.962, 0.520, 0.017, 0.083),
    ("breast_cancer", "tree", False, 0.912, 0.544, 0.008, 0.088),
    ("breast_cancer", "tree", True, 0.511, 0.745, 0.019, 0.489),
    ("breast_cancer", "forest", False, 0.958, 0.600, 0.024, 0.159),
    ("breast_cancer", "forest", True, 0.510, 0.987, 0.009, 0.916),
    ("breast_cancer", "logistic", False, 0.972, 0.507, 0.028, 0.078),
    ("breast_cancer", "bayes", False, 0.933, 0.501, 0.032, 0.073),
    ("wine", "tree", False, 0.882, 0.559, 0.031, 0.118),
    ("wine", "forest", False, 0.969, 0.722, 0.043, 0.354),
    ("wine", "neighbour", False, 0.719, 0.640, 0.016, 0.281),
]


@pytest.mark.parametrize(
    ("data", "model", "random_labels", "accuracy", "auc", "deviation", "advantage"), REFERENCE_ROWS
)
def test_the_loss_threshold_leaks_as_much_as_the_reference(
    data, model, random_labels, accuracy, auc, deviation, advantage
):
    n_seeds = 3
    runs = [
        train_and_observe(data, model, seed=seed, random_labels=random_labels)
        for seed in range(n_seeds)
    ]
    aucs, advantages, _ = np.mean([rates(LossThreshold(), *run[1:]) for run in runs], axis=0)
    tolerance = 3 * deviation * np.sqrt(1 / n_seeds + 1 / 10)
    assert aucs == pytest.approx(auc, abs=tolerance)
    assert advantages == pytest.approx(advantage, abs=max(2 * tolerance, 0.02))
    assert np.mean([run[0][1] for run in runs]) == pytest.approx(accuracy, abs=0.035)


@pytest.mark.parametrize(("data", "n_classes"), [("digits", 10), ("breast_cancer", 2)])
def test_a_tree_on_random_labels_leaks_as_theory_says(data, n_classes):
    """It is right on all members and on 1 / n_classes of the others, hence the gap is known."""
    runs = [train_and_observe(data, "tree", seed=s, random_labels=True)[1:] for s in range(3)]
    auc = np.mean([rates(LossThreshold(), *run)[0] for run in runs])
    assert auc == pytest.approx(0.5 + (1 - 1 / n_classes) / 2, abs=0.03)
