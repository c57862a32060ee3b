"""Read the scheme ``microaggregation``: one representative for each class of people.

A number is a class's mean or any other number of its domain's range, a date the one of its domain
that is nearest to the mean, a listed value is its mode; a nominal column may also be spread over
columns ``c_<value>`` that hold the class's frequencies.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from anomed_dataset_anonymization.schema import Column, TableSchema, read_cells, read_numbers, snap
from anomed_dataset_anonymization.schemes._columns import require_known
from anomed_dataset_anonymization.schemes._listed import read_frequencies, spread_names
from anomed_dataset_anonymization.schemes.published import Points, PublishedCells

PARTS_PER_STEP = 100
"""Into how many parts a step of the domain is divided to round representatives."""


def read_microaggregation(table: pd.DataFrame, schema: TableSchema) -> dict[str, PublishedCells]:
    """Read a table of representatives.

    Parameters
    ----------
    table : DataFrame
        In the forms above; null suppresses a cell, and a column that is left out is suppressed.
    schema : TableSchema
        Describes the leaky table.

    Returns
    -------
    dict of str to Points or Frequencies
        In schema order; numbers are rounded to a hundredth of a step, dates to a step, frequencies
        to 4 decimals.

    Raises
    ------
    ValueError
        If a column is unknown, comes in two forms, or a cell does not fit its domain.
    """
    spread = [name for name, part in schema.generated_names.items() if isinstance(part.part, int)]
    require_known(table, known=(*schema.names, *spread), scheme="microaggregation")
    return {column.name: _read_column(table, column, schema=schema) for column in schema}


def _read_column(table: pd.DataFrame, column: Column, *, schema: TableSchema) -> PublishedCells:
    names = spread_names(table, column, schema=schema)
    if column.name in table.columns:
        if names:
            raise ValueError(
                f"column {column.name!r} comes twice, as {column.name!r} and as "
                f"{next(iter(names))!r}; keep one."
            )
        return Points(values=_read_representatives(table, column))
    if not names:
        return Points(values=np.full(len(table), np.nan))
    return read_frequencies(table, column, names=names)


def _read_representatives(
    table: pd.DataFrame, column: Column
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    series = table[column.name]
    if column.is_listed:
        return read_cells(series, column)
    parts = 1 if column.is_time else PARTS_PER_STEP
    return snap(read_numbers(series, column, whole=False), column, parts=parts)
