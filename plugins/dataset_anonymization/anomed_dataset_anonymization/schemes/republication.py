"""Write a canonical table as it is handed to attackers: the same content is the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from anomed_dataset_anonymization.schema import Bounds, Column, Coordinates, snap, write_cells
from anomed_dataset_anonymization.schemes.published import (
    Frequencies,
    Points,
    PublishedCells,
    PublishedTable,
    Ranges,
)

_ARROW_TYPES = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "date": pa.timestamp("ms"),
    "date-time": pa.timestamp("ms"),
}


def publish(table: PublishedTable) -> pa.Table:
    """Write a canonical table in the columns of its scheme, one row a person.

    Parameters
    ----------
    table : PublishedTable
        As `canonicalise` returns it.

    Returns
    -------
    pyarrow.Table
        ``anon_row`` (int64, from 0), then the columns of the scheme in schema order; no metadata.
    """
    numbers = pa.array(np.arange(table.n_rows, dtype=np.int64))
    return write_scheme(table).add_column(0, "anon_row", numbers)


def write_scheme(table: PublishedTable) -> pa.Table:
    """Write a table in the columns of its scheme alone.

    Parameters
    ----------
    table : PublishedTable
        Canonical or not.

    Returns
    -------
    pyarrow.Table
        The columns of the scheme in schema order; no metadata.

    Raises
    ------
    ValueError
        If the name of a generalised column could be read in two ways.
    """
    written = [
        (name, array, name != column.name)
        for column in table.schema
        for name, array in _write_column(column, table.cells[column.name], scheme=table.scheme)
    ]
    table.schema.require_clear_names(name for name, _, is_generated in written if is_generated)
    names, arrays, _ = zip(*written, strict=True)
    return pa.Table.from_arrays(list(arrays), names=list(names))


def to_parquet(table: PublishedTable) -> bytes:
    """Write a canonical table as a parquet file.

    Parameters
    ----------
    table : PublishedTable
        As `canonicalise` returns it.

    Returns
    -------
    bytes
        One row group; equal for equal tables under one version of pyarrow.
    """
    sink = io.BytesIO()
    parquet.write_table(
        publish(table), sink, row_group_size=table.n_rows, compression="snappy", version="2.6"
    )
    return sink.getvalue()


def _write_column(
    column: Column, cells: PublishedCells, *, scheme: str
) -> Iterator[tuple[str, pa.Array]]:
    if isinstance(cells, Points):
        yield column.name, _write_points(cells.values, column, scheme=scheme)
    elif isinstance(cells, Ranges):
        yield f"{column.name}_min", _write_points(cells.low, column, scheme=scheme)
        yield f"{column.name}_max", _write_points(cells.high, column, scheme=scheme)
    else:
        matrix = cells.shares if isinstance(cells, Frequencies) else cells.members
        for value, flags in zip(column.values, matrix.T, strict=True):
            yield f"{column.name}_{value}", pa.array(np.ascontiguousarray(flags))


def _write_points(values: Coordinates, column: Column, *, scheme: str) -> pa.Array:
    if scheme == "microaggregation" and isinstance(column.domain, Bounds):
        if not column.is_time:
            return pa.array(values, mask=np.isnan(values))
        values = snap(values, column)
    return pa.array(write_cells(values, column), type=_ARROW_TYPES[column.dtype])
