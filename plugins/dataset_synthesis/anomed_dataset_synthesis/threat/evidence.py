"""Risk: the most that any attack is sure to have learnt."""

from collections.abc import Callable, Sequence

import attrs

from anomed_core.statistics import Estimate, residual_risk, wilson_interval

Counts = tuple[int, int]
"""Hits and trials."""


@attrs.frozen(kw_only=True, eq=False)
class Evidence:
    """What one attack learnt, on a scale that all attacks share.

    Attributes
    ----------
    attack
        Who attacked, e.g. ``"distance ratio"``.
    measure
        What was measured, e.g. ``"TPR at 1% FPR"``.
    group
        The targets it was measured on, e.g. ``"outliers"``.
    advantage_at
        Gives, for a confidence inside (0, 1), the normalised advantage with its interval: 0 is
        what non-members or chance explain, 1 is a perfect attack.
    """

    attack: str
    measure: str
    group: str
    advantage_at: Callable[[float], Estimate]

    def advantage(self, confidence: float = 0.95) -> Estimate:
        """Return the normalised advantage with an interval of this confidence."""
        return self.advantage_at(confidence)


def excess(members: Counts, others: Counts, *, confidence: float = 0.95) -> Estimate:
    """Estimate the residual risk of successes on members, beyond those on others.

    Parameters
    ----------
    members, others
        (number of hits, number of trials), on members and on whoever sets the floor.
    confidence
        Inside (0, 1).
    """
    rates = [wilson_interval(*counts, confidence=confidence) for counts in (members, others)]
    return residual_risk(*rates)


def rate_evidence(
    *, attack: str, measure: str, group: str, members: Counts, non_members: Counts
) -> Evidence:
    """Weigh successes on members against those on non-members, by the residual risk.

    Parameters
    ----------
    attack, measure, group
        See `Evidence`.
    members, non_members
        (number of hits, number of trials) on either side.
    """
    return Evidence(
        attack=attack,
        measure=measure,
        group=group,
        advantage_at=lambda confidence: excess(members, non_members, confidence=confidence),
    )


@attrs.frozen(kw_only=True, eq=False)
class Risk:
    """The risk of a synthetic table.

    Attributes
    ----------
    value
        The largest lower bound of a normalised advantage: 0..1, 0 at chance, lower is better.
    worst
        Where it was found.
    estimate
        The worst evidence's advantage, at the corrected confidence.
    confidence
        With which `value` is not overstated, over all comparisons together.
    n_comparisons
        How many the maximum was taken over.
    """

    value: float
    worst: Evidence
    estimate: Estimate
    confidence: float
    n_comparisons: int


def risk_of(
    evidence: Sequence[Evidence], *, n_attackers: int = 1, confidence: float = 0.95
) -> Risk:
    """Take the largest advantage that is sure, over all attacks, measures and groups.

    Each interval's confidence is raised by Bonferroni's correction, so that among many worthless
    attacks the luckiest one does not count.

    Parameters
    ----------
    evidence
        At least one piece.
    n_attackers
        How many attackers there are or may yet be; where they bring fewer pieces of evidence than
        that, the correction is for so many.
    confidence
        Inside (0, 1), of the result.

    Returns
    -------
    Risk
        The value never exceeds the true advantage of the best attack, with `confidence`.

    Raises
    ------
    ValueError
        If there is no evidence, or a number is out of range.
    """
    if not evidence or n_attackers < 1 or not 0 < confidence < 1:
        raise ValueError(
            f"{len(evidence)} pieces of evidence of {n_attackers} attackers at confidence "
            f"{confidence} came; give at least one of each and a confidence between 0 and 1"
        )
    n_comparisons = max(len(evidence), n_attackers)
    corrected = 1 - (1 - confidence) / n_comparisons
    estimates = [piece.advantage(corrected) for piece in evidence]
    worst = max(range(len(evidence)), key=lambda place: estimates[place].low)
    return Risk(
        value=max(0.0, estimates[worst].low),
        worst=evidence[worst],
        estimate=estimates[worst],
        confidence=confidence,
        n_comparisons=n_comparisons,
    )
