"""The search for nearest neighbours, exact whichever engine runs it."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.neighbours._numpy_search import Found
from anomed_dataset_synthesis.neighbours._numpy_search import search as numpy_search
from anomed_dataset_synthesis.neighbours.space import Points

Engine = Literal["auto", "numpy", "numba"]


@attrs.frozen(kw_only=True, eq=False)
class Neighbours:
    """The nearest references of each query, nearest first.

    Attributes
    ----------
    distances : ndarray of float64, shape (n_queries, n_neighbours)
        Gower distances, 0..1.
    places : ndarray of int64, shape (n_queries, n_neighbours)
        Places of the references; of equally near ones the first.
    """

    distances: npt.NDArray[np.float64]
    places: npt.NDArray[np.int64]


def nearest(
    queries: Points,
    references: Points,
    *,
    n_neighbours: int = 1,
    engine: Engine = "auto",
    progress: Callable[[float], None] | None = None,
) -> Neighbours:
    """Find each query's nearest references, exactly.

    Parameters
    ----------
    queries, references
        Of the same space.
    n_neighbours
        1 to the number of references.
    engine : {"auto", "numpy", "numba"}, default "auto"
        What searches; the outcome is the same to the bit. "auto" is numba where it is installed.
    progress
        Told the share done, 0..1, now and then.

    Returns
    -------
    Neighbours
        One row per query.

    Raises
    ------
    ValueError
        If `n_neighbours` is out of range, the points come from different spaces, or numba is
        asked for and not installed.
    """
    if not 1 <= n_neighbours <= references.n_records:
        raise ValueError(
            f"{n_neighbours} neighbours of {references.n_records} references were asked for; "
            "give 1 up to the number of references"
        )
    mine, others = ((len(x.numbers), len(x.categories), x.unit) for x in (queries, references))
    if mine != others:
        raise ValueError(f"points of different spaces came, {mine} and {others}; use one space")
    units, places = _search_of(engine)(queries, references, n_neighbours, progress)
    return Neighbours(distances=units / (queries.unit * queries.n_columns), places=places)


def _search_of(engine: Engine) -> Callable[..., Found]:
    installed = find_spec("numba") is not None
    if engine == "numba" and not installed:
        raise ValueError("the engine 'numba' is not installed; install it, or take 'numpy'")
    if engine == "numpy" or not installed:
        return numpy_search
    from anomed_dataset_synthesis.neighbours._numba_search import search as numba_search

    return numba_search
