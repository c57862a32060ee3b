"""The receiver operating characteristic of a membership score.

A record is called a member if its score is at least the threshold. Records with equal scores are
decided together, so a tie is one step of the curve, and counts one half in the area below it.

There are two rules for the true-positive rate at a false-positive rate, which differ where the rate
falls within a step:

- `tpr_at_fpr` asks what a threshold can really do: ties as one block, nothing is interpolated, and
  a constant score reaches 0. It is the rule for a decision that somebody makes.
- `interpolated_tpr` takes the records of a tie in random order: the curve is straight between its
  points, and a constant score reaches the false-positive rate itself, chance. It is the rule for
  comparing attackers, none of whom may gain or lose by ties.
"""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from anomed_core.statistics.ranking import Ranking, rank


@attrs.frozen(kw_only=True, eq=False)
class Roc:
    """Every decision that a threshold on a score can make, from nobody to everybody.

    Attributes
    ----------
    thresholds : float64 array of shape (n_points,)
        Strictly descending. The first is infinite: nobody is called a member. The others are the
        distinct scores.
    n_true_positives, n_false_positives : int64 arrays of shape (n_points,)
        Members and non-members with a score of at least each threshold; ascending from 0 to
        `n_members` and `n_non_members`.
    """

    thresholds: NDArray[np.float64]
    n_true_positives: NDArray[np.int64]
    n_false_positives: NDArray[np.int64]

    @property
    def n_members(self) -> int:
        """Number of members, at least 1."""
        return int(self.n_true_positives[-1])

    @property
    def n_non_members(self) -> int:
        """Number of non-members, at least 1."""
        return int(self.n_false_positives[-1])

    @cached_property
    def tpr(self) -> NDArray[np.float64]:
        """True-positive rate at each threshold, float64 of shape (n_points,), in [0, 1]."""
        return self.n_true_positives / self.n_members

    @cached_property
    def fpr(self) -> NDArray[np.float64]:
        """False-positive rate at each threshold, float64 of shape (n_points,), in [0, 1]."""
        return self.n_false_positives / self.n_non_members


@attrs.frozen(kw_only=True)
class OperatingPoint:
    """One threshold of a ROC curve and what it does.

    Attributes
    ----------
    tpr, fpr : float
        Realised rates, in [0, 1].
    threshold : float
        Finite. Scores of at least this much are called members.
    n_true_positives, n_false_positives : int
        Members and non-members called members.
    n_members, n_non_members : int
        Sample sizes.
    """

    tpr: float
    fpr: float
    threshold: float
    n_true_positives: int
    n_false_positives: int
    n_members: int
    n_non_members: int


def roc_curve(is_member: ArrayLike, scores: ArrayLike) -> Roc:
    """Build the ROC curve of a membership score.

    Parameters
    ----------
    is_member : bool array of shape (n_records,)
        The truth.
    scores : float array of shape (n_records,)
        Finite; higher means "more likely a member". Booleans are scores of two levels.

    Returns
    -------
    Roc
        Points, thresholds and their order as in scikit-learn's ``roc_curve`` with
        ``drop_intermediate=False``.

    Raises
    ------
    ValueError
        If the arrays do not fit each other, a score is not finite, or either class is missing.

    Examples
    --------
    >>> curve = roc_curve([True, True, False, False], [0.9, 0.5, 0.5, 0.1])
    >>> curve.thresholds
    array([inf, 0.9, 0.5, 0.1])
    >>> curve.tpr, curve.fpr
    (array([0. , 0.5, 1. , 1. ]), array([0. , 0. , 0.5, 1. ]))
    """
    return roc_of_ranking(rank(is_member, scores))


def roc_of_scores(members: ArrayLike, non_members: ArrayLike) -> Roc:
    """Build the ROC curve of scores that come apart: those of members, those of non-members.

    Parameters
    ----------
    members, non_members : float arrays of shape (n_members,) and (n_non_members,)
        Finite; higher means "more likely a member".

    Returns
    -------
    Roc

    Raises
    ------
    ValueError
        If a side is no column of scores or is empty, or a score is not finite.

    Examples
    --------
    >>> auc(roc_of_scores([0.9, 0.4], [0.4, 0.1]))
    0.875
    """
    sides = [np.asarray(side) for side in (members, non_members)]
    if any(side.ndim != 1 or not side.size for side in sides):
        raise ValueError(
            f"scores of shapes {sides[0].shape} and {sides[1].shape} came for members and "
            "non-members; give one score each for at least one of both."
        )
    is_member = np.repeat([True, False], [side.size for side in sides])
    return roc_curve(is_member, np.concatenate(sides))


