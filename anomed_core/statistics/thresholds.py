"""A threshold that is fixed on some records and tested on others."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from anomed_core.statistics._smallest_epsilon import promised_epsilon
from anomed_core.statistics.decisions import Confusion
from anomed_core.statistics.ranking import Ranking, rank
from anomed_core.statistics.roc import Roc, roc_of_ranking

#: Much smaller than the error that a bound will have, against the winner's curse: few counts must
#: differ far more than by chance before they win over many.
_PROMISE_ERROR = 0.001


@attrs.frozen(kw_only=True)
class FixedThreshold:
    """The threshold that promises the highest bound of epsilon.

    Attributes
    ----------
    value : float
        Scores of at least this much are to be called members.
    promise : float
        About the bound that it gave with a small error on the records it was chosen on, at least
        0: what to choose one of several scores by, and no bound.
    """

    value: float
    promise: float


@attrs.frozen(kw_only=True)
class ThresholdTest:
    """What a threshold does on records that it was not chosen on.

    Attributes
    ----------
    outcome : Confusion
        Members and non-members on either side of it.
    threshold : float
        Fixed beforehand.
    """

    outcome: Confusion
    threshold: float


def fix_threshold(roc: Roc, *, delta: float = 0.0) -> FixedThreshold:
    """Choose the threshold of a test, on records that the test itself won't use.

    Parameters
    ----------
    roc : Roc
        Of the records that choose.
    delta : float, default=0.0
        For which epsilon will be bounded, in [0, 1).

    Returns
    -------
    FixedThreshold
        Halfway between the most promising score and the next lower one; it parts the two.

    Examples
    --------
    >>> from anomed_core.statistics import roc_curve
    >>> fix_threshold(roc_curve([1, 1, 1, 0, 0, 0], [9, 8, 7, 3, 2, 1])).value
    5.0
    """
    promise = promised_epsilon(
        roc.n_true_positives[1:],
        roc.n_false_positives[1:],
        n_members=roc.n_members,
        n_non_members=roc.n_non_members,
        delta=delta,
        error=_PROMISE_ERROR,
    )
    # Of few records none promises anything; the widest gap between the rates then says most.
    gap = roc.n_true_positives[1:] / roc.n_members - roc.n_false_positives[1:] / roc.n_non_members
    place = int(np.lexsort((gap, promise))[-1])
    best, lower = 1 + place, min(2 + place, roc.thresholds.size - 1)
    return FixedThreshold(
        value=_between(float(roc.thresholds[lower]), float(roc.thresholds[best])),
        promise=float(promise[place]),
    )


def _between(low: float, high: float) -> float:
    """Return the middle of two numbers: above the lower one, and finite however large they are."""
    middle = low / 2 + high / 2
    return middle if low < middle <= high else high


def threshold_test(
    is_member: ArrayLike,
    scores: ArrayLike,
    *,
    rng: np.random.Generator,
    fraction: float = 0.2,
    delta: float = 0.0,
) -> ThresholdTest:
    """Choose a threshold on some of the records, and count the others on either side of it.

    Parameters
    ----------
    is_member : bool array of shape (n_records,)
        The truth.
    scores : float array of shape (n_records,)
        Finite; higher means "more likely a member".
    rng : numpy.random.Generator
        Decides which records choose and which are counted.
    fraction : float, default=0.2
        Share of the members, and of the non-members, to choose the threshold on, in (0, 1).
    delta : float, default=0.0
        For which epsilon will be bounded, in [0, 1).

    Returns
    -------
    ThresholdTest
        Of the records that did not choose.

    Raises
    ------
    ValueError
        If the fraction is out of range, the arrays do not fit, or there are fewer than two members
        or two non-members, so that one part would lack them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> test = threshold_test([1] * 50 + [0] * 50, range(100, 0, -1), rng=rng)
    >>> test.outcome.n_members, test.outcome.n_true_positives
    (40, 36)
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must be in (0, 1), such as 0.2, but came as {fraction}.")
    ranking = rank(is_member, scores)
    chooses = _choosing(ranking, fraction=fraction, rng=rng)
    threshold = fix_threshold(roc_of_ranking(ranking.take(chooses)), delta=delta).value
    counted = ranking.take(~chooses)
    decided = counted.scores >= threshold
    n_members, n_called = int(np.count_nonzero(counted.is_member)), int(np.count_nonzero(decided))
    n_true_positives = int(np.count_nonzero(decided & counted.is_member))
    return ThresholdTest(
        outcome=Confusion.of_hits(
            (n_true_positives, n_members),
            (n_called - n_true_positives, counted.is_member.size - n_members),
        ),
        threshold=threshold,
    )


def _choosing(
    ranking: Ranking, *, fraction: float, rng: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Draw the same share of either side."""
    chooses = np.zeros(ranking.is_member.size, dtype=np.bool_)
    for side in (ranking.is_member, ~ranking.is_member):
        ranks = np.flatnonzero(side)
        if ranks.size < 2:
            raise ValueError(
                "a split needs at least two members and two non-members, "
                f"but one side has {ranks.size}; use epsilon_of_scores instead."
            )
        n_chosen = min(max(round(fraction * ranks.size), 1), ranks.size - 1)
        chooses[rng.choice(ranks, n_chosen, replace=False)] = True
    return chooses
