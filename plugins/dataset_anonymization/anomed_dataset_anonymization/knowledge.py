"""Tell attackers what they know of their targets beforehand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from anomed_dataset_anonymization.schema import (
    Column,
    ColumnKind,
    Coordinates,
    TableSchema,
    encode,
    snap,
    write_cells,
)
from anomed_dataset_anonymization.splits import Targets


def background_knowledge(
    table: pd.DataFrame,
    targets: Targets,
    *,
    known: tuple[Column, ...],
    noise: Mapping[str, float] | None = None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Tell what an attacker knows about the targets.

    Parameters
    ----------
    table : DataFrame
        All people, in the order that the positions of the targets count.
    targets : Targets
        Whom the attacker asks about.
    known : tuple of Column
        What the attacker knows of each.
    noise : mapping of str to float, optional
        By column name: the largest error in the column's unit (a list's positions, if ordinal), or
        the probability that a nominal value is replaced by a random one. Missing means exact.
    rng : Generator
        Draws the noise.

    Returns
    -------
    DataFrame
        ``target_id`` and the known columns, one row a target, in the order of the ids.

    Raises
    ------
    ValueError
        If a column with noise is not known, or a noise is impossible.
    """
    noise = dict(noise or {})
    if unknown := noise.keys() - {column.name for column in known}:
        raise ValueError(f"the columns {sorted(unknown)} have noise, but are not known.")
    people = table.iloc[targets.positions]
    schema = TableSchema(columns=known)
    coordinates = encode(people, schema)
    knowledge: dict[str, object] = {"target_id": targets.ids}
    for place, column in enumerate(known):
        blurred = _blur(coordinates[:, place], column, size=noise.get(column.name, 0.0), rng=rng)
        knowledge[column.name] = write_cells(blurred, column)
    return pd.DataFrame(knowledge)


def _blur(
    values: Coordinates, column: Column, *, size: float, rng: np.random.Generator
) -> Coordinates:
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
