"""Read a table that people bring, and say what its columns were taken for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import pandas as pd
import pyarrow as pa

from anomed_core.errors import TableError
from anomed_core.tables.cells import Cells, read_cells
from anomed_core.tables.inference import Column, UnfitError, infer, read_as, to_days
from anomed_core.tables.options import ColumnKind, TableOptions, kinds_of
from anomed_core.tables.parquet import read_parquet

_SUFFIXES = (".parquet", ".pq", ".parq")
NAMES = {"text": "text", "integer": "whole numbers", "number": "numbers", "boolean": "booleans"}
NAMES |= {"date": "dates", "date-time": "dates with times"}
"""What kinds are called in sentences."""


@attrs.frozen(kw_only=True, eq=False)
class TableRead:
    """A table that was read.

    Attributes
    ----------
    frame
        int64 or Int64, float64, bool or boolean, datetime64 or str by column.
    separator, decimal
        Of the CSV file, as found or given.
    kinds
        What the columns are, and how their cells were written; `write_table` takes it.
    notes
        How the file is written, and one line a column: what it was taken for.
    doubts
        Those notes that are no matter of course.
    written
        How the file is written, in words.
    """

    frame: pd.DataFrame = attrs.field(repr=False)
    separator: str
    decimal: str
    kinds: dict[str, ColumnKind]
    notes: tuple[str, ...] = attrs.field(repr=False)
    doubts: tuple[str, ...]
    written: str


def read_table(
    path: Path | str,
    options: TableOptions | None = None,
    *,
    kinds: Mapping[str, str | ColumnKind] | None = None,
) -> TableRead:
    """Read a CSV or parquet file strictly.

    Parameters
    ----------
    path
        Parquet by its suffix or its first bytes, else CSV.
    options
        What is not to be found out.
    kinds
        What some columns are (``{"zip": "text", "born": "date:%d.%m.%Y"}``); it decides, whatever
        they look like.

    Returns
    -------
    TableRead

    Raises
    ------
    TableError
        One sentence with line and column, if the file can't be read as a table, or a cell is not
        what was said.
    """
    path, options = Path(path), options or TableOptions()
    given = {name: kind for name, kind in kinds_of(kinds).items() if name not in options.drop}
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1" or path.suffix.lower() in _SUFFIXES
    except OSError as error:
        raise TableError(str(path), f"the file can't be opened: {error.strerror}") from error
    if is_parquet:
        columns, separator, mark = read_parquet(path, options, given), ",", "."
        written = USUALLY_WRITTEN[1]
    else:
        cells = read_cells(path, options)
        columns, mark = _columns(cells, options, given, source=path.name)
        separator = cells.separator
        written = f"separator {separator!r}, decimal mark {mark!r}, {cells.encoding}"
    unknown = [name for name in given if name not in columns]
    if unknown:
        raise TableError(path.name, f"there is no column {unknown[0]!r}, only {', '.join(columns)}")
    if not options.times:
        columns = {
            name: to_days(column) if column.kind.kind == "date-time" else column
            for name, column in columns.items()
        }
    notes = {name: f"{name}: {_described(column)}" for name, column in columns.items()}
    doubts = [notes[name] for name, column in columns.items() if column.doubt]
    strange = f"{path.name}: {written}"
    read_kinds = {name: column.kind for name, column in columns.items()}
    return TableRead(
        frame=_frame(columns),
        separator=separator,
        decimal=mark,
        kinds=read_kinds,
        notes=(strange, *notes.values()),
        doubts=(*(() if written in USUALLY_WRITTEN else (strange,)), *doubts),
        written=written,
    )


USUALLY_WRITTEN = ("separator ',', decimal mark '.', utf-8", "parquet")
"""How most CSV files, and all parquet files, are written."""


def _columns(
    cells: Cells, options: TableOptions, given: Mapping[str, ColumnKind], *, source: str
) -> tuple[dict[str, Column], str]:
    """Return what each column was taken for, and the decimal mark."""
    mark = options.decimal or "."
    taken = {}
    for name in list(cells.columns):
        if name not in given:
            taken[name] = infer(cells.columns[name], mark, dates=options.dates)
            if taken[name].kind.kind != "text":
                del cells.columns[name]  # so that the text is not kept beside the numbers
    if not options.decimal and cells.separator != ",":
        mark = _with_commas(cells, taken, given)
    for name, kind in given.items():
        if name in cells.columns:
            taken[name] = _as_told(cells, name, kind, mark=mark, source=source)
    order = [name for name in cells.names if name in taken]
    return {name: taken[name] for name in order}, mark


def _with_commas(cells: Cells, taken: dict[str, Column], given: Mapping[str, ColumnKind]) -> str:
    """Find out whether decimals have commas, and take such columns for numbers."""
    told = [name for name, kind in given.items() if kind.kind == "number" and name in cells.columns]
    doubtful = [n for n, one in taken.items() if one.kind.kind == "text" and one.doubt]
    others = {name: infer(cells.columns[name], ",", dates=False) for name in (*doubtful, *told)}
    found = {name: other for name, other in others.items() if other.kind.kind == "number"}
    points = [name for name, column in taken.items() if column.kind.kind == "number"]
    points += [n for n in told if infer(cells.columns[n], ".", dates=False).kind.kind == "number"]
    if not found or points:
        for name in found.keys() & set(doubtful):
            doubt = f"decimal commas, but {points[0]!r} has points; give the option decimal"
            taken[name] = attrs.evolve(taken[name], doubt=doubt)
        return "."
    taken.update({name: found[name] for name in found.keys() & set(doubtful)})
    return ","


def _as_told(cells: Cells, name: str, kind: ColumnKind, *, mark: str, source: str) -> Column:
    try:
        return read_as(cells.columns[name], kind, mark)
    except UnfitError as error:
        line = None if error.record is None else cells.line_of(error.record)
        raise TableError(source, str(error), line=line, column=name) from error


def _described(column: Column) -> str:
    parts = [NAMES[column.kind.kind]]
    if column.kind.kind == "number" and column.kind.n_decimals:
        parts.append(f"of {column.kind.n_decimals} or more decimals")
    if column.kind.kind in {"date", "date-time"} and column.kind.form:
        parts.append(f"like {column.kind.form}")
    if column.doubt:
        parts.append(f"({column.doubt})")
    n_missing = column.array.null_count
    return " ".join(parts) + (f", {n_missing} missing" if n_missing else "")


def _frame(columns: dict[str, Column]) -> pd.DataFrame:
    series = {}
    for name in list(columns):
        series[name] = _series(columns.pop(name).array)
    return pd.DataFrame(series, copy=False)


def _series(array: pa.ChunkedArray) -> pd.Series:
    """Return an array as pandas has it, whole numbers and booleans with gaps as such."""
    mapped: pd.Series = array.to_pandas(
        date_as_object=False, types_mapper=_nullable if array.null_count else None
    )
    return mapped


def _nullable(kind: pa.DataType) -> object:
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    if pa.types.is_integer(kind):
        return pd.api.types.pandas_dtype(str(kind).replace("int", "Int").replace("u", "U"))
    return None
