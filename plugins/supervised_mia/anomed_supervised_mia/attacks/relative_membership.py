"""The relative-membership attack (RMIA) asks how many others a model learned less well.

Sajjad Zarifzadeh, Philippe Liu, Reza Shokri: Low-Cost High-Power Membership Inference Attacks,
ICML 2024, section 3 and appendix B.2.2 (offline).
"""

from __future__ import annotations

from typing import ClassVar

import attrs
import numpy as np
from scipy.special import expit, log_expit

from anomed_supervised_mia.attacks.arrays import FloatArray
from anomed_supervised_mia.attacks.likelihood_ratio import Mode
from anomed_supervised_mia.attacks.shadow_signals import ShadowSignals
from anomed_supervised_mia.attacks.signals import Signals


@attrs.frozen(kw_only=True, eq=False)
class RelativeMembershipAttack:
    """Count the non-members whose probability training raised less than the record's.

    How much it was raised is the ratio of the true class's probability under the model to its
    average under the shadow models. The signals name their `records`: positions in the pool of the
    shadow models. The non-members that the attack is fitted on are the population to compare with.

    Parameters
    ----------
    shadows
        What the shadow models say.
    mode
        ``"online"`` averages over models that knew the record and models that did not, in equal
        parts; ``"offline"`` guesses the first from the second.
    offset
        The guess: the average is taken for ``((1 + offset) * p + 1 - offset) / 2``, where p is the
        average over models that did not know the record; in [0, 1], offline only.
    margin
        How many times larger the record's ratio has to be than another's, positive.
    """

    learns: ClassVar[bool] = True

    shadows: ShadowSignals
    mode: Mode = attrs.field(
        default="offline", validator=attrs.validators.in_(("online", "offline"))
    )
    offset: float = attrs.field(
        default=0.3, validator=[attrs.validators.ge(0), attrs.validators.le(1)]
    )
    margin: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))

    @property
    def name(self) -> str:
        """The attack's name in tables."""
        return f"relative-membership-{self.mode}"

    def fit(
        self,
        members: Signals,  # noqa: ARG002  # the interface of all attacks
        non_members: Signals,
        *,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> FittedRelativeMembership:
        """Average the shadow models, and take the non-members for the population.

        Raises
        ------
        ValueError
            If every shadow model knew some record, if there are no non-members, or if their
            signals lack labels, or probabilities and logits, or records of the pool.
        """
        if not len(non_members):
            raise ValueError(
                "A relative attack compares with known non-members, but 0 came; give some."
            )
        log_average = np.log(self._average_probabilities())
        ratios = _log_probability(non_members) - log_average[self.shadows.positions_of(non_members)]
        return FittedRelativeMembership(
            shadows=self.shadows,
            log_average=log_average,
            population=np.sort(ratios),
            log_margin=float(np.log(self.margin)),
        )

    def _average_probabilities(self) -> FloatArray:
        """Average the true class's probability over models, float64 (n_records,), in (0, 1]."""
        known = self.shadows.memberships.astype(np.float64)
        probabilities = expit(self.shadows.scaled_confidences)
        n_known = known.sum(axis=0)
        n_unknown = len(known) - n_known
        if (n_unknown == 0).any():
            raise ValueError(
                f"{int((n_unknown == 0).sum())} of {len(n_unknown)} records were known to every "
                "shadow model; train more models, each on half of the pool."
            )
        # Counted from the smallest, so that models that agree leave no rounding errors.
        least = probabilities.min(axis=0)
        sum_known, sum_all = np.einsum("sr,tsr->tr", probabilities - least, [known, known * 0 + 1])
        unknown: FloatArray = least + (sum_all - sum_known) / n_unknown
        if self.mode == "offline":
            return ((1 + self.offset) * unknown + 1 - self.offset) / 2
        # Records of the mere population were known to no model: there is one average only.
        with_models = n_known > 0
        average = unknown.copy()
        average[with_models] += (least + sum_known / np.maximum(n_known, 1))[with_models]
        average[with_models] /= 2
        return average


@attrs.frozen(kw_only=True, eq=False)
class FittedRelativeMembership:
    """Score records of the pool against the ratios of a population."""

    shadows: ShadowSignals
    log_average: FloatArray
    population: FloatArray
    log_margin: float

    def score(self, signals: Signals) -> FloatArray:
        """Return the shares of the population that are surpassed, float64 (n_records,), in [0, 1].

        Ties are not surpassed.

        Raises
        ------
        ValueError
            If the signals lack labels, or probabilities and logits, or records of the pool.
        """
        average = self.log_average[self.shadows.positions_of(signals)]
        ratios = _log_probability(signals) - average
        return surpassed_shares(ratios - self.log_margin, self.population)


def surpassed_shares(values: FloatArray, population: FloatArray) -> FloatArray:
    """Return which share of a population, sorted ascending, lies strictly below each value.

    Examples
    --------
    >>> surpassed_shares(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0, 1.0]))
    array([0.  , 0.25, 1.  ])
    """
    return np.searchsorted(population, values, side="left") / len(population)


def _log_probability(signals: Signals) -> FloatArray:
    """Return ``ln p_y`` by way of what shadow signals hold, so that ties stay ties."""
    return np.asarray(log_expit(signals.scaled_confidence()), dtype=np.float64)
