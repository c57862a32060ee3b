"""Payloads that were valid until something in them was altered."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from .bodies import CELLS

DTYPES = ["bool", "int8", "uint64", "int64", "float16", "float32", "float64", "complex128", "U3"]
NUMBERS = [
    np.nan,
    np.inf,
    -np.inf,
    1e308,
    -1e308,
    5e-324,
    -0.0,
    0,
    1,
    -1,
    0.5,
    2**53,
    2**63,
    -(2**63),
]
FEW = 5


@st.composite
def altered(draw: Any, payload: Any) -> Any:
    """Draw a payload that differs from a valid one in a place or two."""
    if isinstance(payload, pa.Table):
        return draw(altered_table(payload))
    if isinstance(payload, Mapping):
        name = draw(st.sampled_from(sorted(payload)))
        value = payload[name]
        if isinstance(value, np.ndarray):
            return {**payload, name: draw(altered_array(value))}
        return {**payload, name: draw(altered(value))}
    return draw(st.text(max_size=8))


@st.composite
def altered_array(draw: Any, array: np.ndarray) -> np.ndarray:
    """Draw an array with other values, another dtype or another shape."""
    changed = array.astype("float64") if array.dtype.kind in "biuf" else array.copy()
    if changed.size and changed.dtype.kind == "f":
        places = draw(st.lists(st.integers(0, changed.size - 1), max_size=FEW))
        changed.flat[places] = draw(st.one_of(st.sampled_from(NUMBERS), st.floats()))
    with np.errstate(all="ignore"):
        changed = changed.astype(draw(st.sampled_from([array.dtype.str, "float64", *DTYPES])))
    deed = draw(st.sampled_from(["keep", "keep", "keep", "shorten", "lengthen", "axis"]))
    if deed == "shorten" and changed.ndim:
        return changed[: draw(st.integers(0, len(changed)))]
    if deed == "lengthen" and changed.ndim:
        return np.concatenate([changed, changed])
    return changed[..., None] if deed == "axis" else changed


@st.composite
def altered_table(draw: Any, table: pa.Table) -> pa.Table:
    """Draw a table with other cells, rows or columns."""
    name = draw(st.sampled_from(table.column_names)) if table.num_columns else ""
    deed = draw(st.sampled_from(["cells", "cells", "cells", "rows", "drop", "rename", "order"]))
    if deed == "rows" or not name:
        n_rows = draw(st.integers(0, table.num_rows))
        return table.take(pa.array(draw(_indices(table.num_rows, n_rows)), pa.int64()))
    place = table.column_names.index(name)
    if deed == "drop":
        return table.remove_column(place)
    if deed == "rename":
        return table.rename_columns({name: draw(st.text(max_size=4))})
    if deed == "order":
        return table.select(draw(st.permutations(table.column_names)))
    cells = st.one_of(
        st.none(), CELLS[draw(st.sampled_from(sorted(CELLS)))], st.sampled_from(_kept(table, name))
    )
    try:
        column = pa.array(
            (draw(st.lists(cells, min_size=1, max_size=FEW)) * table.num_rows)[: table.num_rows]
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # cells of several types
        return table
    return table.set_column(place, name, column)


def _kept(table: pa.Table, name: str) -> list[Any]:
    return [None, *table.column(name).slice(0, FEW).to_pylist()]


def _indices(n_rows: int, n_taken: int) -> st.SearchStrategy[list[int]]:
    """Return a strategy of few numbers that stand for many: a step and a first row."""
    return st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(
        lambda pair: [(pair[0] + pair[1] * n) % n_rows for n in range(n_taken)] if n_rows else []
    )
