"""Write a table so that nothing but its records is said: no index, no metadata."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pandas.api.types import infer_dtype

from anomed_core.errors import TableError
from anomed_core.tables.dates import write_dates
from anomed_core.tables.numbers import all_true
from anomed_core.tables.options import ColumnKind
from anomed_core.tables.plain import plain_column

_FRACTIONS = {"second": "", "millisecond": ".%3f", "microsecond": ".%6f"}


def write_table(
    frame: pd.DataFrame,
    path: Path | str,
    *,
    kinds: Mapping[str, ColumnKind] | None = None,
    separator: str = ",",
    decimal: str = ".",
) -> None:
    """Write a table as parquet or, by any other suffix, as CSV in UTF-8.

    Parameters
    ----------
    frame
        Its index is left out.
    path
        Where to.
    kinds
        How the cells of CSV files are written, as `read_table` found, and what is a date without a
        time in parquet files; otherwise numbers have as few digits as they need, booleans are true
        and false, and dates are like 2024-12-31.
    separator, decimal
        Of CSV files.

    Raises
    ------
    TableError
        If two columns have one name, a column mixes types or has one that files lack, or the file
        can't be written.
    """
    path = Path(path)
    table = to_arrow(frame, source=path.name)
    try:
        told = kinds or {}
        if path.suffix.lower() in {".parquet", ".pq", ".parq"}:
            pq.write_table(_with_days(table, told), path, store_schema=False)
            return
        columns = [
            _cells(table.column(name), told.get(name), decimal) for name in table.column_names
        ]
        path.write_bytes(_text(table.column_names, columns, separator=separator))
    except OSError as error:
        raise TableError(str(path), f"the file can't be written: {error.strerror}") from error


def to_arrow(frame: pd.DataFrame, *, source: str = "the table") -> pa.Table:
    """Return a frame's records as Arrow has them, without index and metadata.

    Parameters
    ----------
    frame
        Periods become the moments in which they begin.
    source
        What messages call it.

    Raises
    ------
    TableError
        If two columns have one name, or a column mixes types or has one that Arrow lacks.
    """
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if not frame.columns.is_unique:
        repeated = frame.columns[frame.columns.duplicated()][0]
        raise TableError(source, "two columns have one name; rename one", column=repeated)
    arrays = {}
    for name, column in frame.items():
        try:
            plain = plain_column(column) if infer_dtype(column) == "period" else column
            arrays[str(name)] = pa.array(plain, from_pandas=True)
        except (pa.ArrowException, TypeError, OverflowError) as error:
            raise TableError(
                source,
                f"the column mixes types, or has one that files lack ({str(error)[:120]}); give "
                "one type, such as text",
                column=str(name),
            ) from error
    return pa.table(arrays)


def _with_days(table: pa.Table, kinds: Mapping[str, ColumnKind]) -> pa.Table:
    for place, field in enumerate(table.schema):
        kind = kinds.get(field.name)
        if kind and kind.kind == "date" and pa.types.is_timestamp(field.type):
            days = table.column(place).cast(pa.date32(), safe=False)
            table = table.set_column(place, field.name, days)
    return table


def _text(names: list[str], columns: list[pa.ChunkedArray], *, separator: str) -> bytes:
    header = io.StringIO()
    csv.writer(header, delimiter=separator, lineterminator="\n").writerow(names)
    quoted = [_quoted(column, separator, alone=len(names) == 1) for column in columns]
    lines = pc.binary_join_element_wise(*quoted, separator)
    return "\n".join([header.getvalue().removesuffix("\n"), *lines.to_pylist(), ""]).encode()


def _quoted(cells: pa.ChunkedArray, separator: str, *, alone: bool) -> pa.ChunkedArray:
    cells = cells.fill_null("")
    marks = pc.match_substring_regex(cells, f'["\r\n\\{separator}]')
    if alone:
        marks = pc.or_(marks, pc.equal(cells, ""))
    doubled = pc.replace_substring(cells, '"', '""')
    return pc.if_else(marks, pc.binary_join_element_wise('"', doubled, '"', ""), cells)


def _cells(array: pa.ChunkedArray, kind: ColumnKind | None, decimal: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    form = kind.form if kind else ""
    if pa.types.is_boolean(array.type):
        false, true = (form or "false true").split()
        return pc.if_else(array, true, false)
    if pa.types.is_float32(array.type):
        array = array.cast(pa.string()).cast(pa.float64())  # 0.1, not 0.10000000149011612
    if pa.types.is_floating(array.type):
        text = _numbers(array.cast(pa.float64()), kind)
        return pc.replace_substring(text, ".", decimal)
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        return write_dates(array, form or _form_of(array))
    return array.cast(pa.string())


def _form_of(array: pa.ChunkedArray) -> str:
    if pa.types.is_date(array.type):
        return "%Y-%m-%d"
    if array.type.tz is None and _are_whole(array, "day"):
        return "%Y-%m-%d"
    fraction = next((form for unit, form in _FRACTIONS.items() if _are_whole(array, unit)), ".%9f")
    return f"%Y-%m-%dT%H:%M:%S{fraction}{'' if array.type.tz is None else 'Z'}"


def _are_whole(array: pa.ChunkedArray, unit: str) -> bool:
    return all_true(pc.equal(pc.floor_temporal(array, unit=unit), array))


def _numbers(array: pa.ChunkedArray, kind: ColumnKind | None) -> pa.ChunkedArray:
    kind = kind or ColumnKind("number", "e")
    texts = [
        None if value is None or math.isnan(value) else _number(value, kind)
        for value in array.to_pylist()
    ]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _number(value: float, kind: ColumnKind) -> str:
    text: Any = repr(value)
    if "e" in text:
        if kind.form == "e":
            return str(text)
        text = np.format_float_positional(value, trim="0")
    whole, _, behind = text.partition(".")
    behind = behind.rstrip("0").ljust(kind.n_decimals, "0")
    return f"{whole}.{behind}" if behind else str(whole)
