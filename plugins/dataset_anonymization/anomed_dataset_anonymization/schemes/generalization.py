"""Read the scheme ``generalization``: ranges of numbers and sets of names.

A cardinal or ordinal column ``c`` becomes ``c_min`` and ``c_max``, both included; a nominal one
becomes one flag column ``c_<value>`` for each value that a row may mean. A column may also stay
as it is, under its own name. This is the shape that anonypyx gives its machine-readable tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from anomed_dataset_anonymization.schema import Column, ColumnKind, TableSchema, read_cells
from anomed_dataset_anonymization.schemes._columns import require_known
from anomed_dataset_anonymization.schemes._listed import read_value_sets, spread_names
from anomed_dataset_anonymization.schemes._ranges import holds_ranges, read_ends, read_ranges
from anomed_dataset_anonymization.schemes.published import Points, PublishedCells


def read_generalization(table: pd.DataFrame, schema: TableSchema) -> dict[str, PublishedCells]:
    """Read a table of ranges and sets.

    Parameters
    ----------
    table : DataFrame
        In any of the forms above; one column of pairs, of structs or of pandas intervals may stand
        for the two ends of ranges. A column that is left out is suppressed.
    schema : TableSchema
        Describes the leaky table.

    Returns
    -------
    dict of str to Points, Ranges or ValueSets
        In schema order; Points wherever no cell but a suppressed one means several values.

    Raises
    ------
    ValueError
        If a column is unknown, comes in two forms, or a cell does not fit its domain.
    """
    require_known(table, known=(*schema.names, *schema.generated_names), scheme="generalization")
    return {column.name: _read_column(table, column, schema=schema) for column in schema}


def _read_column(table: pd.DataFrame, column: Column, *, schema: TableSchema) -> PublishedCells:
    own = column.name in table.columns
    parts = [
        name
        for name, generated in schema.generated_names.items()
        if generated.column is column and name in table.columns
    ]
    if own and parts:
        raise ValueError(
            f"column {column.name!r} comes twice, as {column.name!r} and as {parts[0]!r}; keep one."
        )
    if own:
        return _read_own(table[column.name], column)
    if not parts:
        return Points(values=np.full(len(table), np.nan))
    if column.kind is ColumnKind.NOMINAL:
        return read_value_sets(table, column, names=spread_names(table, column, schema=schema))
    if len(parts) < 2:
        raise ValueError(f"column {parts[0]!r} is one end of a range; the other end is missing.")
    return read_ends(table[parts[0]], table[parts[1]], column=column)


def _read_own(series: pd.Series[Any], column: Column) -> PublishedCells:
    if column.kind is not ColumnKind.NOMINAL and holds_ranges(series):
        return read_ranges(series, column)
    return Points(values=read_cells(series, column))
