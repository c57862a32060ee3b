"""Turn a table into whole numbers of a public domain, and samples back into cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.metadata.model import Column, Kind

_N_BINS = 20
Codes = np.ndarray[Any, np.dtype[np.int64]]


def size_of(column: Column) -> int:
    """Return how many codes a column has: its categories or bins, and one for missing cells.

    Raises
    ------
    QueryRefused
        If metadata give neither categories nor bounds.
    """
    if column.exhaustive and column.categories:
        return len(column.categories) + column.nullable
    if column.kind is Kind.BOOLEAN:
        return 2 + column.nullable
    if column.kind.is_number and column.has_bounds:
        return _n_bins(column) + column.nullable
    raise QueryRefused(
        f"select_cols: metadata give neither all keys nor bounds of {column.name}, and they must "
        "not be learnt from private rows; leave it out"
    )


def encoded(column: Column, cells: pd.Series[Any]) -> Codes:
    """Return the code of each cell; what is missing, or no key, has the last one."""
    if column.kind.is_number and not (column.exhaustive and column.categories):
        numbers = cells.to_numpy(dtype=float, na_value=np.nan)
        edges = np.linspace(float(column.lower), float(column.upper), _n_bins(column) + 1)[1:-1]
        codes = np.searchsorted(edges, np.nan_to_num(numbers), side="right")
        missing = np.isnan(numbers)
    else:
        codes = pd.Index(_values(column)).get_indexer(pd.Index(cells))
        missing = codes < 0
    codes = np.where(missing, size_of(column) - 1, codes)
    return codes.astype(np.int64)


def decoded(column: Column, codes: Codes, rng: np.random.Generator) -> list[Any]:
    """Return a cell for each code: a key, a number drawn from its bin, or nothing."""
    n_known = size_of(column) - column.nullable
    if column.kind.is_number and not (column.exhaustive and column.categories):
        low, high = float(column.lower), float(column.upper)
        width = (high - low) / n_known
        numbers = low + width * (np.minimum(codes, n_known - 1) + rng.random(len(codes)))
        if column.kind is Kind.INTEGER:
            numbers = np.clip(np.floor(numbers), low, high)
        known = [int(one) if column.kind is Kind.INTEGER else float(one) for one in numbers]
    else:
        values = _values(column)
        known = [_plain(values[min(int(code), n_known - 1)]) for code in codes]
    return [cell if code < n_known else None for cell, code in zip(known, codes, strict=True)]


def _values(column: Column) -> list[Any]:
    return list(column.categories or (False, True))


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _n_bins(column: Column) -> int:
    if column.kind is Kind.INTEGER:
        return max(1, min(_N_BINS, int(column.upper) - int(column.lower) + 1))
    return _N_BINS
