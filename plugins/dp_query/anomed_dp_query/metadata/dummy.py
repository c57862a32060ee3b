"""Dummy rows: made from metadata and a seed alone, the same for everybody and for ever.

The draws are those of Lomas up to 0.4, so that a seed in somebody's notebook still means the same
rows: ``numpy.random.default_rng(seed)``, column by column in the metadata's order.
"""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import pandas as pd

from anomed_dp_query.metadata.model import Column, Kind, TableMetadata

MOST_ROWS = 10_000
LARGEST_SEED = 2**32 - 1

_LETTERS = np.array(list(string.ascii_letters + string.digits))
_TEXT_LENGTH = 10
_N_EMPTY = 5
_WITHOUT_BOUNDS: dict[Kind, Any] = {
    Kind.INTEGER: (-10_000, 10_000),
    Kind.FLOAT: (-10_000.0, 10_000.0),
}
_FIRST_DAY, _LAST_DAY = "1970-01-01", "2029-12-31"


def dummy_rows(metadata: TableMetadata, n_rows: int, seed: int) -> pd.DataFrame:
    """Return made-up rows that fit metadata.

    Parameters
    ----------
    metadata
        What is public about a table.
    n_rows
        1 to `MOST_ROWS`.
    seed
        0 to `LARGEST_SEED`.

    Returns
    -------
    DataFrame
        With types as a fitted table has them; five draws make cells of nullable columns empty.

    Raises
    ------
    ValueError
        If one of the two is out of range.
    """
    if not 1 <= n_rows <= MOST_ROWS:
        raise ValueError(f"dummy rows are 1 to {MOST_ROWS}, got {n_rows}")
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"a seed is 0 to {LARGEST_SEED}, got {seed}")
    rng = np.random.default_rng(seed)
    columns = {}
    for column in metadata.columns:
        cells = _cells(column, n_rows, rng)
        if column.nullable:
            cells.iloc[rng.integers(0, n_rows, _N_EMPTY)] = None
        columns[column.name] = cells
    return pd.DataFrame(columns)


def _cells(column: Column, n_rows: int, rng: np.random.Generator) -> pd.Series[Any]:
    if column.categories is not None:
        return pd.Series(rng.choice(np.array(column.categories), n_rows), dtype=_dtype(column))
    if column.kind is Kind.STRING:
        texts = ["".join(rng.choice(_LETTERS, _TEXT_LENGTH)) for _ in range(n_rows)]
        return pd.Series(texts, dtype="string")
    if column.kind is Kind.BOOLEAN:
        return pd.Series(rng.choice([True, False], n_rows), dtype=_dtype(column))
    if column.kind is Kind.DATETIME:
        lower, upper = (column.lower, column.upper) if column.has_bounds else _DAYS
        days = pd.date_range(lower, upper).to_numpy()
        return pd.Series(rng.choice(days, n_rows)).astype("datetime64[ns]")
    bounds: tuple[Any, Any] = (column.lower, column.upper)
    lower, upper = bounds if column.has_bounds else _WITHOUT_BOUNDS[column.kind]
    if column.kind is Kind.INTEGER:
        whole = rng.integers(lower, upper, size=n_rows, endpoint=True)
        return pd.Series(whole, dtype=_dtype(column))
    bits: Any = np.float32 if column.bits == 32 else np.float64
    return pd.Series(lower + (upper - lower) * rng.random(n_rows, dtype=bits), dtype="float64")


_DAYS = (_FIRST_DAY, _LAST_DAY)
_NEVER_EMPTY = {Kind.INTEGER: "int64", Kind.BOOLEAN: "bool"}
_PERHAPS_EMPTY = {
    Kind.STRING: "string",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "Int64",
    Kind.FLOAT: "float64",
    Kind.DATETIME: "datetime64[ns]",
}


def _dtype(column: Column) -> str:
    may_be_empty = column.nullable or column.kind not in _NEVER_EMPTY
    return (_PERHAPS_EMPTY if may_be_empty else _NEVER_EMPTY)[column.kind]
