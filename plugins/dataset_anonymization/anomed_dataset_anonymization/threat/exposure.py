"""Find the people to whom a table comes nearest: it may leave most out and give these away."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.schemes import PublishedTable
from anomed_dataset_anonymization.threat._nearest import find_nearest, tightness
from anomed_dataset_anonymization.threat.truth import MIN_GROUP, TargetTruth
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.published import boxes_of_published

DEFAULT_SHARE = 0.1
"""About this share of the members, and of the non-members, counts as exposed."""

_DECIMALS = 6
"""Of distances; differences below are rounding only."""


def find_exposed(
    table: PublishedTable, truth: TargetTruth, *, share: float = DEFAULT_SHARE
) -> NDArray[np.bool_]:
    """Tell to which targets a published row comes nearest, in all columns.

    Of rows that are equally near, as all are that hold a target, the one that says most counts.

    To publish a tenth of the people as they are, ten times each, is no tenth of a risk for these.
    Members and non-members are chosen by themselves but alike: where the table knows nothing about
    the members, it comes as near to non-members, and an attack is as often right about them.

    Parameters
    ----------
    table : PublishedTable
        What is attacked.
    truth : TargetTruth
        The targets.
    share : float
        Share of each side to choose, above 0 and at most 1; more if they tie, or if they would be
        fewer than `MIN_GROUP`.

    Returns
    -------
    ndarray of bool, shape (n_targets,)

    Raises
    ------
    ValueError
        If the share is impossible.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of {share} of the targets can't be chosen.")
    boxes, _ = boxes_of_published(table).distinct()
    place = _order(truth.people, boxes)
    exposed = np.zeros(len(place), dtype=np.bool_)
    for side in (truth.is_member, ~truth.is_member):
        n_side = int(side.sum())
        n_chosen = min(n_side, max(MIN_GROUP, math.ceil(share * n_side)))
        exposed |= side & (place <= np.sort(place[side])[n_chosen - 1])
    return exposed


def _order(people: Coordinates, boxes: Boxes) -> NDArray[np.int64]:
    """Order people by distance to their nearest box, then by how much it says; ties are equal."""
    pairs = find_nearest(people, boxes)
    tightest = pairs.boxes[np.searchsorted(pairs.targets, np.arange(len(people)))]
    keys = np.column_stack([pairs.distances, -tightness(boxes)[tightest]]).round(_DECIMALS)
    place: NDArray[np.int64] = np.unique(keys, axis=0, return_inverse=True)[1]
    return place
