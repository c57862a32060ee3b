"""Anonymizers that generalize all cells of a column to the same level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import attrs

from anomed_dataset_anonymization.anonymizers._column_levels import ColumnLevels
from anomed_dataset_anonymization.anonymizers._release import release
from anomed_dataset_anonymization.anonymizers.anonymizer import (
    require_quasi_identifiers,
    share,
    whole_number,
)
from anomed_dataset_anonymization.anonymizers.datafly import find_datafly_levels
from anomed_dataset_anonymization.anonymizers.lattice import find_optimal_levels
from anomed_dataset_anonymization.anonymizers.recoding import FullDomain, Node
from anomed_dataset_anonymization.schema import encode
from anomed_dataset_anonymization.schema.hierarchies import Hierarchy

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from anomed_dataset_anonymization.schema import TableSchema


def _check_hierarchies(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    is_mapping = isinstance(value, Mapping)
    if not is_mapping or not all(isinstance(each, Hierarchy) for each in value.values()):
        raise ValueError(
            f"{attribute.name} must map column names to hierarchies, got {str(value)[:60]!r}; "
            "read files with read_hierarchy."
        )


class _FindLevels(Protocol):
    def __call__(self, domain: FullDomain, k: int, *, suppression_limit: float) -> Node: ...


@attrs.frozen(kw_only=True)
class Datafly:
    """Generalize the most varied column, step by step, and suppress the few people left over.

    Deterministic and fast; the result is k-anonymous, but seldom the best. Suppressed people
    are left out of the published table.

    Attributes
    ----------
    k : int
        Least number of people in a class, from 1 to their number.
    suppression_limit : float
        Largest share of people that may be suppressed, in [0, 1].
    hierarchies : mapping of str to Hierarchy
        By column name. Columns without one are grouped into intervals of doubling width if they
        have an order, and kept or suppressed as a whole if they are nominal.
    """

    name: ClassVar[str] = "datafly"
    scheme: ClassVar[str] = "generalization"

    k: int = attrs.field(default=10, validator=whole_number(least=1))
    suppression_limit: float = attrs.field(default=0.01, validator=share())
    hierarchies: Mapping[str, Hierarchy] = attrs.field(factory=dict, validator=_check_hierarchies)

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table, see `Anonymizer`."""
        del rng  # nothing is drawn
        return _recode(table, schema, anonymizer=self, find_levels=find_datafly_levels)


@attrs.frozen(kw_only=True)
class OptimalRecoding:
    """Generalize each column to the level that together loses least, and suppress the people left.

    Deterministic. The loss is the normalised certainty penalty over all cells of the
    quasi-identifiers; suppressed people lose all and are left out of the published table.

    Attributes
    ----------
    k : int
        Least number of people in a class, from 1 to their number.
    suppression_limit : float
        Largest share of people that may be suppressed, in [0, 1].
    hierarchies : mapping of str to Hierarchy
        As of `Datafly`.
    """

    name: ClassVar[str] = "optimal-recoding"
    scheme: ClassVar[str] = "generalization"

    k: int = attrs.field(default=10, validator=whole_number(least=1))
    suppression_limit: float = attrs.field(default=0.01, validator=share())
    hierarchies: Mapping[str, Hierarchy] = attrs.field(factory=dict, validator=_check_hierarchies)

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table, see `Anonymizer`."""
        del rng  # nothing is drawn
        return _recode(table, schema, anonymizer=self, find_levels=find_optimal_levels)


def _recode(
    table: pd.DataFrame,
    schema: TableSchema,
    *,
    anonymizer: Datafly | OptimalRecoding,
    find_levels: _FindLevels,
) -> pd.DataFrame:
    columns = require_quasi_identifiers(schema)
    names = [column.name for column in columns]
    if unknown := set(anonymizer.hierarchies) - set(names):
        raise ValueError(
            f"there are hierarchies for {sorted(unknown)}, but the quasi-identifiers are {names}."
        )
    coordinates = encode(table, schema)
    ladders = [
        ColumnLevels.of(
            coordinates[:, schema.position(column.name)],
            column,
            hierarchy=anonymizer.hierarchies.get(column.name),
        )
        for column in columns
    ]
    domain = FullDomain.of([ladder.to_leveled() for ladder in ladders])
    k = anonymizer.k
    node = find_levels(domain, k, suppression_limit=anonymizer.suppression_limit)
    kept = domain.kept(node, k=k)
    cells = {
        ladder.column.name: ladder.cells(level, rows=kept)
        for ladder, level in zip(ladders, node, strict=True)
    }
    return release(
        cells,
        coordinates=coordinates,
        index=table.index,
        schema=schema,
        scheme=anonymizer.scheme,
        kept=kept,
    )
