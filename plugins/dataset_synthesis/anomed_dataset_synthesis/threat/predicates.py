"""Predicates: statements about a record, as data that is compared and never run as code.

A predicate is a conjunction of conditions (column, operator, value). Submitted ones are JSON:
``[["age", ">=", 90], ["sex", "==", "female"]]``.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.tables import TIME_UNITS_S, parse_time
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.codebook import MISSING, CategoryColumn, Codebook, NumericColumn
from anomed_dataset_synthesis.table.json_numbers import as_float

_EQUALITIES = ("==", "!=")
_COMPARISONS: dict[str, Callable[[Any, float], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FORMS = {"date": "a date 'YYYY-MM-DD'", "date-time": "a date-time 'YYYY-MM-DDThh:mm:ss'"}


@attrs.frozen(kw_only=True)
class Condition:
    """State one thing about one column.

    Attributes
    ----------
    position
        The column's place in the codebook.
    comparison
        One of ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``.
    level
        What the column's level is compared with, off the grid between two levels; None for a
        missing value. Missing values are equal to each other only, and fulfil no order.
    """

    position: int
    comparison: str
    level: float | None

    def holds(self, levels: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Tell for which levels of the column the condition holds, same shape."""
        missing = np.equal(levels, MISSING)
        if self.level is None:
            return missing if self.comparison == "==" else ~missing
        fulfilled = _COMPARISONS[self.comparison](levels, self.level)
        return np.asarray(np.where(missing, self.comparison == "!=", fulfilled), dtype=bool)


@attrs.frozen
class Predicate:
    """State several things about one record, all of which must hold.

    Attributes
    ----------
    conditions
        At least one.
    """

    conditions: tuple[Condition, ...]

    def matches(self, table: CanonicalTable) -> npt.NDArray[np.intp]:
        """Return the places of the records for which all conditions hold, rising."""
        first, *others = self.conditions
        places = np.flatnonzero(first.holds(table.levels[:, first.position]))
        for condition in others:
            places = places[condition.holds(table.levels[places, condition.position])]
        return places


def parse_predicates(
    value: Any, codebook: Codebook, *, max_predicates: int = 1_000, max_conditions: int = 20
) -> tuple[Predicate, ...]:
    """Read submitted predicates.

    Parameters
    ----------
    value
        A list of predicates, each a list of triples ``[column, comparison, value]``. The value is
        a number, a date ``"YYYY-MM-DD"``, a date-time ``"YYYY-MM-DDThh:mm:ss"`` or a category, by
        the column's kind, or null for a missing one. Categories and null are compared by ``==``
        and ``!=`` only.
    codebook
        The columns.
    max_predicates, max_conditions
        The most predicates, and conditions of one, that are read.

    Returns
    -------
    tuple of Predicate
        In the order given.

    Raises
    ------
    ValueError
        If the value has another form, is too long, or a triple doesn't fit its column.

    Examples
    --------
    >>> from anomed_dataset_synthesis.table.codebook import NumericColumn
    >>> book = Codebook([NumericColumn(name="age", kind="integer", minimum=0, maximum=120)])
    >>> parse_predicates([[["age", ">=", 90]]], book)[0].conditions[0].level
    90.0
    """
    listed = isinstance(value, list) and 1 <= len(value) <= max_predicates
    if not listed:
        raise ValueError(
            f"the predicates are not a list of 1 to {max_predicates}; "
            "give a list of predicates, each a list of [column, comparison, value]"
        )
    return tuple(
        _parse_predicate(item, codebook, place=place, max_conditions=max_conditions)
        for place, item in enumerate(value)
    )


def _parse_predicate(
    value: Any, codebook: Codebook, *, place: int, max_conditions: int
) -> Predicate:
    listed = isinstance(value, list) and 1 <= len(value) <= max_conditions
    if not listed:
        raise ValueError(
            f"predicate {place} is not a list of 1 to {max_conditions} conditions; "
            "give a list of [column, comparison, value]"
        )
    try:
        return Predicate(tuple(_parse_condition(triple, codebook) for triple in value))
    except ValueError as error:
        raise ValueError(f"predicate {place}: {error}") from error


def _parse_condition(triple: Any, codebook: Codebook) -> Condition:
    shaped = isinstance(triple, list) and len(triple) == 3 and isinstance(triple[0], str)
    if not shaped or triple[1] not in tuple(_COMPARISONS):
        raise ValueError(
            f"the condition {str(triple)[:80]} is not [column, comparison, value] "
            f"with a comparison out of {list(_COMPARISONS)}"
        )
    name, comparison, value = triple
    column = codebook.column(name)
    ordered = comparison not in _EQUALITIES
    if ordered and (value is None or isinstance(column, CategoryColumn)):
        raise ValueError(
            f"column {name!r} is compared with {str(value)[:40]!r} by {comparison!r}; "
            "compare categories and null by '==' or '!='"
        )
    return Condition(
        position=codebook.position(name), comparison=comparison, level=_level_of(value, column)
    )


def _level_of(value: Any, column: NumericColumn | CategoryColumn) -> float | None:
    if value is None:
        return None
    if isinstance(column, CategoryColumn):
        if value in column.categories:
            return float(column.categories.index(value))
        raise ValueError(f"{str(value)[:40]!r} is no category of column {column.name!r}")
    number = _number_of(value, column)
    if column.is_wide and isinstance(value, int):
        # Integers from 2**53 on are subtracted as such: floats lose their last digits.
        return float((value - int(column.minimum)) / column.step)
    level = (number - column.minimum) / column.step
    nearest = float(np.rint(level))
    return nearest if abs(level - nearest) < 1e-6 else level


def _number_of(value: Any, column: NumericColumn) -> float:
    try:
        is_time = column.kind in TIME_UNITS_S
        number = parse_time(value, column.kind) if is_time else as_float(value)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise ValueError(
            f"column {column.name!r} is compared with {str(value)[:40]!r}; compare it with "
            f"{_FORMS.get(column.kind, 'a finite number')}"
        )
    return number


def isolated(
    predicates: Sequence[Predicate], table: CanonicalTable
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Find the predicates that single out a record: that exactly one record fulfils.

    Parameters
    ----------
    predicates
        Any number.
    table
        Any number of records.

    Returns
    -------
    predicates : ndarray of intp, shape (n_isolating,)
        Places of the predicates that single out a record which none before them did, rising:
        many statements about one person count once.
    records : ndarray of intp, shape (n_isolating,)
        Places of these records.

    References
    ----------
    A. Cohen, K. Nissim, "Towards formalizing the GDPR's notion of singling out", 2020,
    doi:10.1073/pnas.1914598117.
    """
    found: dict[int, int] = {}
    for place, predicate in enumerate(predicates):
        matches = predicate.matches(table)
        if len(matches) == 1:
            found.setdefault(int(matches[0]), place)
    order = sorted((place, record) for record, place in found.items())
    places = np.array([place for place, _ in order], dtype=np.intp)
    return places, np.array([record for _, record in order], dtype=np.intp)
