"""CSV files as tables whose columns are what the challenge publishes: nothing is guessed."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anomed_client.errors import MissingExtra, UsageError
from anomed_client.schemas import Column, Schema, TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{3}([0-9]{3})?)?)?Z?)?"
)
_WORDS = {"true": True, "false": False}
_INTEGERS = range(-(2**63), 2**63)


def _integer(cell: str) -> int | None:
    is_whole = _WHOLE.fullmatch(cell) and len(cell) <= len(str(_INTEGERS[0]))
    return int(cell) if is_whole and int(cell) in _INTEGERS else None


def _number(cell: str) -> float | None:
    return float(cell) if _NUMBER.fullmatch(cell) else None


def _moment(cell: str, form: re.Pattern[str] = _MOMENT) -> dt.datetime | None:
    """Read a date or a date-time as ISO 8601 writes it, with a zone only if it is UTC."""
    try:
        read = dt.datetime.fromisoformat(cell) if form.fullmatch(cell) else None
    except ValueError:  # the thirtieth of February
        return None
    return None if read is None else read.replace(tzinfo=None)


def _day(cell: str) -> dt.date | None:
    read = _moment(cell, _DAY)
    return None if read is None else read.date()


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "int": ("int64", _integer),
    "float": ("float64", _number),
    "bool": ("bool", lambda cell: _WORDS.get(cell.lower())),
    "date": ("date32", _day),
    "date-time": ("timestamp[us]", _moment),
    "str": ("string", str),
}
"""How a cell of each family is read, None if it is of another; the narrowest family first."""


def read_csv(path: Path, schema: Schema | None) -> pa.Table:
    """Read a CSV file in UTF-8 with commas; only the empty cell is missing.

    Raises
    ------
    UsageError
        If the challenge does not publish what a column is, a line has more or fewer cells than the
        header, or a cell is not what its column is.
    MissingExtra
        Without pyarrow.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtra("Reading CSV files needs pyarrow", "tables") from error
    if not isinstance(schema, TableSchema) or schema.columns is None:
        raise UsageError(
            f"{path} says nothing about the types of its columns, and the challenge does not "
            "publish them for this submission; give a parquet file."
        )
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = _lines(path, csv.reader(file, strict=True))
        header = next(lines, None)
        if header is None:
            raise UsageError(f"{path} is empty: there is no header.")
        declared = _declared(path, header[1], schema.columns)
        rows = list(lines)
    columns = {}
    for place, column in enumerate(declared):
        cells = [(line, row[place]) for line, row in rows]
        kind, values = _column(path, column, cells)
        columns[column.name] = pa.array(values, kind)
    return pa.table(columns)


def _lines(path: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    n_cells = 0
    try:
        for row in reader:
            n_cells = n_cells or len(row)
            if not row and n_cells != 1:
                continue
            cells = row or [""]
            if len(cells) != n_cells:
                raise UsageError(
                    f"{path}, line {reader.line_num}: {len(row)} cells stand under {n_cells} names."
                )
            yield reader.line_num, cells
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}.") from error


def _declared(path: Path, names: list[str], columns: tuple[Column, ...]) -> list[Column]:
    known = {column.name: column for column in columns}
    for name in names:
        if name not in known or names.count(name) > 1:
            what = "stands twice" if name in known else "is none that the challenge publishes"
            raise UsageError(
                f"{path}: the column {name!r} {what}; leave it out, or give a parquet file."
            )
    return [known[name] for name in names]


def _column(path: Path, column: Column, cells: list[tuple[int, str]]) -> tuple[str, list[Any]]:
    """Return a column's type and values: of the narrowest declared family that has all cells."""
    families = [name for name in _READERS if name in column.kinds]
    if not families:
        raise UsageError(
            f"{path}: cells of column {column.name!r} are {' or '.join(column.kinds)}, which CSV "
            "files have no words for; give a parquet file."
        )
    for family in families:
        kind, read = _READERS[family]
        is_empty_text = family == "str" and not column.nullable
        values = [read(cell) if cell or is_empty_text else None for _, cell in cells]
        misfits = (
            (line, cell)
            for (line, cell), value in zip(cells, values, strict=True)
            if value is None and (cell or not column.nullable)
        )
        misfit = next(misfits, (0, ""))
        if not misfit[0]:
            return kind, values
    line, cell = misfit
    raise UsageError(
        f"{path}, line {line}, column {column.name!r}: {cell!r} is none of the values that the "
        f"challenge takes there: {' or '.join(column.kinds)}."
    )
