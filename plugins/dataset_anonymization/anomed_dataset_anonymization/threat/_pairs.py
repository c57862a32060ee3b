"""Compare every target with every box, column by column, in chunks that fit the cache.

A comparison is a sum over columns, and a column has few distinct values to ask for. So the boxes
are compared once with each of those, and a target's row is the sum of a few of these comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals

FloatMatrix = NDArray[np.float32]
Comparison = Callable[[Coordinates, Cells], NDArray[np.float64]]
"""Compares asked values, shape (n_asked,), with distinct cells: shape (n_asked, n_cells)."""

_CHUNK_CELLS = 2**21

_TIE = 1e-6
"""Difference of distances that is rounding only."""


@attrs.frozen(kw_only=True, eq=False)
class PairScores:
    """One number for each pair of a target and a box, computed when it is asked for.

    Attributes
    ----------
    asked : csr_array of float32, shape (n_targets, n_asked)
        Which distinct asked values, of all columns, make up each target.
    compared : ndarray of float32, shape (n_asked, n_boxes)
        How each asked value compares with each box.
    """

    asked: sparse.csr_array
    compared: FloatMatrix

    def __getitem__(self, targets: slice) -> FloatMatrix:
        """Return the scores of some targets, shape (n_some, n_boxes)."""
        scores: FloatMatrix = self.asked[targets] @ self.compared
        return scores

    def at(self, targets: NDArray[np.int64], boxes: NDArray[np.int64]) -> FloatMatrix:
        """Return the scores of some pairs, shape (n_pairs,)."""
        places = self.asked.indices.reshape(self.asked.shape[0], -1)[targets]
        scores: FloatMatrix = self.compared[places, boxes[:, np.newaxis]].sum(axis=1)
        return scores

    def chunks(self) -> Iterator[slice]:
        """Return slices that cover all targets, each of a size that fits the cache."""
        n_targets = self.asked.shape[0]
        length = max(1, _CHUNK_CELLS // self.compared.shape[1])
        return (slice(begin, begin + length) for begin in range(0, n_targets, length))


def score_pairs(
    targets: Coordinates, boxes: Boxes, compare: Comparison | Sequence[Comparison]
) -> PairScores:
    """Sum a comparison over all columns.

    Parameters
    ----------
    targets : ndarray of float64, shape (n_targets, n_columns)
        What is known of each target; NaN is nothing, and adds 0.
    boxes : Boxes
        With the same columns, in the same order.
    compare : callable or sequence of callables
        The comparison, for all columns or for each.

    Returns
    -------
    PairScores
    """
    columns = list(boxes.columns.values())
    comparisons = [compare] * len(columns) if callable(compare) else compare
    compared, places, n_asked = [], [], 0
    for values, cells, one in zip(targets.T, columns, comparisons, strict=True):
        asked, place = np.unique(values, return_inverse=True)
        table = np.where(np.isnan(asked)[:, np.newaxis], 0.0, one(asked, cells))
        compared.append(np.take(table.astype(np.float32), cells.cell_of_row, axis=1))
        places.append(place + n_asked)
        n_asked += len(asked)
    n_targets = len(targets)
    indices = np.column_stack(places).ravel()
    starts = np.arange(n_targets + 1) * len(columns)
    ones = np.ones(len(indices), dtype=np.float32)
    chosen = sparse.csr_array((ones, indices, starts), shape=(n_targets, n_asked))
    return PairScores(asked=chosen, compared=np.concatenate(compared))


@attrs.frozen(kw_only=True, eq=False)
class NearestPairs:
    """The boxes that are nearest to each target: those that hold it, if there are any.

    Attributes
    ----------
    targets, boxes : ndarray of int64, shape (n_pairs,)
        Ascending by target; each target has at least one box.
    distances : ndarray of float64, shape (n_targets,)
        Sum over columns of how far a target is outside its nearest boxes; 0 inside.
    """

    targets: NDArray[np.int64]
    boxes: NDArray[np.int64]
    distances: NDArray[np.float64]

    def total(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum up the weights of the pairs of each target, shape (n_targets,)."""
        totals = np.bincount(self.targets, weights=weights, minlength=len(self.distances))
        return totals.astype(np.float64)

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
    scores = score_pairs(targets, boxes, outside)
    found = []
    distances = np.empty(len(targets))
    for some in scores.chunks():
        score = scores[some]
        distances[some] = nearest = score.min(axis=1)
        found.append(np.nonzero(score <= nearest[:, np.newaxis] + _TIE))
        found[-1][0][:] += some.start
    of_target, of_box = (np.concatenate(part) for part in zip(*found, strict=True))
    return NearestPairs(targets=of_target, boxes=of_box, distances=distances)


def outside(asked: Coordinates, cells: Cells) -> NDArray[np.float64]:
    """Measure how far values are outside cells: 0 inside, 1 across the domain or for a name."""
    if isinstance(cells, Intervals):
        values = asked[:, np.newaxis]
        gap = np.maximum(np.maximum(cells.low - values, values - cells.high), 0.0)
        distance: NDArray[np.float64] = gap / (cells.domain_high - cells.domain_low)
        return distance
    missing: NDArray[np.float64] = (_mass_at(asked, cells.mass) == 0).astype(np.float64)
    return missing


def log_mass(asked: Coordinates, cells: Cells) -> NDArray[np.float64]:
    """Return the log-probability that a cell gives a value it allows; outside, the cell's mean."""
    if isinstance(cells, Intervals):
        n_values = (cells.high - cells.low) / cells.step + 1.0
        return np.broadcast_to(-np.log(n_values), (len(asked), len(n_values)))
    mass = _mass_at(asked, cells.mass)
    return np.log(np.where(mass > 0, mass, 1.0 / cells.n_values))


def similarity(asked: Coordinates, cells: Cells, *, tolerance: float) -> NDArray[np.float64]:
    """Compare values with cells: 1 for the value itself, less the vaguer or farther the cell.

    A listed value is as similar as the probability that the cell gives it. A number's similarity
    falls linearly over a twentieth of the domain (or the tolerance, if that is more), and that of a
    range also with its width.
    """
    if not isinstance(cells, Intervals):
        return _mass_at(asked, cells.mass)
    values = asked[:, np.newaxis]
    reach = max(tolerance, (cells.domain_high - cells.domain_low) / 20.0, cells.step)
    gap = np.maximum(np.maximum(cells.low - values, values - cells.high), 0.0)
    near = np.maximum(0.0, 1.0 - gap / (reach + cells.step))
    alike: NDArray[np.float64] = near * reach / (reach + (cells.high - cells.low) / 2.0)
    return alike


def _mass_at(asked: Coordinates, mass: NDArray[np.float64]) -> NDArray[np.float64]:
    positions = np.where(np.isnan(asked), 0, asked).astype(np.intp)
    chosen: NDArray[np.float64] = mass.T[positions]
    return chosen
