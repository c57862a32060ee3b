"""Reference anonymizers, from those that give everything away to those that provably cannot."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from anomed_supervised_mia.anonymizers.private_logistic_regression import PrivateLogisticRegression
from anomed_supervised_mia.anonymizers.private_naive_bayes import PrivateNaiveBayes
from anomed_supervised_mia.attacks.seeding import seeded_clone


@attrs.frozen(kw_only=True)
class BaselineAnonymizer:
    """Name a classifier that stands for a way of treating the training data.

    Parameters
    ----------
    name
        The anonymizer's name in tables.
    estimator
        A scikit-learn classifier, unfitted.
    epsilon
        What it provably guarantees, infinity for nothing.
    """

    name: str
    estimator: Any
    epsilon: float = float("inf")

    def fit(
        self, features: npt.ArrayLike, labels: npt.ArrayLike, *, rng: np.random.Generator
    ) -> Any:
        """Return a copy of the classifier, seeded by `rng` and trained."""
        return seeded_clone(self.estimator, rng=rng).fit(features, labels)


def overfitted_anonymizers() -> tuple[BaselineAnonymizer, ...]:
    """Return models that learn their training data by heart."""
    return (
        BaselineAnonymizer(name="overfitted-tree", estimator=DecisionTreeClassifier()),
        BaselineAnonymizer(name="overfitted-forest", estimator=RandomForestClassifier(100)),
        BaselineAnonymizer(name="nearest-neighbour", estimator=KNeighborsClassifier(1)),
        BaselineAnonymizer(
            name="overfitted-perceptron",
            estimator=_scaled(
                MLPClassifier((128,), alpha=0.0, learning_rate_init=0.01, max_iter=2000, tol=1e-5)
            ),
        ),
        BaselineAnonymizer(
            name="overfitted-logistic-regression",
            estimator=_scaled(LogisticRegression(C=1e3, max_iter=10_000)),
        ),
    )


def underfitted_anonymizers() -> tuple[BaselineAnonymizer, ...]:
    """Return models that learn only what many records share."""
    return (
        BaselineAnonymizer(
            name="underfitted-tree",
            estimator=DecisionTreeClassifier(max_depth=8, min_samples_leaf=0.02),
        ),
        BaselineAnonymizer(
            name="underfitted-forest",
            estimator=RandomForestClassifier(100, min_samples_leaf=0.02, max_samples=0.3),
        ),
        BaselineAnonymizer(
            name="underfitted-perceptron",
            estimator=_scaled(
                MLPClassifier((16,), alpha=3.0, learning_rate_init=0.01, max_iter=2000, tol=1e-3)
            ),
        ),
        BaselineAnonymizer(
            name="underfitted-logistic-regression",
            estimator=_scaled(LogisticRegression(C=1e-2, max_iter=10_000)),
        ),
    )


def private_anonymizers(
    bounds: tuple[npt.ArrayLike, npt.ArrayLike], *, epsilon: float
) -> tuple[BaselineAnonymizer, ...]:
    """Return differentially private models of one budget.

    Parameters
    ----------
    bounds
        The lowest and highest value, of all features (two numbers) or of each (two arrays), known
        without looking at the data.
    epsilon
        The budget, positive; each model has it for the replacement of one record.
    """
    return (
        BaselineAnonymizer(
            name=f"private-naive-bayes-{epsilon:g}",
            estimator=PrivateNaiveBayes(epsilon=epsilon, bounds=bounds),
            epsilon=epsilon,
        ),
        BaselineAnonymizer(
            name=f"private-logistic-regression-{epsilon:g}",
            estimator=PrivateLogisticRegression(epsilon=epsilon, bounds=bounds),
            epsilon=epsilon,
        ),
    )


def _scaled(estimator: Any) -> Any:
    return make_pipeline(StandardScaler(), estimator)
