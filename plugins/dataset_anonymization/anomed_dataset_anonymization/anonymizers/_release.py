"""Write anonymized cells as a table in the columns of a scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from anomed_dataset_anonymization.schemes import (
    Points,
    PublishedCells,
    PublishedTable,
    write_scheme,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from anomed_dataset_anonymization.schema import Coordinates, TableSchema

_NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def release(
    cells: Mapping[str, PublishedCells],
    *,
    coordinates: Coordinates,
    index: pd.Index[Any],
    schema: TableSchema,
    scheme: str,
    kept: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Write a table of changed and unchanged columns.

    Parameters
    ----------
    cells : mapping of str to PublishedCells
        The changed columns: one cell for each published row.
    coordinates : ndarray of float64, shape (n_records, n_columns)
        The table of people; columns that were not changed are taken from it.
    index : Index
        Labels of the people.
    schema : TableSchema
        Describes the table of people.
    scheme : {"same", "generalization", "microaggregation"}
        How the cells are to be read.
    kept : ndarray of bool, shape (n_records,), optional
        Which people are published; all, when it is missing.

    Returns
    -------
    DataFrame
        One row a published person, in the order of the people.
    """
    if kept is not None:
        coordinates, index = coordinates[kept], index[kept]
    all_cells = {
        column.name: cells.get(column.name, Points(values=values))
        for column, values in zip(schema, coordinates.T, strict=True)
    }
    written = write_scheme(PublishedTable(schema=schema, scheme=scheme, cells=all_cells))
    frame: pd.DataFrame = written.to_pandas(types_mapper=_NULLABLE.get)
    return frame.set_axis(index, axis="index")


def release_points(
    coordinates: Coordinates, *, index: pd.Index[Any], schema: TableSchema
) -> pd.DataFrame:
    """Write a table of single values in the scheme ``same``.

    Parameters
    ----------
    coordinates : ndarray of float64, shape (n_records, n_columns)
        Values of the domains; NaN is null.
    index : Index
        Labels of the people.
    schema : TableSchema
        Describes the columns.

    Returns
    -------
    DataFrame
        One row a person.
    """
    return release({}, coordinates=coordinates, index=index, schema=schema, scheme="same")
