"""How much better than guessing: the membership advantage and the balanced accuracy."""

from __future__ import annotations

import math

import attrs
import numpy as np

from anomed_core.statistics._region import corners
from anomed_core.statistics.decisions import Confusion
from anomed_core.statistics.estimate import MembershipEstimate, check_confidence
from anomed_core.statistics.roc import Roc


@attrs.frozen(kw_only=True)
class MaxAdvantage:
    """The largest gap between the rates over all thresholds, beside what chance would give.

    Attributes
    ----------
    estimate : MembershipEstimate
        Range [0, 1], higher is the stronger attack, but above 0 even at chance.
    null_limit : float
        What an attack that knows nothing stays below, with the confidence of the estimate.
    threshold : float
        Where the gap is largest; scores of at least this much are called members.
    """

    estimate: MembershipEstimate
    null_limit: float
    threshold: float


def estimate_advantage(outcome: Confusion, *, confidence: float = 0.95) -> MembershipEstimate:
    """Estimate the membership advantage ``TPR - FPR`` of a decision.

    Range [-1, 1], higher is the stronger attack, 0 at chance. The interval is exact: it minimises
    and maximises the difference over the joint confidence region of both rates.

    Parameters
    ----------
    outcome : Confusion
        Of a decision whose threshold was not chosen on these records.
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    MembershipEstimate

    Raises
    ------
    ValueError
        If the confidence is not in (0, 1).

    References
    ----------
    Yeom et al. (2018), Privacy Risk in Machine Learning, definition 4. doi:10.1109/CSF.2018.00027

    Examples
    --------
    >>> from anomed_core.statistics import confusion
    >>> print(estimate_advantage(confusion([1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 1])))
    0.667 [-0.517, 0.997]
    """
    check_confidence(confidence)
    low, high = difference_limits(
        outcome.n_true_positives,
        outcome.n_false_positives,
        n_members=outcome.n_members,
        n_non_members=outcome.n_non_members,
        confidence=confidence,
    )
    return MembershipEstimate(
        value=outcome.advantage,
        low=min(low, outcome.advantage),
        high=max(high, outcome.advantage),
        confidence=confidence,
        n_members=outcome.n_members,
        n_non_members=outcome.n_non_members,
        method="exact joint region",
    )


def estimate_balanced_accuracy(
    outcome: Confusion, *, confidence: float = 0.95
) -> MembershipEstimate:
    """Estimate the balanced accuracy ``(TPR + TNR) / 2`` of a decision.

    Range [0, 1], higher is the stronger attack, 0.5 at chance. It is ``(1 + advantage) / 2``.

    Parameters
    ----------
    outcome : Confusion
        Of a decision whose threshold was not chosen on these records.
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    MembershipEstimate

    Raises
    ------
    ValueError
        If the confidence is not in (0, 1).
    """
    advantage = estimate_advantage(outcome, confidence=confidence)
    value, low, high = ((1 + x) / 2 for x in (advantage.value, advantage.low, advantage.high))
    return attrs.evolve(advantage, value=value, low=low, high=high)


def estimate_max_advantage(roc: Roc, *, confidence: float = 0.95) -> MaxAdvantage:
    """Estimate the largest ``|TPR - FPR|`` over all thresholds, the Kolmogorov-Smirnov distance.

    Range [0, 1], higher is the stronger attack. At chance it is not 0 but about
    ``0.87 * sqrt(1 / n_members + 1 / n_non_members)`` on average, hence the limit beside it. The
    interval is the value plus or minus that limit: both empirical distributions together are off
    by no more, at any threshold.

    Parameters
    ----------
    roc : Roc
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    MaxAdvantage
        `low` is above 0 if and only if the value is above its null limit.

    Raises
    ------
    ValueError
        If the confidence is not in (0, 1).

    References
    ----------
    Smirnov (1948), Table for estimating the goodness of fit of empirical distributions.
    doi:10.1214/aoms/1177730256

    Examples
    --------
    >>> from anomed_core.statistics import roc_curve
    >>> result = estimate_max_advantage(roc_curve([1] * 20 + [0] * 20, range(40, 0, -1)))
    >>> print(result.estimate, round(result.null_limit, 3))
    1.000 [0.571, 1.000] 0.429
    """
    null_limit = null_advantage(roc.n_members, roc.n_non_members, confidence=confidence)
    gaps = np.abs(roc.tpr - roc.fpr)
    best = max(int(np.argmax(gaps)), 1)  # the threshold of the first point is infinite
    value = float(gaps[best])
    estimate = MembershipEstimate(
        value=value,
        low=max(value - null_limit, 0.0),
        high=min(value + null_limit, 1.0),
        confidence=confidence,
        n_members=roc.n_members,
        n_non_members=roc.n_non_members,
        method="Kolmogorov-Smirnov band",
    )
    return MaxAdvantage(
        estimate=estimate, null_limit=null_limit, threshold=float(roc.thresholds[best])
    )


