"""Draw exact people from boxes: a table to learn from, as likely as the published one allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals


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


def draw_listed(mass: NDArray[np.float64], *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a position from each row of masses; rows need not sum to 1, but to more than 0."""
    cumulated = np.cumsum(mass, axis=1)
    thresholds = rng.random(len(mass)) * cumulated[:, -1]
    positions = (cumulated <= thresholds[:, np.newaxis]).sum(axis=1)
    drawn: NDArray[np.int64] = np.minimum(positions, mass.shape[1] - 1)
    return drawn


def _draw(cells: Cells, *, rng: np.random.Generator) -> Coordinates:
    of_row = cells.cell_of_row
    if isinstance(cells, Intervals):
        n_values = np.floor((cells.high - cells.low) / cells.step + 1e-9) + 1.0
        steps = np.floor(rng.random(len(of_row)) * n_values[of_row])
        return cells.low[of_row] + steps * cells.step
    return draw_listed(cells.mass[of_row], rng=rng).astype(np.float64)
