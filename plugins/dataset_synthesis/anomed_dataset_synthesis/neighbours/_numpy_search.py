"""Compare every query with every reference, in blocks that fit the processor's cache."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.neighbours.space import Points

_BLOCK_QUERIES = 16
_BLOCK_REFERENCES = 16_384
_FAR = np.int32(2**31 - 1)

Found = tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]


def search(
    queries: Points,
    references: Points,
    n_neighbours: int,
    progress: Callable[[float], None] | None,
) -> Found:
    """Return distances in units and places, each of shape (n_queries, n_neighbours)."""
    distances = np.empty((queries.n_records, n_neighbours), dtype=np.int32)
    places = np.empty((queries.n_records, n_neighbours), dtype=np.int64)
    block = _Block(queries, references)
    for start in range(0, queries.n_records, _BLOCK_QUERIES):
        rows = slice(start, min(start + _BLOCK_QUERIES, queries.n_records))
        distances[rows], places[rows] = _search_rows(block, rows, n_neighbours)
        if progress:
            progress(rows.stop / queries.n_records)
    return distances, places


def _search_rows(block: "_Block", rows: slice, n_neighbours: int) -> Found:
    n_references = block.references.n_records
    found: list[Found] = []
    for start in range(0, n_references, _BLOCK_REFERENCES):
        columns = slice(start, min(start + _BLOCK_REFERENCES, n_references))
        values, places = _smallest(block.distances(rows, columns), n_neighbours)
        found.append((values, places + start))
    values, places = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    order = np.argsort(values, axis=1, kind="stable")[:, :n_neighbours]
    return np.take_along_axis(values, order, axis=1), np.take_along_axis(places, order, axis=1)


def _smallest(distances: npt.NDArray[np.int32], n_found: int) -> Found:
    """Take the smallest distances one after the other, the first of equal ones first."""
    n_found = min(n_found, distances.shape[1])
    values = np.empty((len(distances), n_found), dtype=np.int32)
    places = np.empty((len(distances), n_found), dtype=np.int64)
    rows = np.arange(len(distances))
    for rank in range(n_found):
        places[:, rank] = distances.argmin(axis=1)
        values[:, rank] = distances[rows, places[:, rank]]
        distances[rows, places[:, rank]] = _FAR
    return values, places


class _Block:
    """Compute blocks of distances in arrays that are used over and over."""

    def __init__(self, queries: Points, references: Points) -> None:
        self.queries, self.references = queries, references
        shape = _BLOCK_QUERIES, min(_BLOCK_REFERENCES, references.n_records)
        self._differ = np.empty(shape, dtype=bool)
        self._counts = np.empty(shape, dtype=np.uint8)
        self._apart = np.empty(shape, dtype=np.int32)
        self._sums = np.empty(shape, dtype=np.int32)

    def distances(self, rows: slice, columns: slice) -> npt.NDArray[np.int32]:
        """Return distances in units between some queries and some references."""
        unit = np.int32(self.queries.unit)
        shape = slice(rows.stop - rows.start), slice(columns.stop - columns.start)
        differ, counts = self._differ[shape], self._counts[shape]
        apart, sums = self._apart[shape], self._sums[shape]
        counts[...] = 0
        for mine, others in zip(self.queries.categories, self.references.categories, strict=True):
            np.not_equal(mine[rows, np.newaxis], others[columns], out=differ)
            np.add(counts, differ.view(np.uint8), out=counts)
        np.multiply(counts, unit, out=sums)
        for mine, others in zip(self.queries.numbers, self.references.numbers, strict=True):
            np.subtract(mine[rows, np.newaxis], others[columns], out=apart)
            np.absolute(apart, out=apart)
            np.minimum(apart, unit, out=apart)
            np.add(sums, apart, out=sums)
        return sums
