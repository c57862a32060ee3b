"""The answers an attack chooses from, and how published cells vote for them."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.schema import Column, Coordinates
from anomed_dataset_anonymization.threat.view import AttackerView
from anomed_dataset_anonymization.utility.cells import Cells, Intervals

MAX_CANDIDATES = 256
"""Answers considered for a column; of a number with more distinct answers, the commonest."""


@attrs.frozen(kw_only=True, eq=False)
class Candidates:
    """Answers that together cover a column: each is right for all values of its bin.

    Attributes
    ----------
    column : Column
        The unknown column.
    bins : ndarray of int64, shape (n_candidates,)
        Numbers of the bins considered, ascending. A bin is as wide as the tolerance allows.
    """

    column: Column
    bins: NDArray[np.int64]

    @property
    def answers(self) -> Coordinates:
        """Return the middle of each bin, on the grid of the domain, shape (n_candidates,)."""
        low, width, step = _grid(self.column)
        middles = low + self.bins * width + (width - step) / 2.0
        answers: Coordinates = np.minimum(middles, _last(self.column))
        return answers

    def index(self, values: Coordinates) -> NDArray[np.int64]:
        """Return the candidate for each value, shape of `values`; -1 where there is none."""
        bins = _bin_of(values, self.column)
        places = np.minimum(np.searchsorted(self.bins, bins), len(self.bins) - 1)
        return np.where(self.bins[places] == bins, places, -1)

    def mass(self, cells: Cells) -> FloatArray:
        """Return how each distinct cell votes.

        Parameters
        ----------
        cells : Cells
            Cells of the column.

        Returns
        -------
        ndarray of float64, shape (n_cells, n_candidates)
            Probability of each candidate's bin; all 0 for a cell that says nothing.
        """
        if isinstance(cells, Intervals):
            low, width, step = _grid(self.column)
            begin = low + self.bins * width
            shared = (
                np.minimum(cells.high[:, np.newaxis], begin + width - step)
                - np.maximum(cells.low[:, np.newaxis], begin)
            ) / step + 1.0
            n_values = (cells.high - cells.low) / step + 1.0
            mass: FloatArray = np.clip(shared, 0.0, None) / n_values[:, np.newaxis]
        else:
            mass = cells.mass[:, self.bins]
        mass[cells.is_whole_domain] = 0.0
        return mass


def choose_candidates(column: Column, *, seen: Sequence[Coordinates]) -> Candidates:
    """Choose the answers to consider for an unknown column.

    Parameters
    ----------
    column : Column
        The unknown column.
    seen : sequence of ndarray of float64
        Coordinates that occur; they decide if the column has too many values.

    Returns
    -------
    Candidates
        All answers, or the commonest of those seen.
    """
    n_bins = int(_bin_of(np.array([_last(column)]), column)[0]) + 1
    if n_bins <= MAX_CANDIDATES:
        return Candidates(column=column, bins=np.arange(n_bins))
    present = np.concatenate(seen)
    bins = _bin_of(np.append(present[~np.isnan(present)], _first(column)), column)
    distinct, counts = np.unique(bins, return_counts=True)
    commonest = np.argsort(-counts, kind="stable")[:MAX_CANDIDATES]
    return Candidates(column=column, bins=np.sort(distinct[commonest]))


def published_candidates(view: AttackerView, column: Column) -> Candidates:
    """Choose the answers by what the reference and the published table hold."""
    cells = view.boxes.columns[column.name]
    seen = [view.reference_of((column.name,))[:, 0]]
    if isinstance(cells, Intervals):
        seen.append(cells.midpoints[cells.cell_of_row])
    return choose_candidates(column, seen=seen)


def people_by_cell(view: AttackerView, cells: Cells) -> sparse.csr_array:
    """Count the people of each class with each cell of an unknown column.

    Returns
    -------
    csr_array of float64, shape (n_classes, n_cells)
    """
    of_row = view.classes.of_row
    shape = (len(view.classes.sizes), cells.n_cells)
    ones = np.ones(len(of_row))
    return sparse.coo_array((ones, (of_row, cells.cell_of_row)), shape=shape).tocsr()


def class_votes(view: AttackerView, candidates: Candidates) -> FloatArray:
    """Add up how the people of each class vote for the candidates.

    Returns
    -------
    ndarray of float64, shape (n_classes, n_candidates)
        Expected number of people with each answer.
    """
    cells = view.boxes.columns[candidates.column.name]
    votes: FloatArray = people_by_cell(view, cells) @ candidates.mass(cells)
    return votes


def answer(
    votes: FloatArray, view: AttackerView, candidates: Candidates, *, prior: FloatArray
) -> Coordinates:
    """Return the answer with most votes for each target.

    Parameters
    ----------
    votes : ndarray of float64, shape (n_targets, n_candidates)
        Votes of whatever the attack holds for the target; may be all 0.
    view : AttackerView
        Gives the reference table, for targets without votes and for ties.
    candidates : Candidates
        What is voted for.
    prior : ndarray of float64, shape (n_candidates,)
        Votes of the whole published table, for the same.

    Returns
    -------
    ndarray of float64, shape (n_targets,)
        Never NaN.
    """
    reference = candidates.index(view.reference_of((candidates.column.name,))[:, 0])
    world = np.bincount(reference[reference >= 0], minlength=len(candidates.bins))
    ties = _share(prior) + 1e-3 * _share(world.astype(np.float64))
    answers: Coordinates = candidates.answers[np.argmax(votes + 1e-9 * ties, axis=1)]
    return answers


def _share(counts: FloatArray) -> FloatArray:
    return counts / max(1.0, float(counts.sum()))


def _first(column: Column) -> float:
    return 0.0 if column.is_listed else column.bounds.low


def _last(column: Column) -> float:
    return float(len(column.values) - 1) if column.is_listed else column.bounds.high


def _grid(column: Column) -> tuple[float, float, float]:
    """Return the domain's low end, the width of a bin, and the step."""
    low, step = _first(column), 1.0 if column.is_listed else column.bounds.step
    return low, (2.0 * np.floor(column.tolerance / step + 1e-9) + 1.0) * step, step


def _bin_of(values: Coordinates, column: Column) -> NDArray[np.int64]:
    low, width, step = _grid(column)
    bins = np.floor((values - low + step / 2.0) / width)
    return np.where(np.isnan(values), -1, bins).astype(np.int64)
