"""Membership: how well scores tell members from non-members, and whether that can be.

The ceilings hold per person and for targets that became members independently of each other.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.statistics import (
    Confusion,
    Estimate,
    Roc,
    confusion,
    epsilon_of_scores,
    estimate_advantage,
    estimate_auc,
    estimate_tpr_at_fpr,
    roc_of_scores,
)
from anomed_dp_query.threat.spending import Spent

FALSE_POSITIVE_RATES = (0.001, 0.01, 0.1)
"""Where the true-positive rate is read."""


@attrs.frozen(kw_only=True, eq=False)
class MembershipFound:
    """What an attack on membership has found out.

    Attributes
    ----------
    curve
        Of its scores.
    decision
        Who scored above one half, and who is a member.
    spent
        What the attacked analyst had spent.
    n_attackers
        How many may attack: what is said of faults is corrected for so many.
    """

    curve: Roc
    decision: Confusion
    spent: Spent
    n_attackers: int

    @property
    def auc(self) -> Estimate:
        """Area under the curve with its 95 % interval."""
        return estimate_auc(self.curve)

    @property
    def advantage(self) -> Estimate:
        """TPR - FPR of scores above one half, with its 95 % interval."""
        return estimate_advantage(self.decision)

    def tpr_at(self, fpr: float) -> float:
        """Return the true-positive rate at a false-positive rate."""
        return estimate_tpr_at_fpr(self.curve, fpr).estimate.value

    @property
    def epsilon_lower(self) -> float:
        """The largest epsilon that the scores prove, corrected for all attackers."""
        bound = epsilon_of_scores(
            self.curve, delta=min(self.spent.delta, 0.5), confidence=self._confidence
        )
        return bound.estimate.low

    @property
    def is_incident(self) -> bool:
        """Whether more was surely learnt than what was spent allows: a fault, and no score."""
        auc_low = estimate_auc(self.curve, confidence=self._confidence).low
        return auc_low > self.spent.auc_ceiling or self.epsilon_lower > self.spent.epsilon

    @property
    def _confidence(self) -> float:
        return 1 - 0.05 / (2 * self.n_attackers)


def assess_membership(
    scores: npt.NDArray[np.float64],
    is_member: npt.NDArray[np.bool_],
    *,
    spent: Spent,
    n_attackers: int,
) -> MembershipFound:
    """Assess scores of targets.

    Parameters
    ----------
    scores : float64 array of shape (n_targets,)
        In 0..1, higher for a likelier member.
    is_member : bool array of shape (n_targets,)
        The truth.
    spent
        What the attacked analyst had spent.
    n_attackers
        At least 1.
    """
    return MembershipFound(
        curve=roc_of_scores(scores[is_member], scores[~is_member]),
        decision=confusion(is_member, scores > 0.5),
        spent=spent,
        n_attackers=n_attackers,
    )
