"""CSV files as columns of text: every line as many cells as the header, and nothing guessed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import attrs
import pyarrow as pa
import pyarrow.csv as pcsv

from anomed_core.errors import TableError
from anomed_core.tables.dialect import find_separator, has_inner_newlines, load_text
from anomed_core.tables.options import TableOptions, dropped_of

_BLOCK_BYTES = 1 << 20
_LARGEST_BLOCK = (1 << 31) - 1
_MOST_IN_A_CELL = 1 << 30


@attrs.frozen(kw_only=True, eq=False)
class Cells:
    """A CSV file as text.

    Attributes
    ----------
    names
        Of the columns.
    columns
        Text by name, null where a cell is missing.
    separator, encoding
        As found or given.
    text
        The whole file, to find lines in.
    """

    names: tuple[str, ...]
    columns: dict[str, pa.ChunkedArray] = attrs.field(repr=False)
    separator: str
    encoding: str
    text: pa.Buffer = attrs.field(repr=False)

    def line_of(self, record: int) -> int:
        """Return the line in which a record ends, from 1; for messages only."""
        for number, (_, line) in enumerate(_records(self.text, self.separator)):
            if number == record + 1:
                return line
        return 0


def read_cells(path: Path, options: TableOptions) -> Cells:
    """Read a CSV file as text.

    Raises
    ------
    TableError
        If a line has more or fewer cells than the header, a quote stands where none may, two
        columns have one name or one has none, or there is no record.
    """
    text, encoding = load_text(path, options)
    separator = options.separator or find_separator(text, source=path.name)
    folded = has_inner_newlines(text, separator, source=path.name)
    header, line = next(_records(text, separator))
    names = _named(header, options, line=line, source=path.name)
    table = _parsed(text, separator, names=names, folded=folded, options=options, source=path.name)
    if not table.num_rows:
        raise TableError(path.name, "there is no record below the header; give at least one")
    columns = dict(zip(names, table.columns, strict=True))
    columns.pop("", None)
    for name in dropped_of(columns, options, source=path.name):
        del columns[name]
    return Cells(
        names=tuple(columns),
        columns=columns,
        separator=separator,
        encoding=encoding,
        text=text,
    )


def _records(text: pa.Buffer, separator: str) -> Iterator[tuple[list[str], int]]:
    """Return records, as pyarrow counts them, and the lines they end in."""
    csv.field_size_limit(_MOST_IN_A_CELL)
    lines = io.TextIOWrapper(pa.BufferReader(text), encoding="utf-8", newline="")
    reader = csv.reader(lines, delimiter=separator)
    n_fields = 0
    for record in reader:
        if record or n_fields == 1:
            n_fields = n_fields or len(record)
            yield record, reader.line_num


def _named(header: list[str], options: TableOptions, *, line: int, source: str) -> list[str]:
    """Return the names of the columns, empty for an index that is left out."""
    names = list(header)
    if not names[0] and len(names) > 1:  # how DataFrame.to_csv writes an index
        if options.index == "refuse":
            raise TableError(
                source,
                "the first column has no name, as an index that pandas wrote; name it, or give "
                "the option index, drop or column",
                line=line,
            )
        names[0] = "index" if options.index == "column" else ""
    for place, name in enumerate(names):
        if not name and (place or len(names) == 1):
            raise TableError(
                source, f"column {place + 1} has no name; give every column one", line=line
            )
        if names.index(name) != place:
            raise TableError(
                source,
                f"columns {names.index(name) + 1} and {place + 1} have one name; rename one",
                line=line,
                column=name,
            )
    return names


def _parsed(
    text: pa.Buffer,
    separator: str,
    *,
    names: list[str],
    folded: bool,
    options: TableOptions,
    source: str,
    block: int = _BLOCK_BYTES,
) -> pa.Table:
    whole = min(text.size, _LARGEST_BLOCK)
    if folded:  # between two blocks, Arrow drops the line feed of \r\n, in quoted cells, too
        block = max(block, whole)
    places = [str(place) for place in range(len(names))]
    try:
        table = pcsv.read_csv(
            pa.BufferReader(text),
            read_options=pcsv.ReadOptions(column_names=places, block_size=block, use_threads=False),
            parse_options=pcsv.ParseOptions(
                delimiter=separator,
                newlines_in_values=folded,
                # In a table of one column an empty line is an empty cell.
                ignore_empty_lines=len(names) > 1,
            ),
            convert_options=pcsv.ConvertOptions(
                check_utf8=False,  # `load_text` did
                column_types=dict.fromkeys(places, pa.string()),
                null_values=["", *options.na_values],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        if "straddling" in str(error) and block < whole:
            return _parsed(
                text,
                separator,
                names=names,
                folded=folded,
                options=options,
                source=source,
                block=whole,
            )
        raise _uneven(text, separator, len(names), source=source, error=error) from error
    return table.slice(1)


def _uneven(
    text: pa.Buffer, separator: str, n_fields: int, *, source: str, error: Exception
) -> TableError:
    """Find the line that the parser stumbled on."""
    for record, line in _records(text, separator):
        if len(record) != n_fields:
            return TableError(
                source,
                f"{len(record)} cells stand under {n_fields} names, divided by {separator!r}; "
                "quote cells that hold the separator, or give the separator",
                line=line,
            )
    return TableError(source, f"no CSV file: {str(error).splitlines()[0]}")
