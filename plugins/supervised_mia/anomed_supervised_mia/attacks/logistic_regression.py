"""The logistic-regression attack, by a solver of its own that is made for it."""

from __future__ import annotations

from typing import ClassVar

import attrs
import numpy as np

from anomed_supervised_mia.attacks._logistic_path import choose_strength, fit_path
from anomed_supervised_mia.attacks.alike import check_alike
from anomed_supervised_mia.attacks.arrays import FloatArray
from anomed_supervised_mia.attacks.features import FeatureMap, outputs_and_loss
from anomed_supervised_mia.attacks.signals import Signals


@attrs.frozen(kw_only=True)
class LogisticRegressionAttack:
    """Learn a linear score; choose its penalty by cross-validation inside the fitting records.

    Parameters
    ----------
    features
        Computes the columns from signals; they are standardised before fitting.
    strengths
        Inverse penalties C to choose from, positive and ascending.
    n_folds
        Folds of the inner cross-validation, at least 2.
    """

    name: ClassVar[str] = "logistic-regression"
    learns: ClassVar[bool] = True

    features: FeatureMap = outputs_and_loss
    strengths: tuple[float, ...] = attrs.field(default=tuple(np.logspace(-4, 2, 10).tolist()))
    n_folds: int = attrs.field(default=3, validator=attrs.validators.ge(2))

    @strengths.validator
    def _check_strengths(self, _: object, strengths: tuple[float, ...]) -> None:
        if not strengths or min(strengths) <= 0 or list(strengths) != sorted(strengths):
            raise ValueError(
                f"Inverse penalties must be positive and ascending, but {strengths} came; "
                "give a tuple such as (0.01, 1.0, 100.0)."
            )

    def fit(
        self, members: Signals, non_members: Signals, *, rng: np.random.Generator
    ) -> FittedLogisticRegression:
        """Choose the penalty, then fit on all records; `rng` deals them to the inner folds.

        Raises
        ------
        ValueError
            If there are no members or no non-members, or if the signals hold predicted labels at
            most.
        """
        rows = training_rows(members, non_members, features=self.features)
        targets = np.repeat([1.0, 0.0], [len(members), len(non_members)])
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        scale = np.where(deviation > 0, deviation, 1.0)
        design = np.vstack([np.ones(len(rows)), ((rows - mean) / scale).T])
        strengths = np.asarray(self.strengths)
        folds = rng.permutation(np.arange(len(rows)) % min(self.n_folds, len(rows)))
        best = choose_strength(design, targets, strengths=strengths, folds=folds)
        weights = fit_path(design, targets, strengths=strengths[: best + 1])[-1]
        return FittedLogisticRegression(
            features=self.features,
            intercept=float(weights[0] - mean @ (weights[1:] / scale)),
            weights=weights[1:] / scale,
        )


@attrs.frozen(kw_only=True, eq=False)
class FittedLogisticRegression:
    """Score records by the fitted log-odds of membership."""

    features: FeatureMap
    intercept: float
    weights: FloatArray

    def score(self, signals: Signals) -> FloatArray:
        """Return the log-odds of membership in nats, float64 (n_records,).

        Raises
        ------
        ValueError
            If the signals hold other columns than those the attack was fitted on.
        """
        rows = self.features(signals)
        check_columns(rows, n_columns=len(self.weights))
        log_odds: FloatArray = rows @ self.weights + self.intercept
        return log_odds


def training_rows(members: Signals, non_members: Signals, *, features: FeatureMap) -> FloatArray:
    """Stack the feature rows of members and non-members, float64 (n_records, n_columns).

    Raises
    ------
    ValueError
        If there are no members or no non-members, or they are described in different ways.
    """
    if not len(members) or not len(non_members):
        raise ValueError(
            "A trained attack needs members and non-members to learn from, but "
            f"{len(members)} members and {len(non_members)} non-members came."
        )
    check_alike(members, non_members)
    rows = features(members)
    others = features(non_members)
    check_columns(others, n_columns=rows.shape[1])
    return np.vstack([rows, others])


def check_columns(rows: FloatArray, *, n_columns: int) -> None:
    """Raise `ValueError` unless feature rows have as many columns as the attack was fitted on."""
    if rows.shape[1] != n_columns:
        raise ValueError(
            f"The attack was fitted on {n_columns} columns, but signals with {rows.shape[1]} came; "
            "give all signals the same arrays."
        )
