"""Describe a table: its columns, and the names that submissions derive from them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs
import pandas as pd

from anomed_dataset_anonymization.schema._inference import infer_column
from anomed_dataset_anonymization.schema.column import Column, ColumnKind, ColumnRole

RESERVED_NAMES = frozenset({"count", "record_id", "anon_row", "target_id", "rank", "confidence"})
"""Names that submissions and published tables use besides those of the schema."""

_KINDS = {"int64": "integer", "float64": "number", "string": "text", "bool": "boolean"}
_KINDS |= {"date": "date", "date-time": "date-time"}


@attrs.frozen(kw_only=True)
class GeneratedName:
    """A column of a generalised table: which column it belongs to, and which part of it it is.

    Attributes
    ----------
    column : Column
        The column it generalises.
    part : {"min", "max"} or int
        An end of the range, or the position of a value in the listed domain.
    """

    column: Column
    part: Literal["min", "max"] | int


def _freeze(columns: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(columns)


@attrs.frozen(kw_only=True)
class TableSchema:
    """All columns of a table of people, in order.

    Attributes
    ----------
    columns : tuple of Column
        At least one, of different names.

    Raises
    ------
    ValueError
        If there is no column, or two have one name.

    Examples
    --------
    >>> from anomed_dataset_anonymization.schema import Bounds
    >>> age = Column(name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99))
    >>> sex = Column(name="sex", kind="nominal", dtype="string", domain=["F", "M"])
    >>> sorted(TableSchema(columns=[age, sex]).generated_names)
    ['age_max', 'age_min', 'sex_F', 'sex_M']
    """

    columns: tuple[Column, ...] = attrs.field(converter=_freeze)
    _by_name: dict[str, Column] = attrs.field(init=False, repr=False, eq=False)
    _generated: dict[str, GeneratedName] = attrs.field(init=False, repr=False, eq=False)
    _collisions: dict[str, str] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if not self.columns:
            raise ValueError("a schema needs at least one column.")
        by_name: dict[str, Column] = {}
        for column in self.columns:
            if column.name in by_name:
                raise ValueError(f"two columns are called {column.name!r}; rename one.")
            by_name[column.name] = column
        generated, collisions = _generate_names(self.columns)
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_generated", generated)
        object.__setattr__(self, "_collisions", collisions)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all columns, in order."""
        return tuple(self._by_name)

    @property
    def kinds(self) -> dict[str, str]:
        """Return what the columns are to whoever reads a file of people; see `read_table`."""
        return {column.name: _KINDS[column.dtype] for column in self.columns}

    @property
    def generated_names(self) -> Mapping[str, GeneratedName]:
        """Return the columns a generalised table may have, by name, but for ambiguous ones."""
        return self._generated

    def require_clear_names(self, names: Iterable[str] | None = None) -> None:
        """Refuse names that can be read in two ways.

        Parameters
        ----------
        names : iterable of str, optional
            Generated names that are to be written; by default all of the columns and all that a
            submission may use, those of the protocol included.

        Raises
        ------
        ValueError
            If one is ambiguous; both sides are named.
        """
        claims = self._collisions
        if names is None:
            owners = {name: f"the column {name!r}" for name in self._by_name}
            owners |= {
                name: f"generalising the column {part.column.name!r}"
                for name, part in self._generated.items()
            }
            protocol = owners.keys() & RESERVED_NAMES
            claims = claims | {name: f"the protocol and by {owners[name]}" for name in protocol}
            names = claims
        for name in names:
            if name in claims:
                raise ValueError(
                    f"the name {name!r} is taken twice, by {claims[name]}; rename a column or a "
                    "value, or leave the column out."
                )

    @property
    def quasi_identifiers(self) -> tuple[Column, ...]:
        """Return the columns an attacker may know, in order."""
        return self._with_role(ColumnRole.QUASI_IDENTIFIER)

    @property
    def sensitive(self) -> tuple[Column, ...]:
        """Return the columns to be protected, in order."""
        return self._with_role(ColumnRole.SENSITIVE)

    def _with_role(self, role: ColumnRole) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.role is role)

    def position(self, name: str) -> int:
        """Return the position of a column.

        Raises
        ------
        ValueError
            If there is no column of this name.
        """
        if name not in self._by_name:
            raise ValueError(f"there is no column {name!r}; the columns are {list(self.names)}.")
        return self.names.index(name)

    def to_document(self) -> dict[str, Any]:
        """Return the schema as JSON-ready types."""
        return {"columns": [column.to_document() for column in self.columns]}

    def to_json(self) -> str:
        """Return the schema as a JSON object with the single key ``columns``."""
        return json.dumps(self.to_document(), ensure_ascii=False)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> TableSchema:
        """Build the schema from what `to_document` returns.

        Raises
        ------
        ValueError
            If the document is not of this form, or describes no valid schema.
        """
        if not isinstance(document, Mapping) or set(document) != {"columns"}:
            raise ValueError('a schema is a JSON object with the single key "columns".')
        columns = document["columns"]
        if not isinstance(columns, list) or not all(isinstance(c, Mapping) for c in columns):
            raise ValueError("the columns of a schema are a list of JSON objects.")
        return cls(columns=[Column.from_document(column) for column in columns])

    @classmethod
    def from_json(cls, text: str) -> TableSchema:
        """Build the schema from what `to_json` returns.

        Raises
        ------
        ValueError
            If the text is not JSON or describes no valid schema.
        """
        return cls.from_document(json.loads(text))

    @classmethod
    def infer(
        cls,
        table: pd.DataFrame,
        *,
        quasi_identifiers: Collection[str] = (),
        sensitive: Collection[str] = (),
        ordinal: Mapping[str, Sequence[Any]] | None = None,
    ) -> TableSchema:
        """Describe a table as it is: a start for a schema written by hand.

        Numbers, dates and date-times become cardinal with the bounds and step they show; text,
        booleans and unordered categories become nominal; ordered categories become ordinal.

        Parameters
        ----------
        table : DataFrame
            One row a person; the index is ignored.
        quasi_identifiers, sensitive : collection of str
            Names of the columns that play these roles; all others play none.
        ordinal : mapping of str to sequence, optional
            Names of further ordinal columns with all their values in ascending order.

        Returns
        -------
        TableSchema

        Raises
        ------
        ValueError
            If a named column does not exist, plays two roles, or has a type no kind fits.
        """
        orders = dict(ordinal or {})
        roles: dict[str, ColumnRole] = {}
        for role, names in (
            (ColumnRole.QUASI_IDENTIFIER, quasi_identifiers),
            (ColumnRole.SENSITIVE, sensitive),
        ):
            for name in names:
                if roles.setdefault(name, role) is not role:
                    raise ValueError(f"column {name!r} can't be quasi-identifier and sensitive.")
        if unknown := (roles.keys() | orders.keys()) - set(table.columns):
            raise ValueError(
                f"the table has no columns {sorted(unknown)}; it has {list(table.columns)}."
            )
        columns = [
            attrs.evolve(
                infer_column(table[name], order=orders.get(name)),
                role=roles.get(name, ColumnRole.OTHER),
            )
            for name in table.columns
        ]
        return cls(columns=columns)


def _generate_names(
    columns: Iterable[Column],
) -> tuple[dict[str, GeneratedName], dict[str, str]]:
    """Return what generated names mean, and who claims those that are claimed twice."""
    owners = {column.name: f"the column {column.name!r}" for column in columns}
    generated: dict[str, GeneratedName] = {}
    collisions: dict[str, str] = {}
    for column in columns:
        owner = f"generalising the column {column.name!r}"
        for name, part in _parts(column):
            if name in owners:
                collisions.setdefault(name, f"{owners[name]} and by {owner}")
                generated.pop(name, None)
                continue
            owners[name] = owner
            generated[name] = GeneratedName(column=column, part=part)
    return generated, collisions


def _parts(column: Column) -> list[tuple[str, Literal["min", "max"] | int]]:
    if column.kind is ColumnKind.NOMINAL:
        return [(f"{column.name}_{value}", part) for part, value in enumerate(column.values)]
    return [(f"{column.name}_min", "min"), (f"{column.name}_max", "max")]
