"""Tables of people as frames: those handed out, and those that come in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from anomed_dataset_anonymization.schema import TableSchema, write_cells

if TYPE_CHECKING:
    import pyarrow as pa

    from anomed_dataset_anonymization.schema import Coordinates

RECORD_ID = "record_id"
"""Index of the leaky table; a column of this name is taken for the index."""

_PLAIN = {"Int64": "int64", "Float64": "float64", "boolean": "bool", "string": "object"}


def people_frame(coordinates: Coordinates, schema: TableSchema) -> pd.DataFrame:
    """Return people as a table of the plainest types that hold them.

    Parameters
    ----------
    coordinates : ndarray of float64, shape (n_people, n_columns)
        In schema order.
    schema : TableSchema
        Describes the columns.

    Returns
    -------
    DataFrame
        Columns with nulls have nullable types, all others, and dates, those of numpy.
    """
    frame = pd.DataFrame(
        {
            column.name: write_cells(values, column)
            for column, values in zip(schema, coordinates.T, strict=True)
        }
    )
    complete = [name for name in frame.columns if not frame[name].isna().any()]
    plain = {name: _PLAIN.get(str(frame[name].dtype)) for name in complete}
    return frame.astype({name: kind for name, kind in plain.items() if kind})


def read_frame(table: pa.Table) -> pd.DataFrame:
    """Return a submitted table as a frame.

    The index may declare who is who, so it is kept: the one that pandas wrote, or a column
    ``record_id``. Of all other metadata, nothing is looked at.

    Parameters
    ----------
    table : pyarrow.Table
        As it was decoded.

    Returns
    -------
    DataFrame
        With a plain index if none came.
    """
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
    name = _index_name(table)
    if name is None and RECORD_ID in frame.columns:
        name = RECORD_ID
    return frame if name is None else frame.set_index(name)


def _index_name(table: pa.Table) -> str | None:
    """Return the column that pandas wrote its index to, if there is exactly one."""
    try:
        written: Any = json.loads((table.schema.metadata or {}).get(b"pandas", b"null"))
    except (ValueError, RecursionError):
        return None
    columns = written.get("index_columns") if isinstance(written, dict) else None
    if not isinstance(columns, list) or len(columns) != 1 or not isinstance(columns[0], str):
        return None
    return columns[0] if columns[0] in table.column_names else None
