"""The rules of a ranking, on columns of numbers: states, ties, places, and how much is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import attrs
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_ROUNDING = 1e-9
"""By how much of a resolution two values may lie farther apart: 0.31 - 0.3 > 0.01 in binary."""

_FEWEST_DIGITS = 3
_MOST_DIGITS = 17


class State(StrEnum):
    """What an entry is; only ranked ones have a place."""

    RANKED = "ranked"
    NOT_ATTACKED = "not attacked yet"
    GATED = "gated"
    INCOMPLETE = "incomplete"
    HOUSE = "house"


ORDER = tuple(State)
"""In which order entries of each state are listed."""


@attrs.frozen(kw_only=True, eq=False)
class Column:
    """The values that a criterion has.

    Attributes
    ----------
    values
        float64, shape (n_entries,); NaN where an entry has none.
    higher_is_better
        For the entry.
    resolution
        Entries within it of the first of their group are tied; ``None`` compares exactly.
    """

    values: FloatArray
    higher_is_better: bool
    resolution: float | None = None


@attrs.frozen(kw_only=True, eq=False)
class Order:
    """Who comes where.

    Attributes
    ----------
    entries
        int64, shape (n_entries,): positions in the columns, best first, state by state.
    places
        int64, shape (n_entries,): from 1, in the order of `entries`; 0 for those without a place.
    groups
        int64, shape (n_criteria, n_entries): who is tied after each criterion, in the order of
        `entries`.
    """

    entries: IntArray
    places: IntArray
    groups: IntArray


def states_of(
    *,
    is_house: npt.NDArray[np.bool_],
    is_gated: npt.NDArray[np.bool_],
    own: Sequence[FloatArray],
    worst: Sequence[FloatArray],
) -> IntArray:
    """Return the state of each entry, as a position in `ORDER`.

    Parameters
    ----------
    is_house, is_gated
        bool, shape (n_entries,).
    own
        Columns that an entry has by itself, each of shape (n_entries,); NaN makes it incomplete.
    worst
        Columns of attacks; NaN means that it was not attacked yet.
    """
    states = np.full(len(is_house), ORDER.index(State.RANKED))
    for values in worst:
        states[np.isnan(values)] = ORDER.index(State.NOT_ATTACKED)
    states[is_gated] = ORDER.index(State.GATED)
    for values in own:
        states[np.isnan(values)] = ORDER.index(State.INCOMPLETE)
    states[is_house] = ORDER.index(State.HOUSE)
    return states.astype(np.int64)


def ordered(states: IntArray, columns: Sequence[Column], earlier: IntArray) -> Order:
    """Order entries: state by state, criterion by criterion, and what still ties by time.

    Parameters
    ----------
    states
        int64, shape (n_entries,): positions in `ORDER`.
    columns
        Criteria, the deciding one first.
    earlier
        int64, shape (n_entries,): what came earlier has a smaller number.

    Returns
    -------
    Order
        Entries that tie to the end share a place, the earlier one first.

    Examples
    --------
    >>> risk = Column(
    ...     values=np.array([0.305, 0.30, 0.5]), higher_is_better=False, resolution=0.01
    ... )
    >>> accuracy = Column(values=np.array([0.9, 0.8, 1.0]), higher_is_better=True)
    >>> order = ordered(np.zeros(3, dtype=int), [risk, accuracy], np.arange(3))
    >>> order.entries.tolist(), order.places.tolist()
    ([0, 1, 2], [1, 2, 3])
    """
    entries = np.lexsort((earlier, states)).astype(np.int64)
    group = states[entries]
    levels: list[IntArray] = []
    for column in columns:
        keys = column.values[entries]
        # What is missing ties with what is missing, after everything else.
        keys = np.where(np.isnan(keys), np.inf, -keys if column.higher_is_better else keys)
        within = np.lexsort((earlier[entries], keys, group))
        entries, keys, group = entries[within], keys[within], group[within]
        levels = [level[within] for level in levels]
        group = _split(group, keys, column.resolution)
        levels.append(group)
    last = np.lexsort((earlier[entries], group))
    entries, group = entries[last], group[last]
    levels = [level[last] for level in levels]
    return Order(
        entries=entries,
        places=_places(group, states[entries] == ORDER.index(State.RANKED)),
        groups=np.array(levels, dtype=np.int64).reshape(len(levels), len(entries)),
    )


def _split(group: IntArray, keys: FloatArray, resolution: float | None) -> IntArray:
    """Divide groups: a new one begins beyond the reach of the first key of its group."""
    if resolution is None:
        begins = np.ones(len(keys), dtype=bool)
        begins[1:] = (group[1:] != group[:-1]) | (keys[1:] != keys[:-1])
        return np.cumsum(begins).astype(np.int64)
    reach = resolution * (1 + _ROUNDING)
    groups, number, first, before = [], 0, math.nan, -1
    for own, key in zip(group.tolist(), keys.tolist(), strict=True):
        # Infinity is within reach of nothing but itself.
        if own != before or not (key == first or key - first <= reach):
            number, first, before = number + 1, key, own
        groups.append(number)
    return np.array(groups, dtype=np.int64)


def _places(group: IntArray, has_place: npt.NDArray[np.bool_]) -> IntArray:
    positions = np.arange(1, len(group) + 1)
    begins = np.ones(len(group), dtype=bool)
    begins[1:] = group[1:] != group[:-1]
    first = np.maximum.accumulate(np.where(begins, positions, 0))
    return np.where(has_place, first, 0).astype(np.int64)


def digits_needed(values: Sequence[float | None], decided: Sequence[bool]) -> int:
    """Return how many decimals tell two places apart.

    Parameters
    ----------
    values
        Of one criterion, in the order of the ranking; ``None`` where an entry has none.
    decided
        For each entry but the first, whether this criterion put it after the one before it.

    Returns
    -------
    int
        At least 3.

    Examples
    --------
    >>> digits_needed([0.9, 0.8], [True]), digits_needed([0.12342, 0.12341], [True])
    (3, 5)
    """
    pairs = [
        (before, after)
        for before, after, is_decided in zip(values, values[1:], decided, strict=False)
        if is_decided and before is not None and after is not None and before != after
    ]
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        if all(f"{before:.{digits}f}" != f"{after:.{digits}f}" for before, after in pairs):
            return digits
    return _MOST_DIGITS


def correction(n_attacks: int) -> float:
    """Return by how much the worst of several limits is moved away from its estimate.

    Bonferroni's correction of a normal interval: each of `n_attacks` one-sided limits is taken at
    the level 0.05 / n_attacks.

    Examples
    --------
    >>> correction(1), round(correction(10), 3)
    (1.0, 1.566)
    """
    from scipy.special import ndtri

    level = 0.05
    return float(ndtri(level / max(1, n_attacks)) / ndtri(level))
