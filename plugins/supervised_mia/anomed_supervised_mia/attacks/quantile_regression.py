"""The quantile attack compares a confidence with those of similar records never seen.

Martin Bertran et al., Scalable Membership Inference Attacks via Quantile Regression, NeurIPS 2023.
It needs no shadow model, only non-members and the records' feature vectors.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import numpy as np
from scipy.special import ndtri
from sklearn.ensemble import HistGradientBoostingRegressor

from anomed_supervised_mia.attacks.arrays import FloatArray
from anomed_supervised_mia.attacks.seeding import seeded_clone
from anomed_supervised_mia.attacks.signals import Signals

#: Neighbouring quantiles are taken to lie at least this far apart, in units of the logit.
MINIMAL_GAP = 1e-3


def _boosting() -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        loss="quantile", quantile=0.5, max_iter=50, max_leaf_nodes=8
    )


@attrs.frozen(kw_only=True)
class QuantileRegressionAttack:
    """Regress quantiles of the non-members' confidences on what the records are.

    The signals' features are the records' feature vectors; the label is one more column.

    Parameters
    ----------
    levels
        Quantiles to regress, in (0, 1), ascending, at least 2. The score interpolates them.
    estimator
        A scikit-learn regressor with the parameters ``loss`` and ``quantile``, unfitted; it is
        copied for each level, and every `random_state` in it is seeded.
    """

    name: ClassVar[str] = "quantile-regression"
    learns: ClassVar[bool] = True

    levels: tuple[float, ...] = attrs.field(default=(0.1, 0.3, 0.5, 0.7, 0.9))
    estimator: Any = attrs.field(factory=_boosting)

    @levels.validator
    def _check_levels(self, _: object, levels: tuple[float, ...]) -> None:
        ascending = len(levels) > 1 and all(np.diff(levels) > 0)
        if not ascending or levels[0] <= 0 or levels[-1] >= 1:
            raise ValueError(
                f"Levels must be at least 2 numbers in (0, 1), ascending, but {levels} came; "
                "give a tuple such as (0.1, 0.5, 0.9)."
            )

    def fit(
        self,
        members: Signals,  # noqa: ARG002  # the interface of all attacks
        non_members: Signals,
        *,
        rng: np.random.Generator,
    ) -> FittedQuantileRegression:
        """Fit one regressor for each level, on the non-members alone.

        Raises
        ------
        ValueError
            If there are no non-members, or their signals lack feature vectors, labels, or
            probabilities and logits.
        """
        if not len(non_members):
            raise ValueError("A quantile attack learns from non-members, but 0 came; give some.")
        rows = _rows(non_members)
        confidences = non_members.scaled_confidence()
        regressors = tuple(
            seeded_clone(self.estimator, rng=rng)
            .set_params(loss="quantile", quantile=level)
            .fit(rows, confidences)
            for level in self.levels
        )
        return FittedQuantileRegression(levels=self.levels, regressors=regressors)


@attrs.frozen(kw_only=True, eq=False)
class FittedQuantileRegression:
    """Score records by the quantile of their confidence among non-members like them."""

    levels: tuple[float, ...]
    regressors: tuple[Any, ...]

    def score(self, signals: Signals) -> FloatArray:
        """Return quantiles as normal scores, float64 (n_records,): 0 is the median, 2.3 the 99 %.

        Beyond the outermost levels the normal scores grow in proportion to the confidence.

        Raises
        ------
        ValueError
            If the signals lack feature vectors, labels, or probabilities and logits.
        """
        rows = _rows(signals)
        quantiles = np.column_stack([regressor.predict(rows) for regressor in self.regressors])
        # Regressed one by one, quantiles may cross; sorting them never makes them worse.
        quantiles.sort(axis=1)
        return _normal_scores(signals.scaled_confidence(), quantiles, levels=self.levels)


def _normal_scores(
    values: FloatArray, quantiles: FloatArray, *, levels: tuple[float, ...]
) -> FloatArray:
    """Interpolate normal scores linearly between the quantiles, float64 (n_records, n_levels)."""
    scores = ndtri(np.asarray(levels))
    gaps = np.maximum(np.diff(quantiles, axis=1), MINIMAL_GAP)
    inside = np.clip((values[:, None] - quantiles[:, :-1]) / gaps, 0.0, 1.0) @ np.diff(scores)
    slope = (scores[-1] - scores[0]) / gaps.sum(axis=1)
    below = np.minimum(values - quantiles[:, 0], 0.0)
    above = np.maximum(values - quantiles[:, -1], 0.0)
    normal_scores: FloatArray = scores[0] + inside + slope * (below + above)
    return normal_scores


def _rows(signals: Signals) -> FloatArray:
    if signals.features is None or signals.labels is None:
        raise ValueError(
            "A quantile attack needs the records' feature vectors and true labels, but the "
            f"signals hold only {', '.join(signals.arrays())}; give them as features and labels."
        )
    return np.column_stack([signals.features, signals.labels])
