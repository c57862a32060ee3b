"""Score guesses about people: what an attack says right about members and not about others.

A table may teach everybody how salary follows from age; that is what it is for. So success on
members counts only as far as it exceeds a floor: success of the same attack on non-members, who are
not in the table, and success of a model that never saw the table.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_core.statistics import Estimate, Rate, residual_risk, wilson_interval
from anomed_dataset_anonymization.schema import Column, Coordinates

BoolArray = NDArray[np.bool_]


@attrs.frozen(kw_only=True)
class InferenceScore:
    """How well an attack infers one unknown column.

    Attributes
    ----------
    members, non_members : Rate
        Share of the members, and of the non-members, for whom the guess is right.
    background : Rate or None
        Share of the same members for whom the background-only model is right; None if it is not
        part of the floor.
    risk : Estimate
        Success on members above the largest of the floors. Chance 0; rank on its lower end.
    advantage : Estimate or None
        Success on members above `background` alone, which hides leaks that the attack finds and
        the model makes up for; None without it.
    """

    members: Rate
    non_members: Rate
    background: Rate | None
    risk: Estimate
    advantage: Estimate | None


def is_right(guesses: Coordinates, truth: Coordinates, column: Column) -> BoolArray:
    """Return which guesses are right.

    Parameters
    ----------
    guesses : ndarray of float64, shape (n_targets,)
        Coordinates; NaN is no guess.
    truth : ndarray of float64, shape (n_targets,)
        True coordinates.
    column : Column
        Gives the tolerance.

    Returns
    -------
    ndarray of bool, shape (n_targets,)
        Whether the guess is within the tolerance; never without a guess or a true value.
    """
    slack = 1e-9 * max(1.0, float(np.abs(np.nan_to_num(truth)).max(initial=0.0)))
    with np.errstate(invalid="ignore"):
        right: BoolArray = np.abs(guesses - truth) <= column.tolerance + slack
    return right


def score_inference(
    right: BoolArray,
    *,
    is_member: BoolArray,
    background_right: BoolArray | None = None,
    rivals_right: Sequence[BoolArray] = (),
    counted: BoolArray | None = None,
    level: float = 0.95,
) -> InferenceScore:
    """Score the guesses about one unknown column.

    Parameters
    ----------
    right : ndarray of bool, shape (n_targets,)
        Which guesses are right; an answer that is missing is not.
    is_member : ndarray of bool, shape (n_targets,)
        Who is in the leaky table; the others are non-members.
    background_right : ndarray of bool, shape (n_targets,), optional
        Which guesses of the background-only model are right. Give it for submitted attacks: they
        may fail on non-members on purpose, to look as if they knew nothing without the table.
    rivals_right : sequence of ndarray of bool, shape (n_targets,)
        Which guesses are right that follow from other tables of the same people; what they give
        away, too, is no risk of this one. They count with the background-only model alone.
    counted : ndarray of bool, shape (n_targets,), optional
        Who counts: those with a true value, or of a group. All, when it is missing.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    InferenceScore

    Raises
    ------
    ValueError
        If no member or no non-member counts.
    """
    counted = np.ones(len(right), dtype=np.bool_) if counted is None else counted
    members = _rate(right, counted & is_member, side="member", level=level)
    non_members = _rate(right, counted & ~is_member, side="non-member", level=level)
    if background_right is None:
        return InferenceScore(
            members=members,
            non_members=non_members,
            background=None,
            risk=residual_risk(members, non_members),
            advantage=None,
        )
    background = _rate(background_right, counted & is_member, side="member", level=level)
    rivals = [
        _rate(right_too, counted & is_member, side="member", level=level)
        for right_too in rivals_right
    ]
    floor = max(non_members, background, *rivals, key=lambda rate: rate.value)
    return InferenceScore(
        members=members,
        non_members=non_members,
        background=background,
        risk=residual_risk(members, floor),
        advantage=residual_risk(members, background),
    )


def _rate(right: BoolArray, chosen: BoolArray, *, side: str, level: float) -> Rate:
    n_chosen = int(chosen.sum())
    if not n_chosen:
        raise ValueError(f"there is no {side} to score an attack on.")
    return wilson_interval(int((right & chosen).sum()), n_chosen, confidence=level)
