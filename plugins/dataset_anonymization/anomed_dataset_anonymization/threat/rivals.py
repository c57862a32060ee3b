"""Guess from what others have published of the same people.

All anonymizers publish the same people. Whoever publishes them openly, or several who do so a
little differently, give away what an attack may then say about another table that knows nothing:
that is no risk of the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.schema import Column, Coordinates
from anomed_dataset_anonymization.threat._candidates import (
    Candidates,
    choose_candidates,
    class_votes,
)
from anomed_dataset_anonymization.threat._nearest import find_nearest
from anomed_dataset_anonymization.threat.view import AttackerView
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals

_DOUBT = 0.1
"""People of the reference that each table is mixed with: none of them is quite sure."""


def guess_from_rivals(views: Sequence[AttackerView]) -> list[Coordinates]:
    """Guess the unknown columns of targets by other tables of the same people.

    Parameters
    ----------
    views : sequence of AttackerView
        What each of the other tables shows of the same targets.

    Returns
    -------
    list of ndarray of float64, shape (n_targets, n_unknown)
        Guesses by all of them together, then by each alone; empty if there is none.
    """
    if not views:
        return []
    columns = [_guesses(views, column) for column in views[0].unknown_columns]
    return [np.column_stack(alike) for alike in zip(*columns, strict=True)]


def rows_by_guesses(view: AttackerView, guesses: Coordinates) -> np.ndarray:
    """Name the row that is nearest to what is known and guessed of each target.

    Parameters
    ----------
    view : AttackerView
        The attacked table.
    guesses : ndarray of float64, shape (n_targets, n_unknown)
        Values of the unknown columns.

    Returns
    -------
    ndarray of int64, shape (n_targets,)
    """
    people = np.column_stack([view.background, guesses])
    boxes, group_of_row = view.boxes.select([*view.known, *view.unknown]).distinct()
    first_rows = np.unique(group_of_row, return_index=True)[1]
    pairs = find_nearest(people, boxes)
    rows: np.ndarray = first_rows[pairs.best(-boxes.counts[pairs.boxes].astype(np.float64))]
    return rows


def rows_as_people(boxes: Boxes) -> Coordinates:
    """Take each published row for as many people as it stands for, each as is likeliest.

    Returns
    -------
    ndarray of float64, shape (n_people, n_columns)
    """
    columns = [_likeliest(cells) for cells in boxes.columns.values()]
    people: Coordinates = np.repeat(np.column_stack(columns), boxes.counts, axis=0)
    return people


def _likeliest(cells: Cells) -> FloatArray:
    """Return the middle of each row's range, or its likeliest value."""
    by_cell = cells.midpoints if isinstance(cells, Intervals) else cells.mass.argmax(axis=1)
    likeliest: FloatArray = by_cell[cells.cell_of_row].astype(np.float64)
    return likeliest


def _guesses(views: Sequence[AttackerView], column: Column) -> list[FloatArray]:
    """Return what all views together, and each alone, say about a column of the targets."""
    seen = [views[0].reference_of((column.name,))[:, 0]]
    seen += [_likeliest(view.boxes.columns[column.name]) for view in views]
    candidates = choose_candidates(column, seen=seen)
    alone = [_beliefs(view, candidates) for view in views]
    return [candidates.answers[belief.argmax(axis=1)] for belief in (np.sum(alone, axis=0), *alone)]


def _beliefs(view: AttackerView, candidates: Candidates) -> FloatArray:
    """Return the logarithm of what a table says of each target, shape (n_targets, n_candidates)."""
    nearest = view.nearest
    weights = sparse.csr_array(
        (np.ones(len(nearest.boxes)), (nearest.targets, nearest.boxes)),
        shape=(view.n_targets, len(view.classes.sizes)),
    )
    votes = weights @ class_votes(view, candidates)
    known = candidates.index(view.reference_of((candidates.column.name,))[:, 0])
    world = np.bincount(known[known >= 0], minlength=len(candidates.bins)) + 1.0
    votes = votes + _DOUBT * world / world.sum()
    beliefs: FloatArray = np.log(votes / votes.sum(axis=1, keepdims=True))
    return beliefs
