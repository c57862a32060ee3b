"""Read the scheme ``same``: the columns of the leaky table, with values of their domains."""

from __future__ import annotations

import pandas as pd

from anomed_dataset_anonymization.schema import TableSchema, read_cells
from anomed_dataset_anonymization.schemes._columns import require_known
from anomed_dataset_anonymization.schemes.published import Points, PublishedCells


def read_same(table: pd.DataFrame, schema: TableSchema) -> dict[str, PublishedCells]:
    """Read a table that has exactly the columns of the leaky one.

    Parameters
    ----------
    table : DataFrame
        Each cell is a value of its column's domain, or null where it was suppressed.
    schema : TableSchema
        Describes the leaky table.

    Returns
    -------
    dict of str to Points
        In schema order.

    Raises
    ------
    ValueError
        If a column is missing or unknown, or a cell is outside its domain.
    """
    require_known(table, known=schema.names, scheme="same")
    if missing := [name for name in schema.names if name not in table.columns]:
        raise ValueError(
            f"the scheme 'same' needs all columns of the leaky table; {missing} are missing "
            "(nulls suppress cells)."
        )
    return {column.name: Points(values=read_cells(table[column.name], column)) for column in schema}