def roc_of_ranking(ranking: Ranking) -> Roc:
    """Build the ROC curve of records that are already in order.

    Parameters
    ----------
    ranking : Ranking
        At least one member and one non-member.

    Returns
    -------
    Roc

    Raises
    ------
    ValueError
        If there is no member or no non-member.
    """
    scores = ranking.scores
    block_ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    n_points = block_ends.size + 1
    true_positives = np.zeros(n_points, dtype=np.int64)
    false_positives = np.zeros(n_points, dtype=np.int64)
    true_positives[1:] = np.cumsum(ranking.is_member)[block_ends]
    false_positives[1:] = block_ends + 1 - true_positives[1:]
    if true_positives[-1] == 0 or false_positives[-1] == 0:
        raise ValueError(
            "a ROC curve needs at least one member and one non-member, but there are "
            f"{true_positives[-1]} members and {false_positives[-1]} non-members."
        )
    thresholds = np.empty(n_points, dtype=np.float64)
    thresholds[0] = np.inf
    thresholds[1:] = scores[block_ends]
    return Roc(
        thresholds=thresholds,
        n_true_positives=true_positives,
        n_false_positives=false_positives,
    )


def auc(roc: Roc) -> float:
    """Return the area under the ROC curve.

    It is the probability that a random member scores higher than a random non-member, ties
    counting one half (Mann and Whitney 1947, doi:10.1214/aoms/1177730491). Range [0, 1], higher is
    the stronger attack, 0.5 at chance.

    Parameters
    ----------
    roc : Roc

    Returns
    -------
    float

    Examples
    --------
    >>> auc(roc_curve([True, True, False, False], [0.9, 0.5, 0.5, 0.1]))
    0.875
    """
    # In integers, so that equal rankings give equal areas whatever the order of addition.
    heights = roc.n_true_positives[1:] + roc.n_true_positives[:-1]
    doubled_area = int(np.dot(np.diff(roc.n_false_positives), heights))
    return doubled_area / (2 * roc.n_members * roc.n_non_members)


def tpr_at_fpr(roc: Roc, level: float) -> OperatingPoint:
    """Return the most powerful threshold whose false-positive rate is at most a level.

    The quotient of counts is compared with the level, and nothing is interpolated: the rates are
    those of a decision that a threshold really makes. The true-positive rate is in [0, 1], higher
    is the stronger attack, at most about `level` at chance.

    Parameters
    ----------
    roc : Roc
    level : float
        Largest false-positive rate to accept, in [0, 1].

    Returns
    -------
    OperatingPoint
        If only the empty decision qualifies, its threshold is the float after the largest score.

    Raises
    ------
    ValueError
        If the level is not in [0, 1].

    References
    ----------
    Carlini et al. (2022), Membership Inference Attacks From First Principles, section III-B.
    doi:10.1109/SP46214.2022.9833649

    Examples
    --------
    >>> curve = roc_curve([True, True, False, False], [0.9, 0.5, 0.5, 0.1])
    >>> point = tpr_at_fpr(curve, 0.1)
    >>> point.tpr, point.fpr, point.threshold
    (0.5, 0.0, 0.9)
    """
    return operating_point(roc, _last_within(roc, level))


def interpolated_tpr(roc: Roc, level: float) -> float:
    """Return the largest true-positive rate of a randomised decision at a false-positive rate.

    The records of a tie are taken in random order, so the curve is read linearly between its
    points, at a step its upper end. Range [0, 1], higher is the stronger attack, `level` at chance.

    Parameters
    ----------
    roc : Roc
    level : float
        Largest false-positive rate to accept, in [0, 1].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the level is not in [0, 1].

    References
    ----------
    See `tpr_at_fpr`; Fawcett (2006), An introduction to ROC analysis, section 10.
    doi:10.1016/j.patrec.2005.10.010

    Examples
    --------
    >>> curve = roc_curve([True, True, False, False], [0.9, 0.5, 0.5, 0.1])
    >>> interpolated_tpr(curve, 0.0), interpolated_tpr(curve, 0.25)
    (0.5, 0.75)
    """
    last = _last_within(roc, level)
    if last == roc.fpr.size - 1:
        return float(roc.tpr[last])
    share = (level - roc.fpr[last]) / (roc.fpr[last + 1] - roc.fpr[last])
    return float(roc.tpr[last] + share * (roc.tpr[last + 1] - roc.tpr[last]))


def operating_point(roc: Roc, index: int) -> OperatingPoint:
    """Return one point of the curve as an operating point with a finite threshold.

    Parameters
    ----------
    roc : Roc
    index : int
        Position on the curve, in [0, n_points).

    Returns
    -------
    OperatingPoint
    """
    threshold = roc.thresholds[index] if index > 0 else np.nextafter(roc.thresholds[1], np.inf)
    return OperatingPoint(
        tpr=float(roc.tpr[index]),
        fpr=float(roc.fpr[index]),
        threshold=float(threshold),
        n_true_positives=int(roc.n_true_positives[index]),
        n_false_positives=int(roc.n_false_positives[index]),
        n_members=roc.n_members,
        n_non_members=roc.n_non_members,
    )


def _last_within(roc: Roc, level: float) -> int:
    """Return the position of the last point whose false-positive rate is at most a level."""
    if not 0 <= level <= 1:
        raise ValueError(f"a false-positive rate must be in [0, 1], but the level is {level}.")
    return int(np.searchsorted(roc.fpr, level, side="right")) - 1
