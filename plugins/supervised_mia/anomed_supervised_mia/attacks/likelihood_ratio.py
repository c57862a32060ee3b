"""The likelihood-ratio attack (LiRA) weighs two explanations of a model's confidence.

Is it rather one of models that knew the record, or of models that did not?

Nicholas Carlini et al., Membership Inference Attacks From First Principles, IEEE S&P 2022,
algorithm 1 (online) and section VI.C (offline).
"""

from __future__ import annotations

from typing import ClassVar, Literal

import attrs
import numpy as np
from scipy.special import log_ndtr

from anomed_supervised_mia.attacks._moments import Moments, smooth, split_moments
from anomed_supervised_mia.attacks.arrays import FloatArray, IntArray
from anomed_supervised_mia.attacks.shadow_signals import ShadowSignals
from anomed_supervised_mia.attacks.signals import Signals

Mode = Literal["online", "offline"]
Variance = Literal["fixed", "per-record"]

#: Deviations are lifted to this, since a few equal confidences do not prove certainty.
MINIMAL_DEVIATION = 0.01


@attrs.frozen(kw_only=True, eq=False)
class LikelihoodRatioAttack:
    """Compare a record's confidence with those of shadow models that knew it and that did not.

    The signals name their `records`: positions in the pool of the shadow models.

    Parameters
    ----------
    shadows
        What the shadow models say.
    mode
        ``"online"`` compares both normal distributions; ``"offline"`` asks how unusually high the
        confidence is for a model that did not know the record, and needs only such models.
    variance
        ``"per-record"`` estimates each record's own, which wants 64 shadow models or more;
        ``"fixed"`` pools the squared residuals around the records' means.
    smoothing
        Is added to both sides of the odds, in units of probability, at least 0. It tames
        confidences of exactly 0 or 1, which are but votes of a forest's trees. For per-record
        variances of models with smooth outputs take 0.
    """

    learns: ClassVar[bool] = False

    shadows: ShadowSignals
    mode: Mode = attrs.field(
        default="online", validator=attrs.validators.in_(("online", "offline"))
    )
    variance: Variance = attrs.field(
        default="fixed", validator=attrs.validators.in_(("fixed", "per-record"))
    )
    smoothing: float = attrs.field(default=0.02, validator=attrs.validators.ge(0))

    @property
    def name(self) -> str:
        """The attack's name in tables."""
        return f"likelihood-ratio-{self.mode}-{self.variance}"

    def fit(
        self,
        members: Signals,  # noqa: ARG002  # the interface of all attacks
        non_members: Signals,  # noqa: ARG002
        *,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> FittedLikelihoodRatio:
        """Estimate the normal distributions, from the shadow models alone."""
        shadows = self.shadows
        known, unknown = split_moments(
            shadows.scaled_confidences, shadows.memberships, smoothing=self.smoothing
        )
        return FittedLikelihoodRatio(
            shadows=shadows,
            smoothing=self.smoothing,
            known=self._normal(known) if self.mode == "online" else None,
            unknown=self._normal(unknown),
        )

    def _normal(self, moments: Moments) -> Normal:
        variance = moments.variance
        if self.variance == "fixed":
            variance = np.full_like(variance, moments.pooled_variance())
        deviation = np.maximum(np.sqrt(variance), MINIMAL_DEVIATION)
        return Normal(mean=moments.mean, deviation=deviation, n_models=moments.count)


@attrs.frozen(kw_only=True, eq=False)
class Normal:
    """A normal distribution of each record's confidence, float64 (n_records,) each.

    `n_models` counts the models it was estimated from; without any, mean and deviation are NaN.
    """

    mean: FloatArray
    deviation: FloatArray
    n_models: FloatArray

    def standardise(self, confidences: FloatArray, *, records: IntArray) -> FloatArray:
        """Return the distances from the records' means in deviations, float64 (n_confidences,).

        Raises
        ------
        ValueError
            If fewer than 2 models stand behind one of the records' distributions.
        """
        n_lacking = int((self.n_models[records] < 2).sum())
        if n_lacking:
            raise ValueError(
                f"For {n_lacking} of {len(records)} records fewer than 2 shadow models knew them, "
                "or fewer than 2 did not; train more, each on half of the records under attack, "
                "or choose the offline mode, which needs only models that did not."
            )
        distances: FloatArray = (confidences - self.mean[records]) / self.deviation[records]
        return distances


@attrs.frozen(kw_only=True, eq=False)
class FittedLikelihoodRatio:
    """Score records of the pool by the distributions of the shadow models' confidences."""

    shadows: ShadowSignals
    smoothing: float
    known: Normal | None
    unknown: Normal

    def score(self, signals: Signals) -> FloatArray:
        """Return log-likelihood ratios in nats, or offline ``ln P[smaller]``, float64 (n_records,).

        Raises
        ------
        ValueError
            If the signals lack labels, or probabilities and logits, or records of the pool, or if
            the shadow models are too few for one of the records.
        """
        records = self.shadows.positions_of(signals)
        confidences = smooth(signals.scaled_confidence(), smoothing=self.smoothing)
        surprise = self.unknown.standardise(confidences, records=records)
        if self.known is None:
            tail: FloatArray = log_ndtr(surprise)
            return tail
        familiarity = self.known.standardise(confidences, records=records)
        narrowing = self.unknown.deviation[records] / self.known.deviation[records]
        ratio: FloatArray = (surprise**2 - familiarity**2) / 2 + np.log(narrowing)
        return ratio
