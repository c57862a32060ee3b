"""Tell attackers what they know of their targets beforehand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from anomed_dataset_anonymization.people.splits import Targets
from anomed_dataset_anonymization.schema import (
    Column,
    ColumnKind,
    Coordinates,
    TableSchema,
    snap,
    write_cells,
)


def what_is_known(
    people: Coordinates,
    schema: TableSchema,
    *,
    known: tuple[Column, ...],
    noise: Mapping[str, float] | None = None,
    rng: np.random.Generator,
) -> Mapping[str, np.ndarray]:
    """Decide, once for all attackers, what can be known of everybody.

    The same error is told about a person as often as anybody asks, so that nobody gets rid of it
    by asking under many names.

    Parameters
    ----------
    people : ndarray of float64, shape (n_people, n_columns)
        Everybody, as coordinates.
    schema : TableSchema
        Describes the columns.
    known : tuple of Column
        What an attacker knows of each.
    noise : mapping of str to float, optional
        By column name: the largest error in the column's unit (a list's positions, if ordinal), or
        the probability that a nominal value is replaced by a random one. Missing means exact.
    rng : Generator
        Draws the noise.

    Returns
    -------
    mapping of str to ndarray of float64, shape (n_people,)
        By known column, in their order.

    Raises
    ------
    ValueError
        If a column with noise is not known, or a noise is impossible.
    """
    noise = dict(noise or {})
    if unknown := noise.keys() - {column.name for column in known}:
        raise ValueError(f"the columns {sorted(unknown)} have noise, but are not known.")
    return {
        column.name: _blur(
            people[:, schema.position(column.name)],
            column,
            size=noise.get(column.name, 0.0),
            rng=rng,
        )
        for column in known
    }


def background_knowledge(
    known_of: Mapping[str, np.ndarray], targets: Targets, *, known: tuple[Column, ...]
) -> pd.DataFrame:
    """Tell what an attacker knows about the targets.

    Parameters
    ----------
    known_of : mapping of str to ndarray of float64, shape (n_people,)
        What can be known of everybody; see `what_is_known`.
    targets : Targets
        Whom the attacker asks about.
    known : tuple of Column
        What the attacker knows of each.

    Returns
    -------
    DataFrame
        ``target_id`` and the known columns, one row a target, in the order of the ids.
    """
    told: dict[str, object] = {"target_id": targets.ids}
    for column in known:
        told[column.name] = write_cells(known_of[column.name][targets.positions], column)
    return pd.DataFrame(told)


def _blur(
    values: np.ndarray, column: Column, *, size: float, rng: np.random.Generator
) -> np.ndarray:
    if size < 0 or (column.kind is ColumnKind.NOMINAL and size > 1):
        raise ValueError(f"the noise {size:g} of column {column.name!r} is impossible.")
    if not size:
        return values
    if column.kind is ColumnKind.NOMINAL:
        replaced = (rng.random(len(values)) < size) & ~np.isnan(values)
        return np.where(replaced, rng.integers(0, len(column.values), len(values)), values)
    bounds = column.bounds
    moved = np.clip(values + rng.uniform(-size, size, len(values)), bounds.low, bounds.high)
    return snap(moved, column)
