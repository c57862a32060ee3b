"""Scores for all records of an audit, each by an attack that was not fitted on it."""

from __future__ import annotations

import attrs
import numpy as np

from anomed_supervised_mia.attacks.alike import check_alike
from anomed_supervised_mia.attacks.arrays import FloatArray, IntArray
from anomed_supervised_mia.attacks.attack import Attack
from anomed_supervised_mia.attacks.signals import Signals


@attrs.frozen(kw_only=True, eq=False)
class AttackScores:
    """The scores of members, float64 (n_members,), and non-members, float64 (n_non_members,).

    Both are in the order of the signals they were computed from; higher means more likely a member.
    """

    members: FloatArray
    non_members: FloatArray


def cross_fit(
    members: Signals,
    non_members: Signals,
    *,
    attack: Attack,
    rng: np.random.Generator,
    n_folds: int = 2,
) -> AttackScores:
    """Score every record by an attack that was fitted on the other folds.

    Each fold's attack is fitted on equally many members and non-members, drawn from the other
    folds; the larger side's surplus is scored too. An attack that learns nothing is fitted once.

    Parameters
    ----------
    members, non_members
        Signals of records whose membership is known.
    attack
        The attack to fit.
    rng
        Draws the folds, and whatever the attack draws.
    n_folds
        The number of folds, at least 2.

    Raises
    ------
    ValueError
        If there are fewer than 2 folds, or fewer members or non-members than folds; or if members
        and non-members are described in different ways.

    Examples
    --------
    >>> from anomed_supervised_mia.attacks import LossThreshold
    >>> members, non_members = Signals.from_losses([0.1, 0.3]), Signals.from_losses([2.0])
    >>> attack, rng = LossThreshold(), np.random.default_rng(0)
    >>> cross_fit(members, non_members, attack=attack, rng=rng).members
    array([-0.1, -0.3])
    """
    check_alike(members, non_members)
    if not attack.learns:
        fitted = attack.fit(members, non_members, rng=rng)
        return AttackScores(members=fitted.score(members), non_members=fitted.score(non_members))
    if not 2 <= n_folds <= min(len(members), len(non_members)):
        raise ValueError(
            "Cross-fitting needs at least 2 folds and a record of each kind in each, but "
            f"{n_folds} folds, {len(members)} members and {len(non_members)} non-members came; "
            "change the number of folds, or use larger slices."
        )
    scores = AttackScores(members=np.empty(len(members)), non_members=np.empty(len(non_members)))
    member_folds, non_member_folds = (
        rng.permutation(np.arange(len(signals)) % n_folds) for signals in (members, non_members)
    )
    for fold in range(n_folds):
        known = _draw_equally_many(
            np.flatnonzero(member_folds != fold), np.flatnonzero(non_member_folds != fold), rng=rng
        )
        fitted = attack.fit(members.subset(known[0]), non_members.subset(known[1]), rng=rng)
        in_fold = np.flatnonzero(member_folds == fold), np.flatnonzero(non_member_folds == fold)
        scores.members[in_fold[0]] = fitted.score(members.subset(in_fold[0]))
        scores.non_members[in_fold[1]] = fitted.score(non_members.subset(in_fold[1]))
    return scores


def _draw_equally_many(
    members: IntArray, non_members: IntArray, *, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    n_drawn = min(len(members), len(non_members))
    return (
        rng.choice(members, n_drawn, replace=False),
        rng.choice(non_members, n_drawn, replace=False),
    )
