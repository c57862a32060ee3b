"""What is public about a table that nobody may see: everything here is told to everybody."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

import attrs

Value = str | bool | int | float | datetime
"""A cell's value."""


class MetadataError(ValueError):
    """Metadata that contradict themselves, or say too little to compute with."""


class Kind(StrEnum):
    """What a column's cells are."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "int"
    FLOAT = "float"
    DATETIME = "datetime"

    @property
    def is_number(self) -> bool:
        """Whether one can add and clamp cells."""
        return self in {Kind.INTEGER, Kind.FLOAT}


def _positive(owner: Any, attribute: attrs.Attribute[Any], value: int | None) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        where = f"column {owner.name!r}" if isinstance(owner, Column) else "metadata"
        raise MetadataError(
            f"{where}: {attribute.name} must be an integer from 1, got {value!r}; correct it, or "
            "leave it out"
        )


def _as_keys(keys: Iterable[Value] | None) -> tuple[Value, ...] | None:
    return None if keys is None else tuple(keys)


@attrs.frozen(kw_only=True)
class Column:
    """What is public about a column.

    Attributes
    ----------
    name
        Its name, as in the table.
    kind
        What its cells are.
    datatype
        The word of CSVW that says it more closely, such as ``long``; empty for the usual one.
    bits
        Size of numbers: 32 or 64.
    lower, upper
        Bounds of numbers and times, both included; ``None`` where there are none.
    categories
        Keys that may be told although nobody has them, in the order in which they are told;
        ``None`` where there are none.
    exhaustive
        Whether there are no other values than those.
    invariant
        Whether even the number of rows of each key is public.
    nullable
        Whether cells may be missing.
    nullable_share
        Which share of cells is missing at most, from 0 to 1; ``None`` if nobody says.
    private_id
        Whether it names whose row it is.
    max_length
        Rows of one key at most.
    max_groups
        Keys that one person has at most.
    max_contributions
        Rows of one key that one person has at most.
    max_partitions
        Keys at most.
    depends_on
        Columns that decide about this one.

    Raises
    ------
    MetadataError
        If it contradicts itself.
    """

    name: str = attrs.field(validator=attrs.validators.min_len(1))
    kind: Kind
    datatype: str = ""
    bits: int = 64
    lower: Any = None
    upper: Any = None
    categories: tuple[Value, ...] | None = attrs.field(default=None, converter=_as_keys)
    exhaustive: bool = False
    invariant: bool = False
    nullable: bool = False
    nullable_share: float | None = None
    private_id: bool = False
    max_length: int | None = attrs.field(default=None, validator=_positive)
    max_groups: int | None = attrs.field(default=None, validator=_positive)
    max_contributions: int | None = attrs.field(default=None, validator=_positive)
    max_partitions: int | None = attrs.field(default=None, validator=_positive)
    depends_on: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.bits not in {32, 64}:
            raise MetadataError(
                f"column {self.name!r}: numbers have 32 or 64 bits, got {self.bits!r}"
            )
        if self.nullable_share is not None and not 0 <= self.nullable_share <= 1:
            raise MetadataError(
                f"column {self.name!r}: a share is from 0 to 1, got {self.nullable_share!r}"
            )
        self._check_bounds()
        if self.categories is not None:
            self._check_categories(self.categories)
        elif self.exhaustive or self.invariant:
            raise MetadataError(
                f"column {self.name!r}: its keys are said to be all there are, but none are given; "
                "list them"
            )

    def _check_bounds(self) -> None:
        if (self.lower is None) != (self.upper is None):
            raise MetadataError(
                f"column {self.name!r}: has one bound; give both, lower and upper, or none"
            )
        if self.lower is None:
            return
        if self.kind not in {Kind.INTEGER, Kind.FLOAT, Kind.DATETIME}:
            raise MetadataError(
                f"column {self.name!r}: a {self.kind} has no bounds; leave them out"
            )
        for bound in (self.lower, self.upper):
            self._check_value(bound, "bound")
        if self.lower > self.upper:
            raise MetadataError(
                f"column {self.name!r}: its lower bound {self.lower} is above its upper bound "
                f"{self.upper}; exchange them"
            )

    def _check_categories(self, categories: tuple[Value, ...]) -> None:
        if not categories:
            raise MetadataError(
                f"column {self.name!r}: its list of keys is empty; give some, or leave it out"
            )
        for category in categories:
            self._check_value(category, "key")
        if len(set(categories)) < len(categories):
            raise MetadataError(f"column {self.name!r}: has a key twice; list each key once")

    def _check_value(self, value: Value, what: str) -> None:
        allowed = _TYPES[self.kind]
        is_odd = isinstance(value, bool) and self.kind is not Kind.BOOLEAN
        if is_odd or not isinstance(value, allowed):
            raise MetadataError(
                f"column {self.name!r}: the {what} {value!r} is no {self.kind}; write it as one"
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise MetadataError(
                f"column {self.name!r}: the {what} {value!r} is not finite; give a number"
            )

    @property
    def has_bounds(self) -> bool:
        """Whether both bounds are there."""
        return self.lower is not None


_TYPES: dict[Kind, tuple[type, ...]] = {
    Kind.STRING: (str,),
    Kind.BOOLEAN: (bool,),
    Kind.INTEGER: (int,),
    Kind.FLOAT: (float, int),
    Kind.DATETIME: (datetime,),
}


def _as_columns(columns: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(columns)


@attrs.frozen(kw_only=True)
class TableMetadata:
    """What is public about a table.

    Attributes
    ----------
    columns
        At least one, in the table's order, of different names.
    max_contributions
        Rows that one person has at most.
    row_privacy
        Whether each row is somebody of their own; otherwise a column names whose row it is.
    rows
        A public figure that pipelines resize to; it need not be the true number of rows, and
        nothing is derived from it. ``None`` if nobody says.
    max_length
        Rows at most; ``None`` if nobody says.
    public_length
        Number of rows, where that is public; ``None`` where it is private.
    censor_dims
        Whether rare keys are to be left out, for libraries that ask.
    privacy_unit
        Whose privacy it is, such as ``patient``.
    groups
        What is public about groups of columns, as CSVW-EO has it.

    Raises
    ------
    MetadataError
        If it contradicts itself.
    """

    columns: tuple[Column, ...] = attrs.field(converter=_as_columns)
    max_contributions: int = attrs.field(default=1, validator=_positive)
    row_privacy: bool = True
    rows: int | None = attrs.field(default=None, validator=_positive)
    max_length: int | None = attrs.field(default=None, validator=_positive)
    public_length: int | None = attrs.field(default=None, validator=_positive)
    censor_dims: bool = False
    privacy_unit: str = ""
    groups: tuple[dict[str, Any], ...] = ()

    def __attrs_post_init__(self) -> None:
        names = self.names
        if not names:
            raise MetadataError("metadata list no column; list the table's columns")
        if len(set(names)) < len(names):
            raise MetadataError(f"metadata name a column twice: {list(names)}; name each once")
        if not self.row_privacy and self.private_id is None:
            raise MetadataError(
                "metadata say that rows are not people of their own, but no column names whose row "
                "it is; mark one with private_id, or set row_privacy"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def private_id(self) -> Column | None:
        """The column that names whose row it is; ``None`` if there is none."""
        return next((column for column in self.columns if column.private_id), None)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def column(self, name: str) -> Column:
        """Return the column of a name.

        Raises
        ------
        MetadataError
            If there is none; with those there are.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise MetadataError(f"there is no column {name[:80]!r}; there are {', '.join(self.names)}")

    def without_length(self) -> Self:
        """Return the same without its number of rows, for a table whose size is private."""
        return attrs.evolve(self, public_length=None)
