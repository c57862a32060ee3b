"""Draw exact people from boxes: a table to learn from, as likely as the published one allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals

_CHUNK_CELLS = 2**21


def draw_people(boxes: Boxes, *, rng: np.random.Generator) -> Coordinates:
    """Draw one person from each row.

    Parameters
    ----------
    boxes : Boxes
        Each cell gives a number uniformly, or a listed value by its mass.
    rng : Generator
        Draws.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_columns)
        Coordinates; never NaN.
    """
    return np.column_stack([_draw(cells, rng=rng) for cells in boxes.columns.values()])


def draw_listed(
    mass: NDArray[np.float64], cell_of_row: NDArray[np.int64], *, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw a listed value for each row.

    Parameters
    ----------
    mass : ndarray of float64, shape (n_cells, n_values)
        Masses of the distinct cells; each sums to more than 0, not necessarily to 1.
    cell_of_row : ndarray of int64, shape (n_rows,)
        The cell of each row.
    rng : Generator
        Draws.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Positions of the values.
    """
    cumulated = np.cumsum(mass, axis=1)
    thresholds = rng.random(len(cell_of_row)) * cumulated[cell_of_row, -1]
    drawn = np.empty(len(cell_of_row), dtype=np.int64)
    length = max(1, _CHUNK_CELLS // mass.shape[1])
    for begin in range(0, len(drawn), length):
        some = slice(begin, begin + length)
        passed = cumulated[cell_of_row[some]] <= thresholds[some, np.newaxis]
        drawn[some] = np.minimum(passed.sum(axis=1), mass.shape[1] - 1)
    return drawn


def _draw(cells: Cells, *, rng: np.random.Generator) -> Coordinates:
    of_row = cells.cell_of_row
    if isinstance(cells, Intervals):
        n_values = np.floor((cells.high - cells.low) / cells.step + 1e-9) + 1.0
        steps = np.floor(rng.random(len(of_row)) * n_values[of_row])
        return cells.low[of_row] + steps * cells.step
    return draw_listed(cells.mass, of_row, rng=rng).astype(np.float64)
