r"""Lower bounds of a model's privacy loss from what an attack achieved.

Against an :math:`(\varepsilon, \delta)`-differentially private model, the rates of every attack
satisfy :math:`TPR \le e^\varepsilon FPR + \delta` and :math:`TNR \le e^\varepsilon FNR + \delta`.
Rates that can't be explained with a small epsilon, up to the permitted error, prove a larger one.

The threshold must not be chosen on the records that are measured. There are three ways:
`epsilon_of_decision` for a threshold that was fixed before, `epsilon_of_split` to choose it on
other records, and `epsilon_of_scores` to try many and pay for each.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from anomed_core.statistics._candidates import candidates
from anomed_core.statistics._smallest_epsilon import (
    attainable_epsilon,
    promised_epsilon,
    smallest_epsilon,
)
from anomed_core.statistics.decisions import Confusion
from anomed_core.statistics.estimate import MembershipEstimate, check_confidence
from anomed_core.statistics.roc import Roc
from anomed_core.statistics.thresholds import threshold_test

#: So many of the candidate thresholds are worked out in full; the others are ruled out before.
N_FINALISTS = 3


@attrs.frozen(kw_only=True)
class EpsilonBound:
    """A lower bound of epsilon: the model is not (epsilon, delta)-private for any smaller one.

    Attributes
    ----------
    estimate : MembershipEstimate
        Range [0, inf), higher is the worse leak, 0 where nothing is proved. `value` and `low` are
        the bound; `high` is infinite.
    delta : float
        The delta it is for, in [0, 1).
    attainable : float
        The bound that a perfect attack would have reached with these sample sizes and this method.
    threshold : float or None
        Where it was attained; None if nothing was proved, or if there is no single threshold.
    """

    estimate: MembershipEstimate
    delta: float
    attainable: float
    threshold: float | None = None


def epsilon_of_decision(
    outcome: Confusion, *, delta: float = 0.0, confidence: float = 0.95
) -> EpsilonBound:
    """Bound epsilon from below by the outcome of a decision that was fixed beforehand.

    Range [0, inf), higher is the worse leak, 0 at chance. It minimises
    ``max(ln((TPR - delta) / FPR), ln((TNR - delta) / FNR), 0)`` over the joint confidence region of
    the two rates: both ratios share it, so nothing is paid for taking the larger one.

    Parameters
    ----------
    outcome : Confusion
        Of a decision, or a threshold, that does not depend on the records counted.
    delta : float, default=0.0
        In [0, 1).
    confidence : float, default=0.95
        Probability that the bound is not above the truth, in (0.25, 1).

    Returns
    -------
    EpsilonBound

    Raises
    ------
    ValueError
        If delta or the confidence is out of range.

    References
    ----------
    Kairouz, Oh and Viswanath (2015), arXiv:1311.0776; Jagielski, Ullman and Oprea (2020), Auditing
    Differentially Private Machine Learning, arXiv:2006.07709; Nasr et al. (2021), Adversary
    Instantiation, arXiv:2101.04535

    Examples
    --------
    >>> from anomed_core.statistics import confusion
    >>> bound = epsilon_of_decision(confusion([1] * 50 + [0] * 50, [1] * 45 + [0] * 50 + [1] * 5))
    >>> round(bound.estimate.low, 2), round(bound.attainable, 2)
    (1.47, 2.92)
    """
    _check(delta, confidence)
    bound = smallest_epsilon(
        outcome.n_true_positives,
        outcome.n_false_positives,
        n_members=outcome.n_members,
        n_non_members=outcome.n_non_members,
        delta=delta,
        error=1 - confidence,
    )
    return _bound(
        float(bound),
        n_members=outcome.n_members,
        n_non_members=outcome.n_non_members,
        delta=delta,
        confidence=confidence,
        method="exact joint region, threshold fixed beforehand",
    )


def epsilon_of_scores(roc: Roc, *, delta: float = 0.0, confidence: float = 0.95) -> EpsilonBound:
    """Bound epsilon from below by the best of many thresholds, paying for each (Bonferroni).

    Range [0, inf), higher is the worse leak, 0 at chance. The candidates are fixed by the sample
    sizes alone: the thresholds that admit 0, 1, 2, 4, ... non-members, and those that miss 0, 1,
    2, 4, ... members. A score with no more levels than that has its levels as candidates; a score
    with two levels, like a boolean decision, has one threshold and pays nothing.

    Parameters
    ----------
    roc : Roc
    delta : float, default=0.0
        In [0, 1).
    confidence : float, default=0.95
        Probability that the bound is not above the truth, in (0.25, 1).

    Returns
    -------
    EpsilonBound

    Raises
    ------
    ValueError
        If delta or the confidence is out of range.

    References
    ----------
    See `epsilon_of_decision`.

    Examples
    --------
    >>> from anomed_core.statistics import roc_curve
    >>> bound = epsilon_of_scores(roc_curve([1] * 50 + [0] * 50, range(100, 0, -1)))
    >>> round(bound.estimate.low, 2), bound.threshold
    (2.47, 51.0)
    """
    _check(delta, confidence)
    tried = candidates(roc)
    sizes = {"n_members": roc.n_members, "n_non_members": roc.n_non_members}
    error = (1 - confidence) / tried.n_tests
    promise = promised_epsilon(
        tried.n_true_positives, tried.n_false_positives, delta=delta, error=error, **sizes
    )
    finalists = np.argsort(promise)[-N_FINALISTS:]
    bounds = smallest_epsilon(
        tried.n_true_positives[finalists],
        tried.n_false_positives[finalists],
        delta=delta,
        error=error,
        **sizes,
    )
    best = int(np.argmax(bounds))
    return _bound(
        float(bounds[best]),
        delta=delta,
        confidence=confidence,
        n_tests=tried.n_tests,
        threshold=float(roc.thresholds[tried.index[finalists[best]]]),
        method=f"exact joint region, Bonferroni over {tried.n_tests} thresholds"
        if tried.n_tests > 1
        else "exact joint region, the only threshold",
        **sizes,
    )


def epsilon_of_split(
    is_member: ArrayLike,
    scores: ArrayLike,
    *,
    rng: np.random.Generator,
    fraction: float = 0.2,
    delta: float = 0.0,
    confidence: float = 0.95,
) -> EpsilonBound:
    """Bound epsilon from below at a threshold chosen on some of the records, by the others.

    Range [0, inf), higher is the worse leak, 0 at chance.

    Parameters
    ----------
    is_member : bool array of shape (n_records,)
        The truth.
    scores : float array of shape (n_records,)
        Finite; higher means "more likely a member".
    rng : numpy.random.Generator
        Decides which records choose and which measure.
    fraction : float, default=0.2
        Share of the members, and of the non-members, to choose the threshold on, in (0, 1).
    delta : float, default=0.0
        In [0, 1).
    confidence : float, default=0.95
        Probability that the bound is not above the truth, in (0.25, 1).

    Returns
    -------
    EpsilonBound
        Its sample sizes are those of the measuring part.

    Raises
    ------
    ValueError
        If an argument is out of range, the arrays do not fit, or there are fewer than two members
        or two non-members, so that one part would lack them.

    References
    ----------
    See `epsilon_of_decision`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bound = epsilon_of_split([1] * 50 + [0] * 50, range(100, 0, -1), rng=rng)
    >>> round(bound.estimate.low, 2), bound.estimate.n_members
    (2.24, 40)
    """
    _check(delta, confidence)
    test = threshold_test(is_member, scores, rng=rng, fraction=fraction, delta=delta)
    bound = epsilon_of_decision(test.outcome, delta=delta, confidence=confidence)
    return attrs.evolve(
        bound,
        estimate=attrs.evolve(
            bound.estimate,
            method=f"exact joint region, threshold chosen on a disjoint {fraction:.0%}",
        ),
        threshold=test.threshold if bound.estimate.value > 0 else None,
    )


def _check(delta: float, confidence: float) -> None:
    check_confidence(confidence)
    if confidence <= 0.25:
        raise ValueError(f"confidence must be above 0.25 for a bound, but came as {confidence}.")
    if not 0 <= delta < 1:
        raise ValueError(f"delta must be in [0, 1), but came as {delta}.")


def _bound(
    value: float,
    *,
    n_members: int,
    n_non_members: int,
    delta: float,
    confidence: float,
    method: str,
    n_tests: int = 1,
    threshold: float | None = None,
) -> EpsilonBound:
    error = (1 - confidence) / n_tests
    return EpsilonBound(
        estimate=MembershipEstimate(
            value=value,
            low=value,
            high=float("inf"),
            confidence=confidence,
            n_members=n_members,
            n_non_members=n_non_members,
            method=method,
        ),
        delta=delta,
        attainable=attainable_epsilon(n_members, n_non_members, delta=delta, error=error),
        threshold=threshold if value > 0 else None,
    )