def estimate_best_balanced_accuracy(roc: Roc, *, confidence: float = 0.95) -> MembershipEstimate:
    """Estimate the balanced accuracy ``(TPR + TNR) / 2`` of the best threshold.

    Range [0.5, 1], higher is the stronger attack, above 0.5 even at chance: it is
    ``(1 + max(TPR - FPR)) / 2``. The interval is that of the largest advantage, halved.

    Parameters
    ----------
    roc : Roc
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    MembershipEstimate

    Raises
    ------
    ValueError
        If the confidence is not in (0, 1).

    References
    ----------
    Carlini et al. (2022), Membership Inference Attacks From First Principles, section III-A.
    doi:10.1109/SP46214.2022.9833649

    Examples
    --------
    >>> from anomed_core.statistics import roc_curve
    >>> print(estimate_best_balanced_accuracy(roc_curve([1] * 20 + [0] * 20, range(40, 0, -1))))
    1.000 [0.785, 1.000]
    """
    null_limit = null_advantage(roc.n_members, roc.n_non_members, confidence=confidence)
    best = float(np.max(roc.tpr - roc.fpr))
    return MembershipEstimate(
        value=(1 + best) / 2,
        low=(1 + max(best - null_limit, 0.0)) / 2,
        high=(1 + min(best + null_limit, 1.0)) / 2,
        confidence=confidence,
        n_members=roc.n_members,
        n_non_members=roc.n_non_members,
        method="Kolmogorov-Smirnov band",
    )


def null_advantage(n_members: int, n_non_members: int, *, confidence: float = 0.95) -> float:
    """Return the maximal advantage that an attack without knowledge stays below.

    Parameters
    ----------
    n_members, n_non_members : int
        At least 1.
    confidence : float, default=0.95
        Probability of staying below, in (0, 1).

    Returns
    -------
    float
        ``sqrt(-ln((1 - confidence) / 2) / 2 * (1 / n_members + 1 / n_non_members))``, at most 1.
        Its factor is 1.358 at 95 %.

    Raises
    ------
    ValueError
        If a sample is empty or the confidence is not in (0, 1).

    Examples
    --------
    >>> round(null_advantage(284, 284), 3), round(null_advantage(898, 898), 3)
    (0.114, 0.064)
    """
    check_confidence(confidence)
    if min(n_members, n_non_members) < 1:
        raise ValueError(
            "an advantage needs at least one member and one non-member, but there are "
            f"{n_members} and {n_non_members}."
        )
    factor = math.sqrt(-math.log((1 - confidence) / 2) / 2)
    return min(factor * math.sqrt(1 / n_members + 1 / n_non_members), 1.0)


def difference_limits(
    n_true_positives: int,
    n_false_positives: int,
    *,
    n_members: int,
    n_non_members: int,
    confidence: float,
) -> tuple[float, float]:
    """Return exact confidence limits of ``TPR - FPR`` at a threshold fixed in advance.

    Parameters
    ----------
    n_true_positives, n_false_positives : int
    n_members, n_non_members : int
        At least 1.
    confidence : float
        In (0, 1).

    Returns
    -------
    tuple of float
        Lower and upper limit, in [-1, 1].
    """
    error = (1 - confidence) / 2
    tpr_low, fpr_high = corners(
        n_true_positives,
        n_false_positives,
        n_members=n_members,
        n_non_members=n_non_members,
        error=error,
    )
    # Seen from the other side: what non-members gain over members is bounded in the same way.
    fpr_low, tpr_high = corners(
        n_false_positives,
        n_true_positives,
        n_members=n_non_members,
        n_non_members=n_members,
        error=error,
    )
    return float((tpr_low - fpr_high).min()), float((tpr_high - fpr_low).max())
