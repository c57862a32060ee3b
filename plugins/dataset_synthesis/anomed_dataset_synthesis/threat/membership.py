"""Membership: how well an attack's scores tell members from non-members."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from anomed_core.statistics import (
    Estimate,
    Roc,
    estimate_auc,
    interpolated_tpr,
    null_band,
    roc_of_scores,
    tpr_at_fpr,
    wilson_interval,
)
from anomed_dataset_synthesis.threat.evidence import Evidence, rate_evidence

Scores = npt.NDArray[np.float64]

_LEAST_ROOM = 1e-9

FALSE_POSITIVE_RATES = (0.01, 0.1)
"""Where the TPR is read: an attack counts that accuses few innocents."""


def check_membership_scores(scores: npt.NDArray[np.float64], n_targets: int) -> None:
    """Refuse submitted scores that are not one number in 0..1 for every target.

    Parameters
    ----------
    scores : ndarray of float64
        As submitted, higher for a likelier member.
    n_targets
        How many scores are due.

    Raises
    ------
    ValueError
        If the shape is wrong, or a score is NaN or outside 0..1.
    """
    if scores.shape != (n_targets,):
        raise ValueError(
            f"scores of shape {scores.shape} came for {n_targets} targets; give one per target"
        )
    n_bad = int((~((scores >= 0) & (scores <= 1))).sum())
    if n_bad:
        raise ValueError(f"{n_bad} scores are NaN or outside 0 to 1; give a number in 0 to 1 each")


@attrs.frozen(kw_only=True, eq=False)
class MembershipResult:
    """How well one attack told members from non-members in one group of targets.

    Attributes
    ----------
    attack, group
        Who attacked whom.
    members, non_members : ndarray of float64, shape (n_members,) and (n_non_members,)
        The scores.
    """

    attack: str
    group: str
    members: Scores
    non_members: Scores

    @property
    def curve(self) -> Roc:
        """Return the whole ROC curve."""
        return roc_of_scores(self.members, self.non_members)

    def auc(self, confidence: float = 0.95) -> Estimate:
        """Estimate the area under the curve, .5 at chance, higher is riskier."""
        return estimate_auc(self.curve, confidence=confidence)

    def tpr_at(self, fpr: float, confidence: float = 0.95) -> Estimate:
        """Estimate the TPR at an FPR, equal to the FPR at chance, higher is riskier.

        The interval allows for both errors: that of the threshold, which the non-members set, and
        that of the share of members above it. It starts at 0 where there are too few non-members to
        tell the threshold at all.

        Raises
        ------
        ValueError
            If `fpr` or `confidence` is out of range.
        """
        curve = self.curve
        n_members, n_non_members = len(self.members), len(self.non_members)
        half = (1 - confidence) / 2
        fewest, most = binom.ppf([half / 2, 1 - half / 2], n_non_members, fpr)
        high = math.ceil(interpolated_tpr(curve, most / n_non_members) * n_members - 1e-9)
        low = 0
        if fewest >= 1:
            low = math.floor(
                interpolated_tpr(curve, (fewest - 1) / n_non_members) * n_members + 1e-9
            )
        value = interpolated_tpr(curve, fpr)
        return Estimate(
            value=value,
            low=wilson_interval(low, n_members, confidence=1 - half).low if low else 0.0,
            high=max(value, wilson_interval(high, n_members, confidence=1 - half).high),
            confidence=confidence,
        )

    def null_band(self, fpr: float | None = None) -> tuple[float, float]:
        """Say where 95% of worthless attacks lie: their TPR at `fpr`, or their AUC."""
        return null_band(len(self.members), len(self.non_members), fpr=fpr)

    def evidence(self, rivals: Sequence[MembershipResult] = ()) -> tuple[Evidence, ...]:
        """Return the evidence for the risk: 2 AUC - 1, and (TPR - FPR) / (1 - FPR) at low FPRs.

        The latter are taken at the lowest threshold that no more than the FPR's share of the
        non-members reach, and count that share as an estimate, which small groups leave uncertain.

        Parameters
        ----------
        rivals
            What other tables of the same records tell about the same targets: only what is beyond
            the best of them counts.
        """
        told = max((max(0.0, 2 * rival.auc().value - 1) for rival in rivals), default=0.0)
        pieces = [
            Evidence(
                attack=self.attack,
                measure="AUC",
                group=self.group,
                advantage_at=lambda confidence: _beyond(_above_chance(self.auc(confidence)), told),
            )
        ]
        curve = self.curve
        for fpr in FALSE_POSITIVE_RATES:
            point = tpr_at_fpr(curve, fpr)
            floors = [(point.n_false_positives, point.n_non_members)]
            for rival in rivals:
                other = tpr_at_fpr(rival.curve, fpr)
                floors.append((other.n_true_positives, other.n_members))
            pieces.append(
                rate_evidence(
                    attack=self.attack,
                    measure=f"TPR at {fpr:.0%} FPR",
                    group=self.group,
                    members=(point.n_true_positives, point.n_members),
                    non_members=max(floors, key=lambda counts: counts[0] / counts[1]),
                )
            )
        return tuple(pieces)


def _above_chance(auc: Estimate) -> Estimate:
    """Put an area on the scale of advantages: one half becomes 0, and what is below, too."""
    low, value, high = (max(0.0, 2 * figure - 1) for figure in (auc.low, auc.value, auc.high))
    return Estimate(value=value, low=low, high=high, confidence=auc.confidence)


def _beyond(advantage: Estimate, told: float) -> Estimate:
    """Take off what is told elsewhere, of what that leaves to be told."""
    room = max(1 - told, _LEAST_ROOM)
    figures = (advantage.low, advantage.value, advantage.high)
    low, value, high = (max(0.0, (figure - told) / room) for figure in figures)
    return Estimate(value=value, low=low, high=high, confidence=advantage.confidence)


def assess_membership(
    scores: Scores,
    is_member: npt.NDArray[np.bool_],
    *,
    attack: str,
    groups: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> tuple[MembershipResult, ...]:
    """Score a membership attack on all targets and on groups of them.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_targets,)
        In 0..1, higher for a likelier member.
    is_member : ndarray of bool, shape (n_targets,)
        The truth; at least two members and two non-members.
    attack
        The attack's name.
    groups : Mapping of str to ndarray of bool, shape (n_targets,), optional
        More groups to look at, such as outliers or canaries. One without two members and two
        non-members is left out.

    Returns
    -------
    tuple of MembershipResult
        "all targets" first, then the groups in their order.

    Raises
    ------
    ValueError
        If scores are not in 0..1, shapes differ, or there are less than two of a kind.
    """
    check_membership_scores(scores, len(is_member))
    everyone = np.ones(len(is_member), dtype=bool)
    results = []
    for group, chosen in {"all targets": everyone, **(groups or {})}.items():
        members, non_members = scores[chosen & is_member], scores[chosen & ~is_member]
        if min(len(members), len(non_members)) >= 2:
            results.append(
                MembershipResult(
                    attack=attack, group=group, members=members, non_members=non_members
                )
            )
    if not results or results[0].group != "all targets":
        raise ValueError(
            f"{int(is_member.sum())} of {len(is_member)} targets are members; "
            "give at least two members and two non-members"
        )
    return tuple(results)
