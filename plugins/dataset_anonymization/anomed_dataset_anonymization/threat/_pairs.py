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
"""Scores computed at a time: they should stay in the processor's cache."""

_BLOCK_CELLS = 2**23
"""Comparisons kept at a time: 32 MiB, and several times that while they are made."""


@attrs.frozen(kw_only=True, eq=False)
class PairScores:
    """One number for each pair of a target and a box, computed when it is asked for.

    Attributes
    ----------
    targets : ndarray of float64, shape (n_targets, n_columns)
        What is known of each target; NaN is nothing, and adds 0.
    boxes : Boxes
        With the same columns, in the same order.
    comparisons : sequence of callables
        What to sum over the columns.
    """

    targets: Coordinates
    boxes: Boxes
    comparisons: Sequence[Comparison]

    def chunks(self) -> Iterator[tuple[slice, FloatMatrix]]:
        """Return slices of the targets with their scores, shape (n_some, n_boxes)."""
        length = max(1, _CHUNK_CELLS // len(self.boxes.counts))
        for block in self._blocks():
            asked, compared = self._compare(block)
            for begin in range(0, asked.shape[0], length):
                some = slice(block.start + begin, min(block.start + begin + length, block.stop))
                yield some, asked[begin : begin + length] @ compared

    def at(self, targets: NDArray[np.int64], boxes: NDArray[np.int64]) -> FloatMatrix:
        """Return the scores of some pairs, shape (n_pairs,); targets are ascending."""
        scores = np.empty(len(targets), dtype=np.float32)
        for block in self._blocks():
            asked, compared = self._compare(block)
            pairs = slice(*np.searchsorted(targets, [block.start, block.stop]))
            places = asked.indices.reshape(asked.shape[0], -1)[targets[pairs] - block.start]
            scores[pairs] = compared[places, boxes[pairs, np.newaxis]].sum(axis=1)
        return scores

    def _blocks(self) -> Iterator[slice]:
        """Return slices of the targets whose comparisons fit the memory."""
        n_targets, n_columns = self.targets.shape
        n_boxes = len(self.boxes.counts)
        n_asked = sum(len(np.unique(values)) for values in self.targets.T)
        fits = n_asked * n_boxes <= _BLOCK_CELLS
        length = n_targets if fits else max(1, _BLOCK_CELLS // (n_boxes * n_columns))
        return (
            slice(begin, min(begin + length, n_targets)) for begin in range(0, n_targets, length)
        )

    def _compare(self, block: slice) -> tuple[sparse.csr_array, FloatMatrix]:
        """Compare the distinct values of some targets with all boxes.

        Returns
        -------
        asked : csr_array of float32, shape (n_some, n_asked)
            Which distinct values, of all columns, make up each target.
        compared : ndarray of float32, shape (n_asked, n_boxes)
            How each distinct value compares with each box.
        """
        compared, places, n_asked = [], [], 0
        targets = self.targets[block]
        for values, cells, compare in zip(
            targets.T, self.boxes.columns.values(), self.comparisons, strict=True
        ):
            asked, place = np.unique(values, return_inverse=True)
            table = np.where(np.isnan(asked)[:, np.newaxis], 0.0, compare(asked, cells))
            compared.append(np.take(table.astype(np.float32), cells.cell_of_row, axis=1))
            places.append(place + n_asked)
            n_asked += len(asked)
        indices = np.column_stack(places).ravel()
        starts = np.arange(len(targets) + 1) * len(places)
        ones = np.ones(len(indices), dtype=np.float32)
        chosen = sparse.csr_array((ones, indices, starts), shape=(len(targets), n_asked))
        return chosen, np.concatenate(compared)


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
    comparisons = [compare] * len(boxes.columns) if callable(compare) else compare
    return PairScores(targets=targets, boxes=boxes, comparisons=comparisons)


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
