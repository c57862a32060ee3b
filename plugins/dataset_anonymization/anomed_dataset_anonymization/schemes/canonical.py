"""Bring a submitted table into the one form that is scored, stored and shown to attackers.

What a table says about people stays; every other channel goes: row order, index, attributes,
column order, storage types, categories nobody has, digits beyond the domain's steps. Rows that
carry a ``count`` are written out that many times, so that all further work counts people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import TableSchema
from anomed_dataset_anonymization.schemes._listed import refuse_too_much
from anomed_dataset_anonymization.schemes.generalization import read_generalization
from anomed_dataset_anonymization.schemes.microaggregation import read_microaggregation
from anomed_dataset_anonymization.schemes.published import PublishedCells, PublishedTable, take_rows
from anomed_dataset_anonymization.schemes.same import read_same

Reader = Callable[[pd.DataFrame, TableSchema], dict[str, PublishedCells]]

SCHEMES: Mapping[str, Reader] = {
    "same": read_same,
    "generalization": read_generalization,
    "microaggregation": read_microaggregation,
}
"""The schemes by the name that submissions give."""


def canonicalise(
    table: pd.DataFrame, scheme: str, *, schema: TableSchema, leaky: pd.DataFrame
) -> PublishedTable:
    """Read a submitted table in its scheme, and bring it into canonical form.

    Parameters
    ----------
    table : DataFrame
        What an anonymizer submits: the columns of the scheme, and optionally ``count``, the number
        of people each row stands for. If the index holds record ids of the leaky table, each at
        most once, it declares which person each row stands for.
    scheme : {"same", "generalization", "microaggregation"}
        How to read the cells.
    schema : TableSchema
        Describes the leaky table.
    leaky : DataFrame
        The table of people that was handed out; its index holds the record ids. A plain range as
        index means that there are none, and nothing can be declared.

    Returns
    -------
    PublishedTable

    Raises
    ------
    ValueError
        If the scheme is unknown, the table is empty, stands for more people than there are or
        spreads too many cells, or a column or a cell does not fit the scheme.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"there is no scheme {scheme!r}; use one of {', '.join(SCHEMES)}.")
    if not len(table):
        raise ValueError("the table has no rows; suppress cells rather than everybody.")
    if "count" in table.columns and "count" not in schema:
        counts = _as_counts(table["count"], n_people=len(leaky))
        table = table.drop(columns="count")
    else:
        counts = np.ones(len(table), dtype=np.int64)
    _refuse_too_many(int(counts.sum()), n_people=len(leaky))
    refuse_too_much(table, schema, n_people=int(counts.sum()))
    cells = SCHEMES[scheme](table, schema)
    lineage = _read_lineage(table.index, leaky.index) if (counts == 1).all() else None
    unsorted = PublishedTable(schema=schema, scheme=scheme, cells=cells, lineage=lineage)
    order = np.argsort(unsorted.labels(schema.names), kind="stable")
    return take_rows(unsorted, np.repeat(order, counts[order]))


def _refuse_too_many(total: int, *, n_people: int) -> None:
    if total > n_people:
        raise ValueError(
            f"the table stands for {total} people, but the leaky table has only {n_people}."
        )


def _as_counts(series: pd.Series[Any], *, n_people: int) -> NDArray[np.int64]:
    dtype = series.dtype
    if not (pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_float_dtype(dtype)):
        raise ValueError(f"column 'count' has type {dtype}; it must hold whole numbers from 1.")
    numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if not ((numbers >= 1) & (numbers == np.rint(numbers)) & (numbers <= n_people)).all():
        raise ValueError(
            f"column 'count' must hold whole numbers from 1 to {n_people}, the number of people."
        )
    counts: NDArray[np.int64] = numbers.astype(np.int64)
    return counts


def _read_lineage(index: pd.Index[Any], record_ids: pd.Index[Any]) -> NDArray[np.int64] | None:
    """Return the leaky position that each index label declares, or None if it declares nothing."""
    if isinstance(record_ids, pd.RangeIndex) or index.nlevels > 1 or not index.is_unique:
        return None
    positions: NDArray[np.int64] = record_ids.get_indexer(index).astype(np.int64)
    return None if (positions < 0).any() else positions
