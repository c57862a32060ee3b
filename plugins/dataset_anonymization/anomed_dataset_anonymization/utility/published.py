"""Bring published tables and tables of people into the form that utility is computed from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from anomed_dataset_anonymization.schema import Column, ColumnKind, TableSchema, encode
from anomed_dataset_anonymization.schemes import (
    Points,
    PublishedCells,
    PublishedTable,
    Ranges,
    ValueSets,
)
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals, ValueMasses


def boxes_of_published(table: PublishedTable) -> Boxes:
    """View a canonical published table as boxes.

    Parameters
    ----------
    table
        One row a person.

    Returns
    -------
    Boxes
        The same rows; nulls are the whole domain.
    """
    return _boxes(table.cells, table.schema)


def boxes_of_people(people: pd.DataFrame, schema: TableSchema) -> Boxes:
    """View a table of people as boxes of one point each.

    Parameters
    ----------
    people
        One row a person, with all columns of the schema; others and the index are ignored.
    schema
        Describes the columns.

    Returns
    -------
    Boxes
        The same rows; nulls are the whole domain, for they tell nothing.

    Raises
    ------
    ValueError
        If a column is missing, or a cell is outside its column's domain.
    """
    coordinates = encode(people, schema)
    cells = {
        name: Points(values=values)
        for name, values in zip(schema.names, coordinates.T, strict=True)
    }
    return _boxes(cells, schema)


def _boxes(cells: Mapping[str, PublishedCells], schema: TableSchema) -> Boxes:
    columns = {name: _convert(cells_of_one, schema[name]) for name, cells_of_one in cells.items()}
    n_rows = len(next(iter(columns.values())).cell_of_row)
    return Boxes(columns=columns, counts=np.ones(n_rows, dtype=np.int64))


def _convert(cells: PublishedCells, column: Column) -> Cells:
    if isinstance(cells, ValueSets):
        return ValueMasses.from_sets(cells.members)
    if isinstance(cells, Points) and column.kind is ColumnKind.NOMINAL:
        values = np.where(np.isnan(cells.values), -1, cells.values)
        return ValueMasses.from_values(values, len(column.values))
    if isinstance(cells, Points | Ranges):
        low, high = (
            (cells.low, cells.high) if isinstance(cells, Ranges) else (cells.values, cells.values)
        )
        bounds = column.bounds
        return Intervals.from_rows(low, high, domain=(bounds.low, bounds.high), step=bounds.step)
    return ValueMasses.from_frequencies(cells.shares)
