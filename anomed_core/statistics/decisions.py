"""Attacks that decide: who is said to be a member, what is right of it, and how often."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from anomed_core.statistics.ranking import as_truth


@attrs.frozen(kw_only=True)
class Confusion:
    """Counts of right and wrong membership decisions, and the rates they give.

    Attributes
    ----------
    n_true_positives, n_false_negatives : int
        Members called members, and members called non-members; together at least 1.
    n_false_positives, n_true_negatives : int
        Non-members called members, and non-members called non-members; together at least 1.
    """

    n_true_positives: int
    n_false_negatives: int
    n_false_positives: int
    n_true_negatives: int

    @classmethod
    def of_hits(cls, members: tuple[int, int], non_members: tuple[int, int]) -> Confusion:
        """Return the counts of (number called members, number of all) on either side.

        Raises
        ------
        ValueError
            If a side is empty, or fewer or more are called members than there are.

        Examples
        --------
        >>> Confusion.of_hits((45, 50), (5, 50)).advantage
        0.8
        """
        for n_called, n_all in (members, non_members):
            if n_all < 1 or not 0 <= n_called <= n_all:
                raise ValueError(
                    f"{n_called} of {n_all} records were called members; give at least one member "
                    "and one non-member, and 0 to as many calls as there are."
                )
        return cls(
            n_true_positives=members[0],
            n_false_negatives=members[1] - members[0],
            n_false_positives=non_members[0],
            n_true_negatives=non_members[1] - non_members[0],
        )

    @property
    def n_members(self) -> int:
        """Number of members."""
        return self.n_true_positives + self.n_false_negatives

    @property
    def n_non_members(self) -> int:
        """Number of non-members."""
        return self.n_false_positives + self.n_true_negatives

    @property
    def acc(self) -> float:
        """Share of right decisions, in [0, 1]; 0.5 at chance if the classes are of equal size."""
        n_right = self.n_true_positives + self.n_true_negatives
        return n_right / (self.n_members + self.n_non_members)

    @property
    def tpr(self) -> float:
        """Share of members called members, in [0, 1]; equal to `fpr` at chance."""
        return self.n_true_positives / self.n_members

    @property
    def fpr(self) -> float:
        """Share of non-members called members, in [0, 1]; equal to `tpr` at chance."""
        return self.n_false_positives / self.n_non_members

    @property
    def advantage(self) -> float:
        """Yeom's advantage ``tpr - fpr``, in [-1, 1]; 0 at chance.

        Yeom et al. (2018), definition 4. doi:10.1109/CSF.2018.00027
        """
        return self.tpr - self.fpr

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the true-positive and true-negative rates, in [0, 1]; 0.5 at chance."""
        return (1 + self.advantage) / 2


def confusion(is_member: ArrayLike, decisions: ArrayLike) -> Confusion:
    """Count right and wrong membership decisions.

    Parameters
    ----------
    is_member : bool array of shape (n_records,)
        The truth.
    decisions : bool array of shape (n_records,)
        True where the attack says "member".

    Returns
    -------
    Confusion

    Raises
    ------
    ValueError
        If the arrays differ in length, are empty, hold anything but truth values, or if either
        class is missing (its rate is undefined).

    Examples
    --------
    >>> result = confusion([True, True, False, False], [True, True, True, True])
    >>> result.acc, result.tpr, result.fpr
    (0.5, 1.0, 1.0)
    """
    truth = as_truth(is_member, name="is_member")
    decided = as_truth(decisions, name="decisions")
    if truth.shape != decided.shape:
        raise ValueError(
            f"decisions has shape {decided.shape}, but is_member has shape {truth.shape}; "
            "give exactly one decision for each record."
        )
    n_members = int(np.count_nonzero(truth))
    n_non_members = truth.size - n_members
    if n_members == 0 or n_non_members == 0:
        raise ValueError(
            "rates need at least one member and one non-member, but there are "
            f"{n_members} members and {n_non_members} non-members."
        )
    n_true_positives = int(np.count_nonzero(truth & decided))
    n_false_positives = int(np.count_nonzero(decided)) - n_true_positives
    return Confusion.of_hits((n_true_positives, n_members), (n_false_positives, n_non_members))


def advantage(truth: ArrayLike, score: ArrayLike, *, threshold: float = 0.5) -> float:
    """Return the true-positive rate minus the false-positive rate at one threshold.

    Range [-1, 1], higher is the stronger attack, 0 at chance (Yeom et al. 2018,
    doi:10.1109/CSF.2018.00027, Definition 4).

    Parameters
    ----------
    truth : array_like
        Truth values or 0 and 1, shape (n_records,); both occur.
    score : array_like
        Shape (n_records,); truth values count as 0 and 1.
    threshold : float, default=0.5
        Records with at least this score are said to be members.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, a score is not finite, or all records are of one class.

    Examples
    --------
    >>> advantage([True, True, False, False], [0.9, 0.4, 0.5, 0.1])
    0.0
    """
    scores = np.asarray(score, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite, but some are not; replace NaN and infinite ones.")
    return confusion(truth, scores >= threshold).advantage
