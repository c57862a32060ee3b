"""Look only into blocks of references that can hold something nearer.

References are divided into blocks of similar records. A query takes the blocks in the order of
how near it could be to any of their records, and stops at the first that is farther away than
what it has found: on real tables, after a tenth of the records.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.neighbours._numpy_search import Found
from anomed_dataset_synthesis.neighbours.space import Points

_BLOCK_QUERIES = 256
_FAR = 2**31 - 1
_SHORTEST_BLOCK = 64

_Numbers = npt.NDArray[np.int32]
_Categories = npt.NDArray[np.unsignedinteger]
_Places = npt.NDArray[np.int64]
_Records = tuple[_Numbers, _Categories]
_Boxes = tuple[_Places, _Places, _Numbers, _Numbers, npt.NDArray[np.bool_]]


def _compile(function: Callable[..., None]) -> Callable[..., None]:
    """Compile a function if numba is installed; without it this file can still be read."""
    if find_spec("numba") is None:
        return function
    # imported by name, for numba has no types
    compiled: Callable[..., None] = import_module("numba").njit(cache=True)(function)
    return compiled


def search(
    queries: Points,
    references: Points,
    n_neighbours: int,
    progress: Callable[[float], None] | None,
) -> Found:
    """Return distances in units and places, each of shape (n_queries, n_neighbours)."""
    distances = np.full((queries.n_records, n_neighbours), _FAR, dtype=np.int32)
    places = np.zeros((queries.n_records, n_neighbours), dtype=np.int64)
    order = _order_of(references)
    numbers, categories = _by_record(queries)
    others = _by_record(references.take(order))
    boxes = _boxes_of(others, order, n_categories=references.n_categories)
    for start in range(0, queries.n_records, _BLOCK_QUERIES):
        rows = slice(start, min(start + _BLOCK_QUERIES, queries.n_records))
        found = distances[rows], places[rows]
        _compiled_search((numbers[rows], categories[rows]), others, boxes, queries.unit, found)
        if progress:
            progress(rows.stop / queries.n_records)
    return distances, places


def _by_record(points: Points) -> _Records:
    return np.ascontiguousarray(points.numbers.T), np.ascontiguousarray(points.categories.T)


def _boxes_of(records: _Records, order: npt.NDArray[np.int64], *, n_categories: int) -> _Boxes:
    """Divide sorted references into about as many blocks as a block has records.

    Returns
    -------
    places : ndarray of int64, shape (n_references,)
        Where each reference came from.
    starts : ndarray of int64, shape (n_blocks + 1,)
        Where blocks begin and end.
    lows, highs : ndarray of int32, shape (n_blocks, n_numeric)
        The smallest and the largest number in each block.
    lacks : ndarray of bool, shape (n_blocks, n_categorical, n_categories)
        Which categories a block lacks.
    """
    numbers, categories = records
    length = max(_SHORTEST_BLOCK, int(np.sqrt(len(order))))
    starts = np.arange(0, len(order), length)
    block = np.arange(len(order)) // length
    lacks = np.ones((len(starts), categories.shape[1], n_categories), dtype=bool)
    for column in range(categories.shape[1]):
        lacks[block, column, categories[:, column]] = False
    lows = np.minimum.reduceat(numbers, starts, axis=0)
    highs = np.maximum.reduceat(numbers, starts, axis=0)
    return order, np.append(starts, len(order)), lows, highs, lacks


def _order_of(points: Points) -> npt.NDArray[np.int64]:
    """Sort records so that neighbours in the order are alike in most columns.

    The categorical columns come first, the most diverse one before all: that is the column in
    which blocks had best be of one kind.
    """
    shares = [np.bincount(column) / points.n_records for column in points.categories]
    columns = np.argsort([np.square(share).sum() for share in shares], kind="stable")
    order = np.lexsort([*points.numbers, *points.categories[columns[::-1].astype(np.intp)]])
    return order.astype(np.int64)


def _fill_bounds(query: int, queries: _Records, boxes: _Boxes, unit: int, bounds: _Places) -> None:
    """Say for every block how far at least its records are from a query."""
    numbers, categories = queries
    _, _, lows, highs, lacks = boxes
    for block in range(len(bounds)):
        bound = 0
        for column in range(categories.shape[1]):
            bound += unit * lacks[block, column, categories[query, column]]
        for column in range(numbers.shape[1]):
            number = numbers[query, column]
            outside = max(lows[block, column] - number, number - highs[block, column], 0)
            bound += min(outside, unit)
        bounds[block] = bound


def _scan_block(
    query: int,
    queries: _Records,
    records: _Records,
    block: int,
    boxes: _Boxes,
    unit: int,
    found: Found,
) -> None:
    """Compare a query with a block's records, giving each up as soon as it is too far away."""
    query_numbers, query_categories = queries
    numbers, categories = records
    places, starts, _, _, _ = boxes
    limit = found[0][query, -1]
    for row in range(starts[block], starts[block + 1]):
        distance = 0
        for column in range(categories.shape[1]):
            if query_categories[query, column] != categories[row, column]:
                distance += unit
        if distance > limit:
            continue
        for column in range(numbers.shape[1]):
            distance += min(abs(query_numbers[query, column] - numbers[row, column]), unit)
            if distance > limit:
                break
        if distance <= limit:
            _compiled_keep(query, distance, places[row], found)
            limit = found[0][query, -1]


def _keep(query: int, distance: int, place: int, found: Found) -> None:
    """Insert a neighbour among a query's, after those that are nearer, or as near and before."""
    distances, places = found
    rank = distances.shape[1]
    while rank > 0 and (
        distances[query, rank - 1] > distance
        or (distances[query, rank - 1] == distance and places[query, rank - 1] > place)
    ):
        rank -= 1
    for later in range(distances.shape[1] - 1, rank, -1):
        distances[query, later] = distances[query, later - 1]
        places[query, later] = places[query, later - 1]
    if rank < distances.shape[1]:
        distances[query, rank] = distance
        places[query, rank] = place


_compiled_fill_bounds = _compile(_fill_bounds)
_compiled_keep = _compile(_keep)
_compiled_scan_block = _compile(_scan_block)


def _search_rows(
    queries: _Records, records: _Records, boxes: _Boxes, unit: int, found: Found
) -> None:
    """Keep each query's nearest references in `found`."""
    bounds = np.empty(len(boxes[2]), dtype=np.int64)
    for query in range(len(found[0])):
        _compiled_fill_bounds(query, queries, boxes, unit, bounds)
        for block in np.argsort(bounds):
            if bounds[block] > found[0][query, -1]:
                break
            _compiled_scan_block(query, queries, records, block, boxes, unit, found)


_compiled_search = _compile(_search_rows)
