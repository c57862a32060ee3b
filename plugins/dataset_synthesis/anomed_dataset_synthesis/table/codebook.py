"""The codebook of a challenge: which columns there are, and which values each may hold.

Every cell of a canonical table is one *level* of its column: a category, or a step on the
numeric grid. The codebook translates between values and the level numbers that all metrics and
attacks work on. Whatever it does not name can't be said in a submission, which is what takes
away the low digits, spellings and types that could carry a hidden message.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.tables import TIME_UNITS_S, write_number, write_time
from anomed_dataset_synthesis.table.grid import Number, decimals_of, exact, step_of

MISSING = -1
"""The level number of a missing value, in every column."""

_MAX_LEVELS = 2**31 - 1
_MAX_INTEGER = 2**63 - 1
_MAX_EXACT_FLOAT = 2**53

NumericKind = Literal["integer", "real", "date", "date-time"]


def _tuple_of_strings(categories: Iterable[str]) -> tuple[str, ...]:
    return tuple(categories)


def _fits_int64(low: float, high: float) -> bool:
    return low >= -_MAX_INTEGER - 1 and high <= _MAX_INTEGER


def _number(value: Number) -> float:
    """Return a float, or the integer itself if no float equals it."""
    number = float(value)
    return value if isinstance(value, int) and number != value else number


@attrs.frozen(kw_only=True)
class NumericColumn:
    """Describe a column of numbers, dates or date-times that lie on a grid.

    Attributes
    ----------
    name
        The column's name.
    kind : {"integer", "real", "date", "date-time"}
        How values are published. Dates count days since 1970-01-01, date-times seconds, in UTC
        where there is a zone.
    minimum, maximum
        The bounds, both included, both multiples of `step`. Integers that no float equals stay
        integers.
    step
        The grid's width: published values are multiples of it. Positive.
    nullable
        Whether a value may be missing.

    Raises
    ------
    ValueError
        If the bounds are not finite, not in order or not on the grid, if the step is not positive
        (or not whole for integers and dates), if integers leave the range of int64, or if there
        are more than 2**31 - 1 levels.

    Examples
    --------
    >>> hours = NumericColumn(name="hours", kind="integer", minimum=0, maximum=100, step=5)
    >>> hours.n_levels
    21
    >>> hours.values(np.array([0, 8, MISSING]))
    array([ 0., 40., nan])
    """

    name: str
    kind: NumericKind = "real"
    minimum: float = attrs.field(converter=_number)
    maximum: float = attrs.field(converter=_number)
    step: float = attrs.field(default=1.0, converter=_number)
    nullable: bool = False

    def __attrs_post_init__(self) -> None:
        if self.kind not in get_args(NumericKind):
            allowed = ", ".join(get_args(NumericKind))
            raise ValueError(f"column {self.name!r} is of kind {self.kind!r}; allowed: {allowed}")
        finite = math.isfinite(self.minimum) and math.isfinite(self.maximum)
        if not (finite and self.minimum <= self.maximum):
            raise ValueError(
                f"column {self.name!r} has bounds {self.minimum} and {self.maximum}; "
                "give two finite numbers, the smaller one first"
            )
        positive = math.isfinite(self.step) and self.step > 0
        if not (positive and (self.kind == "real" or self.step == int(self.step))):
            raise ValueError(
                f"column {self.name!r} has step {self.step}; "
                f"give a positive {'number' if self.kind == 'real' else 'whole number'}"
            )
        if self.kind != "real" and not _fits_int64(self.minimum, self.maximum):
            raise ValueError(
                f"column {self.name!r} has bounds {self.minimum} and {self.maximum}; the largest "
                f"whole number that works is {_MAX_INTEGER}, so give longer ones as categories"
            )
        if None in (step_of(self.minimum, self.step), step_of(self.maximum, self.step)):
            raise ValueError(
                f"column {self.name!r} has bounds {self.minimum} and {self.maximum} off its grid; "
                f"give multiples of its step {self.step}"
            )
        if self.n_levels > _MAX_LEVELS:
            raise ValueError(
                f"column {self.name!r} has {self.n_levels} levels, more than {_MAX_LEVELS}; "
                "give a wider step"
            )

    @property
    def n_levels(self) -> int:
        """Count the grid points from minimum to maximum."""
        return round((exact(self.maximum) - exact(self.minimum)) / exact(self.step)) + 1

    @property
    def is_wide(self) -> bool:
        """Whether it holds integers from 2**53 on, which floats can't tell apart."""
        bound = max(-self.minimum, self.maximum)
        return self.kind == "integer" and bound >= _MAX_EXACT_FLOAT

    def integer_levels(self, values: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Round integers to the nearest grid point, without a float between.

        Parameters
        ----------
        values : ndarray of int64, any shape
            Integers, none of them missing.

        Returns
        -------
        ndarray of float64, same shape
            Whole numbers; -1 below the bounds and `n_levels` above.
        """
        # Modulo 2**64 the distance from the minimum is right even where int64 overflows.
        first = np.uint64(int(self.minimum) % 2**64)
        whole, rest = np.divmod(values.astype(np.uint64) - first, np.uint64(self.step))
        levels = whole.astype(np.float64) + (rest >= np.uint64(self.step) - rest)
        levels[values < int(self.minimum)] = -1
        levels[values > int(self.maximum)] = self.n_levels
        return levels

    def integers(self, levels: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """Return the values of level numbers as int64, the minimum for missing."""
        steps = np.where(np.asarray(levels) == MISSING, 0, levels).astype(np.uint64)
        first = round(exact(self.minimum))
        numbers = np.uint64(first % 2**64) + steps * np.uint64(self.step)
        return numbers.astype(np.int64)

    def levels(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Round values to the nearest grid point.

        Parameters
        ----------
        values : ndarray of float64, any shape
            Numbers, or days since 1970-01-01; NaN is missing.

        Returns
        -------
        ndarray of float64, same shape
            Whole numbers, below 0 or from `n_levels` on where a value is out of bounds; NaN where
            it is missing.
        """
        return np.round((values - self.minimum) / self.step)

    def values(self, levels: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """Return the values of level numbers, NaN for missing.

        Parameters
        ----------
        levels : ndarray of int, any shape
            Level numbers, `MISSING` or 0 to ``n_levels - 1``.

        Returns
        -------
        ndarray of float64, same shape
            The values, free of rounding residue: 0.3, never 0.30000000000000004.
        """
        values = self.minimum + np.asarray(levels) * self.step
        values = np.round(values, decimals_of(self.step)) + 0.0
        return np.where(np.asarray(levels) == MISSING, np.nan, values)

    def in_words(self, level: int) -> str:
        """Return the value of a level number as people write it; beyond the bounds, too."""
        number = exact(self.minimum) + level * exact(self.step)
        if self.kind in TIME_UNITS_S:
            return write_time(float(number), self.kind)
        return write_number(number)


@attrs.frozen(kw_only=True)
class CategoryColumn:
    """Describe a column of categories.

    Attributes
    ----------
    name
        The column's name.
    categories
        All categories, each once. A category's place is its level number.
    nullable
        Whether a value may be missing.

    Raises
    ------
    ValueError
        If there is no category, or one appears twice or is not a string.
    """

    name: str
    categories: tuple[str, ...] = attrs.field(converter=_tuple_of_strings)
    nullable: bool = False

    def __attrs_post_init__(self) -> None:
        distinct = set(self.categories)
        strings = all(isinstance(category, str) for category in self.categories)
        if not self.categories or len(distinct) < len(self.categories) or not strings:
            raise ValueError(
                f"column {self.name!r} lists {len(self.categories)} categories, "
                f"{len(distinct)} of them distinct; give at least one string, each once"
            )

    @property
    def n_levels(self) -> int:
        """Count the categories."""
        return len(self.categories)


Column = NumericColumn | CategoryColumn


def _tuple_of_columns(columns: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(columns)


@attrs.frozen
class Codebook:
    """Describe a table: its columns, in order.

    Attributes
    ----------
    columns
        At least one; names are not empty and appear once.

    Raises
    ------
    ValueError
        If there is no column, or a name is empty or appears twice.

    Examples
    --------
    >>> book = Codebook([
    ...     NumericColumn(name="age", kind="integer", minimum=0, maximum=120),
    ...     CategoryColumn(name="sex", categories=("female", "male")),
    ... ])
    >>> book.names, book.n_levels
    (('age', 'sex'), (121, 2))
    >>> Codebook.from_mapping(book.to_mapping()) == book
    True
    """

    columns: tuple[Column, ...] = attrs.field(converter=_tuple_of_columns)

    def __attrs_post_init__(self) -> None:
        distinct = set(self.names)
        if not self.columns or len(distinct) < len(self.columns) or "" in distinct:
            raise ValueError(
                f"a codebook came with the column names {list(self.names)}; "
                "give at least one column, each name once and none empty"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Return the column names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def n_columns(self) -> int:
        """Count the columns."""
        return len(self.columns)

    @property
    def n_levels(self) -> tuple[int, ...]:
        """Count the levels of each column, missing not counted."""
        return tuple(column.n_levels for column in self.columns)

    @property
    def kinds(self) -> dict[str, str]:
        """Return what the columns are to whoever reads a file of people; see `read_table`."""
        return {column.name: _kind(column) for column in self.columns}

    def position(self, name: str) -> int:
        """Return a column's place.

        Raises
        ------
        ValueError
            If there is no such column.
        """
        if name not in self.names:
            raise ValueError(f"there is no column {name!r}; the columns are {list(self.names)}")
        return self.names.index(name)

    def column(self, name: str) -> Column:
        """Return a column's description.

        Raises
        ------
        ValueError
            If there is no such column.
        """
        return self.columns[self.position(name)]

    def to_mapping(self) -> dict[str, Any]:
        """Return the codebook as plain JSON values, the form that participants are sent."""
        return {"columns": [_column_to_mapping(column) for column in self.columns]}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Codebook":
        """Read a codebook from plain JSON values.

        Parameters
        ----------
        mapping
            What `to_mapping` gives: ``{"columns": [{"name": ..., "kind": ..., ...}, ...]}``.

        Raises
        ------
        ValueError
            If a key is missing or unknown, or a value is not allowed.
        """
        columns = mapping.get("columns")
        listed = isinstance(columns, list | tuple)
        if columns is None or not listed:
            raise ValueError("a codebook needs the key 'columns' with a list of columns")
        return cls(tuple(_column_from_mapping(column) for column in columns))


def _kind(column: Column) -> str:
    if isinstance(column, NumericColumn):
        return "number" if column.kind == "real" else column.kind
    return "boolean" if set(column.categories) <= {"false", "true"} else "text"


def _column_to_mapping(column: Column) -> dict[str, Any]:
    if isinstance(column, NumericColumn):
        return attrs.asdict(column)
    return {
        "name": column.name,
        "kind": "category",
        "categories": list(column.categories),
        "nullable": column.nullable,
    }


def _column_from_mapping(mapping: Any) -> Column:
    named = isinstance(mapping, Mapping) and isinstance(mapping.get("name"), str)
    if not named:
        raise ValueError(f"a codebook's column is {mapping!r}; give an object with a 'name'")
    fields = dict(mapping)
    category = fields.get("kind") == "category"
    if category:
        del fields["kind"]
    column_class: type[Column] = CategoryColumn if category else NumericColumn
    attributes = attrs.fields_dict(column_class)
    required = {name for name, field in attributes.items() if field.default is attrs.NOTHING}
    if fields.keys() - attributes.keys() or required - fields.keys():
        raise ValueError(
            f"column {mapping['name']!r} has the keys {sorted(mapping)}; it needs "
            f"{sorted(required)} and may have {sorted(attributes.keys() - required)}"
        )
    try:
        return column_class(**fields)
    except TypeError as error:
        raise ValueError(
            f"column {mapping['name']!r} has a value of a wrong type ({error}); "
            "give numbers for bounds and step, a list of strings for categories"
        ) from error
