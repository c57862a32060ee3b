"""What an audit proves about a model, with one error probability for all its attacks together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from anomed_supervised_mia.metrics import (
    EpsilonBound,
    Estimate,
    epsilon_of_one_run,
    epsilon_of_scores,
    estimate_auc,
)

if TYPE_CHECKING:
    from anomed_supervised_mia.auditing.results import AttackResult, AuditResults


@attrs.frozen(kw_only=True)
class Conclusion:
    """The strongest finding on the largest slice.

    The confidence is for all that is said here together: the AUC and the epsilon of each attack.

    Attributes
    ----------
    attack : str
        The attack with the highest lower limit of the AUC.
    n_attacks : int
        How many were run, and paid for.
    auc : Estimate
        Of that attack.
    epsilon : EpsilonBound
        The highest over the attacks.
    claimed_epsilon : float or None
        The privacy promised, if any.
    results : tuple of AttackResult
        Of all attacks on that slice, with limits of AUC and epsilon that hold together.
    """

    attack: str
    n_attacks: int
    auc: Estimate
    epsilon: EpsilonBound
    claimed_epsilon: float | None
    results: tuple[AttackResult, ...] = attrs.field(eq=False, repr=False)

    @property
    def leaks(self) -> bool:
        """Whether an attack is proved to tell members from non-members better than by guessing.

        Either in general, by the AUC, or at some threshold, by an epsilon above 0: a few records
        that are found for certain hardly move the AUC.
        """
        return self.auc.low > 0.5 or self.epsilon.estimate.low > 0

    @property
    def refutes_claim(self) -> bool:
        """Whether the promised epsilon is proved to be too small."""
        return self.claimed_epsilon is not None and self.epsilon.estimate.low > self.claimed_epsilon

    def __str__(self) -> str:
        """Say it in two or three sentences."""
        verdict = "tells" if self.leaks else "is not proved to tell"
        who = f"The strongest of {self.n_attacks} attacks, {self.attack},"
        epsilon = self.epsilon
        sentences = [
            f"{who} {verdict} members from non-members: AUC {self.auc}.",
            f"Epsilon is at least {epsilon.estimate.low:.3f} (delta {epsilon.delta:g}).",
        ]
        if self.claimed_epsilon is not None:
            word = "refutes" if self.refutes_claim else "does not refute"
            sentences.append(f"That {word} the claimed {self.claimed_epsilon:g}.")
        return " ".join(sentences)


def conclude(audited: AuditResults) -> Conclusion:
    """Draw the conclusion of an audit.

    Parameters
    ----------
    audited : AuditResults

    Returns
    -------
    Conclusion
        On all records, if these were measured. Slices are left out: each would have to be paid for.

    Raises
    ------
    ValueError
        If nothing could be measured.
    """
    strongest, confidence = audited.strongest(), _confidence(audited)
    results = tuple(_held(result, confidence) for result in _rivals(audited))
    return Conclusion(
        attack=strongest.attack,
        n_attacks=len(results),
        auc=auc_of_strongest(audited),
        epsilon=max((r.best_epsilon for r in results), key=lambda bound: bound.estimate.low),
        claimed_epsilon=audited.metadata.claimed_epsilon,
        results=results,
    )


def auc_of_strongest(audited: AuditResults) -> Estimate:
    """Return the AUC of a conclusion, without its epsilon, which takes longer.

    Parameters
    ----------
    audited : AuditResults

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If nothing could be measured.
    """
    return estimate_auc(audited.strongest().roc, confidence=_confidence(audited))


def _rivals(audited: AuditResults) -> list[AttackResult]:
    largest = audited.strongest().slice
    return [result for result in audited if result.slice == largest]


def _confidence(audited: AuditResults) -> float:
    """Return the confidence of each statement, the AUC and the epsilon of each attack."""
    n_statements = 2 * len(_rivals(audited))
    return 1 - (1 - audited.strongest().auc.confidence) / n_statements


def _held(result: AttackResult, confidence: float) -> AttackResult:
    auc, delta = estimate_auc(result.roc, confidence=confidence), result.epsilon.delta
    if result.one_run is None:
        bound = epsilon_of_scores(result.roc, delta=delta, confidence=confidence)
        return attrs.evolve(result, auc=auc, epsilon=bound)
    bound = epsilon_of_one_run(result.roc, delta=delta, confidence=confidence)
    return attrs.evolve(result, auc=auc, one_run=bound)
