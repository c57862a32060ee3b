"""Attacks that learn to tell members from non-members by a scikit-learn classifier.

Reza Shokri et al., Membership Inference Attacks Against Machine Learning Models, IEEE S&P 2017;
Ahmed Salem et al., ML-Leaks, NDSS 2019.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from anomed_supervised_mia.attacks.arrays import FloatArray
from anomed_supervised_mia.attacks.features import FeatureMap, outputs_and_loss
from anomed_supervised_mia.attacks.logistic_regression import check_columns, training_rows
from anomed_supervised_mia.attacks.seeding import seeded_clone
from anomed_supervised_mia.attacks.signals import Signals


@attrs.frozen(kw_only=True)
class TrainedAttack:
    """Learn by any scikit-learn classifier that has `predict_proba` or `decision_function`.

    Parameters
    ----------
    name
        The attack's name in tables.
    estimator
        The classifier, unfitted; it is copied, and every `random_state` in it is seeded.
    features
        Computes the columns from signals.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> attack = TrainedAttack(name="support-vectors", estimator=SVC())
    >>> members, non_members = Signals.from_losses([0.1, 0.2]), Signals.from_losses([1.0, 2.0])
    >>> fitted = attack.fit(members, non_members, rng=np.random.default_rng(0))
    >>> fitted.score(Signals.from_losses([0.15])) > fitted.score(Signals.from_losses([1.5]))
    array([ True])
    """

    learns: ClassVar[bool] = True

    name: str
    estimator: Any
    features: FeatureMap = outputs_and_loss

    def fit(
        self, members: Signals, non_members: Signals, *, rng: np.random.Generator
    ) -> FittedClassifier:
        """Train a copy of the classifier.

        Raises
        ------
        ValueError
            If there are no members or no non-members, if the signals hold predicted labels at
            most, or if the classifier finds the records too few.
        """
        rows = training_rows(members, non_members, features=self.features)
        targets = np.repeat([1, 0], [len(members), len(non_members)])
        # Shuffled, since early stopping and mini-batches look at the order.
        order = rng.permutation(len(targets))
        classifier = seeded_clone(self.estimator, rng=rng).fit(rows[order], targets[order])
        return FittedClassifier(
            classifier=classifier, features=self.features, n_columns=rows.shape[1]
        )


@attrs.frozen(kw_only=True, eq=False)
class FittedClassifier:
    """Score records by a fitted classifier."""

    classifier: Any
    features: FeatureMap
    n_columns: int

    def score(self, signals: Signals) -> FloatArray:
        """Return decision values or else membership probabilities, float64 (n_records,).

        Raises
        ------
        ValueError
            If the signals hold other columns than those the attack was fitted on.
        """
        rows = self.features(signals)
        check_columns(rows, n_columns=self.n_columns)
        if hasattr(self.classifier, "decision_function"):
            return np.asarray(self.classifier.decision_function(rows), dtype=np.float64)
        return np.asarray(self.classifier.predict_proba(rows)[:, 1], dtype=np.float64)


def multilayer_perceptron_attack(features: FeatureMap = outputs_and_loss) -> TrainedAttack:
    """Return an attack by one hidden layer of 64 units, strongly penalised.

    The penalty, not early stopping, keeps it from overfitting: setting records aside to stop on
    costs more than it gains where a slice has a few dozen.
    """
    network = MLPClassifier((64,), alpha=1.0, learning_rate_init=0.01, max_iter=1000, tol=1e-3)
    return TrainedAttack(
        name="multilayer-perceptron",
        estimator=make_pipeline(StandardScaler(), network),
        features=features,
    )


def random_forest_attack(features: FeatureMap = outputs_and_loss) -> TrainedAttack:
    """Return an attack by 100 shallow trees, each grown on half of the records.

    Membership shows in few columns and weakly: deep trees learn noise, and cost more.
    """
    forest = RandomForestClassifier(100, max_depth=6, min_samples_leaf=10, max_samples=0.5)
    return TrainedAttack(name="random-forest", estimator=forest, features=features)


def gradient_boosting_attack(features: FeatureMap = outputs_and_loss) -> TrainedAttack:
    """Return an attack by 60 boosted trees of 4 leaves on binned features."""
    boosting = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=4)
    return TrainedAttack(name="gradient-boosting", estimator=boosting, features=features)


@attrs.frozen(kw_only=True)
class NearestNeighboursAttack:
    """Vote among the nearest known records; in small slices, among at most half of them.

    Parameters
    ----------
    n_neighbours
        How many neighbours vote, at least 1.
    features
        Computes the columns from signals; they are standardised.
    """

    name: ClassVar[str] = "nearest-neighbours"
    learns: ClassVar[bool] = True

    n_neighbours: int = attrs.field(default=25, validator=attrs.validators.ge(1))
    features: FeatureMap = outputs_and_loss

    def fit(
        self, members: Signals, non_members: Signals, *, rng: np.random.Generator
    ) -> FittedClassifier:
        """Keep the records to vote.

        Raises
        ------
        ValueError
            If there are no members or no non-members, or if the signals hold predicted labels at
            most.
        """
        n_half = (len(members) + len(non_members)) // 2
        voters = KNeighborsClassifier(min(self.n_neighbours, max(n_half, 1)))
        attack = TrainedAttack(
            name=self.name,
            estimator=make_pipeline(StandardScaler(), voters),
            features=self.features,
        )
        return attack.fit(members, non_members, rng=rng)
