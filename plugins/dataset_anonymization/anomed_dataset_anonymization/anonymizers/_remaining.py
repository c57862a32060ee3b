"""The records that microaggregation has not grouped yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Remaining:
    """Records without a group, kept in one block of memory so that each pass over them is fast.

    Taking records out moves the last ones into their places, which costs as much as is taken.
    Ties are broken by row number, whatever the present order.

    Parameters
    ----------
    points : ndarray of float64, shape (n_records, n_dimensions)
        All records.
    """

    def __init__(self, points: NDArray[np.float64]) -> None:
        self._points = points.T.copy(order="C")
        self._rows = np.arange(len(points))
        self._size = len(points)

    def __len__(self) -> int:
        return self._size

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row numbers of the records, in their present order."""
        return self._rows[: self._size]

    @property
    def _block(self) -> NDArray[np.float64]:
        return self._points[:, : self._size]

    def centroid(self) -> NDArray[np.float64]:
        """Return the mean of the records, of shape ``(n_dimensions,)``."""
        return np.asarray(self._block.mean(axis=1))

    def point(self, place: int) -> NDArray[np.float64]:
        """Return the record at a place, of shape ``(n_dimensions,)``."""
        return self._points[:, place].copy()

    def squared_distances(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the squared Euclidean distance of each record from a point."""
        differences = self._block - point[:, np.newaxis]
        return np.asarray(np.einsum("ij,ij->j", differences, differences))

    def farthest(self, distances: NDArray[np.float64]) -> int:
        """Return the place of the largest distance; of equals, of the smallest row number."""
        places = np.flatnonzero(distances == distances.max())
        return int(places[np.argmin(self.rows[places])])

    def nearest(self, distances: NDArray[np.float64], *, k: int) -> NDArray[np.int64]:
        """Return the places of the `k` smallest distances; of equals, of the smallest rows."""
        limit = np.partition(distances, k - 1)[k - 1]
        closer = np.flatnonzero(distances < limit)
        equal = np.flatnonzero(distances == limit)
        equal = equal[np.argsort(self.rows[equal])]
        return np.concatenate([closer, equal[: k - len(closer)]])

    def take_out(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Remove the records at some places and return their row numbers."""
        taken = self._rows[places].copy()
        self._size -= len(places)
        holes = places[places < self._size]
        tail = np.arange(self._size, self._size + len(places))
        movers = np.setdiff1d(tail, places, assume_unique=True)
        self._rows[holes] = self._rows[movers]
        self._points[:, holes] = self._points[:, movers]
        return taken
