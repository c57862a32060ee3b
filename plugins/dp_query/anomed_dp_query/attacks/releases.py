"""What was released, as attacks read it: numbers, their noise, and whom each one counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@attrs.frozen(kw_only=True, eq=False)
class Release:
    """Noisy counts of the rows of a table, each row in one cell at most.

    Attributes
    ----------
    counts
        float64 array of shape (n_cells,): what was answered.
    variance
        Of the noise of each; 0 for exact answers.
    cells_of
        Returns the cell that each row of a frame is counted in, -1 for none.
    """

    counts: Floats
    variance: float
    cells_of: Callable[[pd.DataFrame], Integers]


def indicators(releases: Sequence[Release], rows: pd.DataFrame) -> csr_array:
    """Return which cells of all releases each row is counted in.

    Returns
    -------
    sparse float64 array of shape (n_rows, n_cells)
        Ones and zeros; the cells of all releases side by side.
    """
    places, columns, offset = [], [], 0
    for release in releases:
        cells = release.cells_of(rows)
        counted = np.flatnonzero(cells >= 0)
        places.append(counted)
        columns.append(cells[counted] + offset)
        offset += len(release.counts)
    row, column = np.concatenate(places), np.concatenate(columns)
    return csr_array((np.ones(len(row)), (row, column)), shape=(len(rows), offset))


def rows_of(releases: Sequence[Release], background: pd.DataFrame) -> float:
    """Return the number of rows that the releases speak of: their mean, weighted by precision.

    Parameters
    ----------
    releases
        At least one.
    background
        Tells which share of all rows each release counts.

    Returns
    -------
    float
        At least 1.
    """
    estimates, weights = [], []
    for release in releases:
        share = np.count_nonzero(release.cells_of(background) >= 0) / len(background)
        if share > 0:
            total = max(float(release.counts.sum()), 0.0)
            estimates.append(total / share)
            spread = release.variance * len(release.counts) + total + 1
            weights.append(share**2 / spread)
    return max(float(np.average(estimates, weights=weights)), 1.0) if estimates else 1.0
