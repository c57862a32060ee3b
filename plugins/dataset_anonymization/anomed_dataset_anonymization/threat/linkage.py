"""Score re-identification: which published row is a target's, if any."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_core.statistics import Estimate, Rate, residual_risk, wilson_interval
from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.threat.view import NO_ROW

BoolArray = NDArray[np.bool_]

FALSE_POSITIVE_LIMIT = 0.01
"""Share of the non-members that the surest claims may name."""


@attrs.frozen(kw_only=True)
class LinkageScore:
    """How well an attack names the rows of targets.

    Attributes
    ----------
    recall : Rate
        Expected share of the members whose row is found; at chance 1 / n_rows for each row named.
    non_members : Rate
        The same about non-members, of the rows that could be taken for theirs.
    precision : float or None
        Expected share of the named rows that are right, in [0, 1]; all named for a non-member are
        wrong. None if none was named.
    true_positive_rate : float
        Expected share of the members found among the surest claims that claim at most a share of
        `FALSE_POSITIVE_LIMIT` of the non-members, in [0, 1].
    risk : Estimate
        Recall above the highest floor: naming as many rows at random, the same attack on
        non-members, whoever does not fail on them on purpose, and whoever reads other tables.
    """

    recall: Rate
    non_members: Rate
    precision: float | None
    true_positive_rate: float
    risk: Estimate


def score_linkage(
    credit: FloatArray,
    *,
    n_named: NDArray[np.int64],
    is_member: BoolArray,
    n_rows: int,
    confidence: FloatArray | None = None,
    floors: Sequence[tuple[FloatArray, BoolArray]] = (),
    counted: BoolArray | None = None,
    level: float = 0.95,
) -> LinkageScore:
    """Score claims of rows by their expected credit.

    A row that is published ten times alike is found with a probability of a tenth, whoever of the
    ten is named. So the score needs no luck, and is 1 / k on average for a k-anonymous table.

    Parameters
    ----------
    credit : ndarray of float64, shape (n_targets,)
        Probability that a named row is the target's, in [0, 1], or for non-members could be taken
        for it.
    n_named : ndarray of int64, shape (n_targets,)
        Number of rows named for each target.
    is_member : ndarray of bool, shape (n_targets,)
        Who is in the leaky table; the others are non-members.
    n_rows : int
        Number of published rows.
    confidence : ndarray of float64, shape (n_targets,), optional
        How sure each claim is; equal when it is missing.
    floors : sequence of (ndarray of float64, ndarray of bool), shape (n_targets,) each
        The credit of other attacks, and about whom it counts. Give them for submitted attacks: they
        may name no rows for non-members on purpose, and may know members from other tables.
    counted : ndarray of bool, shape (n_targets,), optional
        Which targets count; all, when it is missing.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    LinkageScore

    Raises
    ------
    ValueError
        If no member or no non-member counts.
    """
    counted = np.ones(len(credit), dtype=np.bool_) if counted is None else counted
    members, non_members = counted & is_member, counted & ~is_member
    n_members, n_non_members = int(members.sum()), int(non_members.sum())
    if not n_members or not n_non_members:
        raise ValueError(f"{n_members} members and {n_non_members} non-members give no score.")
    claimed = counted & (n_named > 0)
    found = np.where(members & claimed, credit, 0.0)
    n_claims = int(n_named[counted].sum())
    by_chance = min(1.0, int(n_named[counted].max()) / n_rows)
    recall = wilson_interval(float(found.sum()), n_members, confidence=level)
    own = (np.where(claimed, credit, 0.0), ~is_member)
    others = [
        wilson_interval(
            float(gained[counted & side].sum()), int((counted & side).sum()), confidence=level
        )
        for gained, side in (own, *floors)
    ]
    floor = max(Rate.certain(by_chance), *others, key=lambda rate: rate.value)
    surest = _surest_claims(confidence, claimed=claimed, non_members=non_members)
    return LinkageScore(
        recall=recall,
        non_members=others[0],
        precision=float(found.sum()) / n_claims if n_claims else None,
        true_positive_rate=float(found[surest].sum()) / n_members,
        risk=residual_risk(recall, floor),
    )


def _surest_claims(
    confidence: FloatArray | None, *, claimed: BoolArray, non_members: BoolArray
) -> BoolArray:
    """Choose as many claims as the limit on non-members allows, equally sure ones together."""
    sureness = np.zeros(len(claimed)) if confidence is None else confidence
    levels, level_of = np.unique(-sureness, return_inverse=True)
    false = np.bincount(level_of, weights=claimed & non_members, minlength=len(levels))
    allowed = np.cumsum(false) <= FALSE_POSITIVE_LIMIT * non_members.sum()
    chosen: BoolArray = claimed & allowed[level_of]
    return chosen


def count_named(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the different rows named for each target.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_targets, n_guesses)
        `NO_ROW` for none.

    Returns
    -------
    ndarray of int64, shape (n_targets,)
    """
    ordered = np.sort(rows, axis=1)
    is_new = ordered != NO_ROW
    is_new[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    n_named: NDArray[np.int64] = is_new.sum(axis=1)
    return n_named
