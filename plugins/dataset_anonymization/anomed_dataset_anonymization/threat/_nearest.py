"""Find the boxes that hold a target, or else those that are nearest."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.threat._pairs import outside, score_pairs
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Intervals

MAX_NEAREST = 256
"""Boxes kept for a target that is in many: so vast overlapping boxes can't fill the memory."""

_TIE = 1e-6
"""Difference of distances that is rounding only."""


@attrs.frozen(kw_only=True, eq=False)
class NearestPairs:
    """The boxes that are nearest to each target: those that hold it, if there are any.

    Attributes
    ----------
    targets, boxes : ndarray of int64, shape (n_pairs,)
        Ascending by target; each target has at least one box, and at most `MAX_NEAREST`: of more,
        those that say most.
    distances : ndarray of float64, shape (n_targets,)
        Sum over columns of how far a target is outside its nearest boxes; 0 inside.
    n_people : ndarray of float64, shape (n_targets,)
        Number of people in all boxes nearest to the target.
    """

    targets: NDArray[np.int64]
    boxes: NDArray[np.int64]
    distances: NDArray[np.float64]
    n_people: NDArray[np.float64]

    def best(self, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the box of the pair with the highest score, of equals the first, by target."""
        starts = np.searchsorted(self.targets, np.arange(len(self.distances)))
        highest = np.maximum.reduceat(scores, starts)
        leaders = np.flatnonzero(scores == highest[self.targets])
        first = np.unique(self.targets[leaders], return_index=True)[1]
        return self.boxes[leaders[first]]


def find_nearest(targets: Coordinates, boxes: Boxes) -> NearestPairs:
    """Find the boxes nearest to each target.

    Parameters
    ----------
    targets : ndarray of float64, shape (n_targets, n_columns)
        What is known of each target; NaN is nothing.
    boxes : Boxes
        With the same columns, in the same order; at least one row.

    Returns
    -------
    NearestPairs
    """
    tightest_first = np.argsort(-tightness(boxes), kind="stable")
    scores = score_pairs(targets, _reorder(boxes, tightest_first), outside)
    people = boxes.counts[tightest_first].astype(np.float32)
    n_targets = len(targets)
    distances, n_people = np.empty(n_targets), np.empty(n_targets)
    found = []
    for some, score in scores.chunks():
        distances[some] = nearest = score.min(axis=1)
        is_nearest = score <= nearest[:, np.newaxis] + _TIE
        n_people[some] = is_nearest.astype(np.float32) @ people
        of_target, place = np.nonzero(is_nearest)
        kept = rank_within(of_target) < MAX_NEAREST
        found.append((of_target[kept] + some.start, tightest_first[place[kept]]))
    of_target, of_box = (np.concatenate(part) for part in zip(*found, strict=True))
    return NearestPairs(targets=of_target, boxes=of_box, distances=distances, n_people=n_people)


def _reorder(boxes: Boxes, order: NDArray[np.intp]) -> Boxes:
    columns = {
        name: attrs.evolve(cells, cell_of_row=cells.cell_of_row[order])
        for name, cells in boxes.columns.items()
    }
    return Boxes(columns=columns, counts=boxes.counts[order])


def rank_within(owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the entries of each owner from 0; owners are ascending."""
    n_entries = np.bincount(owners)
    starts = np.cumsum(n_entries) - n_entries
    return np.arange(len(owners)) - np.repeat(starts, n_entries)


def tightness(boxes: Boxes) -> NDArray[np.float64]:
    """Return the log-probability of the likeliest person in each box."""
    total = np.zeros(len(boxes.counts))
    for cells in boxes.columns.values():
        if isinstance(cells, Intervals):
            likeliest = -np.log((cells.high - cells.low) / cells.step + 1.0)
        else:
            likeliest = np.log(cells.mass.max(axis=1))
        total += likeliest[cells.cell_of_row]
    return total
