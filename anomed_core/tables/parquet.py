"""Parquet files: the types are given, and what people can't read is refused by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from anomed_core.errors import TableError
from anomed_core.tables.inference import Column, UnfitError, read_as, to_days
from anomed_core.tables.numbers import all_true
from anomed_core.tables.options import ColumnKind, TableOptions, dropped_of

_FORMS = {"M": "%Y-%m", "Q": "%YQ%q", "Q-DEC": "%YQ%q"}
_UNNAMED = "__index_level_"
_TEXT = (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
_EXACT = 2.0**53  # from here on, floats skip whole numbers
_NUMBERS = (types.is_floating, types.is_decimal)


def read_parquet(
    path: Path, options: TableOptions, kinds: Mapping[str, ColumnKind]
) -> dict[str, Column]:
    """Read the columns of a parquet file.

    Raises
    ------
    TableError
        If the file can't be read or has no record, keeps an index that nobody spoke of, repeats a
        name, or has a column of another type than text, numbers, booleans, dates and categories of
        these.
    """
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise TableError(path.name, f"no readable parquet file: {error}") from error
    if not file.metadata.num_rows:
        raise TableError(path.name, "there is no record; give at least one")
    names = _names(schema, options, source=path.name)
    for field in schema:
        if field.name in names and _kind_of(field) is None:
            raise TableError(
                path.name,
                f"the column holds {_extension(field) or field.type}; give text, numbers, booleans "
                "or dates, or leave it out",
                column=field.name,
            )
    try:
        table = file.read(columns=list(names))
    except (pa.ArrowException, OSError) as error:
        raise TableError(path.name, f"no readable parquet file: {error}") from error
    return {
        shown: _column(
            _stored(table.column(name), schema.field(name)),
            options,
            kinds.get(shown),
            name=shown,
            source=path.name,
        )
        for name, shown in names.items()
    }


def _names(schema: pa.Schema, options: TableOptions, *, source: str) -> dict[str, str]:
    """Return the columns to read, and what they are called."""
    for name in schema.names:
        if not name or schema.names.count(name) > 1:
            raise TableError(
                source, "a column has no name, or two have one; rename one", column=name
            )
    index = [name for name in _index(schema.metadata) if name in schema.names]
    if index and options.index == "refuse":
        named = ", ".join("without a name" if n.startswith(_UNNAMED) else repr(n) for n in index)
        raise TableError(
            source,
            f"the file keeps an index ({named}), which may say who is who; write it without "
            "(index=False), or give the option index, drop or column",
        )
    kept = [name for name in schema.names if name not in index or options.index == "column"]
    shown = {name: name for name in kept}
    for name in kept:
        if name in index and name.startswith(_UNNAMED):
            free = "index" if len(index) == 1 else f"index_{name[len(_UNNAMED) :].strip('_')}"
            if free in kept:
                raise TableError(source, f"the index would be a second {free!r}; rename one")
            shown[name] = free
    dropped = dropped_of(shown.values(), options, source=source)
    return {name: free for name, free in shown.items() if free not in dropped}


def _index(metadata: Mapping[bytes, bytes] | None) -> list[str]:
    """Return the columns that pandas took from its index; ranges are no columns."""
    try:
        described = json.loads((metadata or {}).get(b"pandas", b"{}"))
        return [name for name in described.get("index_columns", []) if isinstance(name, str)]
    except (ValueError, AttributeError):
        return []


def _extension(field: pa.Field) -> str:
    """Return the name of a type that Arrow lacks; whoever does not know it sees plain storage."""
    named = (field.metadata or {}).get(b"ARROW:extension:name", b"").decode(errors="replace")
    return str(getattr(field.type, "extension_name", named))


def _frequency(field: pa.Field) -> str:
    """Return which periods of pandas a column holds, such as ``M``; empty if none."""
    if _extension(field) != "pandas.period":
        return ""
    told = (field.metadata or {}).get(b"ARROW:extension:metadata")
    try:
        frequency = str(json.loads(told)["freq"] if told else field.type.freq)
        pd.PeriodIndex.from_ordinals([0], freq=frequency)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return frequency


def _kind_of(field: pa.Field) -> str | None:
    if _frequency(field):
        return "date"
    return None if _extension(field) else _kind(field.type)


def _stored(array: pa.ChunkedArray, field: pa.Field) -> Column:
    """Return what a file holds: of periods of pandas, which it keeps as numbers, the beginnings."""
    frequency = _frequency(field)
    if not frequency:
        return Column(array, ColumnKind(_kind(array.type) or ""))
    numbers = array.cast(pa.int64())
    periods = pd.PeriodIndex.from_ordinals(numbers.fill_null(0).to_numpy(), freq=frequency)
    begins = pd.Series(periods.to_timestamp()).where(numbers.is_valid().to_numpy())
    moments = pa.chunked_array([pa.array(begins, from_pandas=True)])
    days = moments.cast(pa.date32(), safe=False)
    if not all_true(pc.equal(days.cast(moments.type), moments)):
        return Column(moments, ColumnKind("date-time"))
    return Column(days, ColumnKind("date", _FORMS.get(frequency, "")))


def _kind(kind: pa.DataType) -> str | None:
    if types.is_dictionary(kind):
        return _kind(kind.value_type)
    found = {
        "text": any(is_it(kind) for is_it in _TEXT),
        "integer": types.is_integer(kind) or (types.is_decimal(kind) and kind.scale == 0),
        "number": any(is_it(kind) for is_it in _NUMBERS),
        "boolean": types.is_boolean(kind),
        "date": types.is_date(kind),
        "date-time": types.is_timestamp(kind),
    }
    return next((name for name, holds in found.items() if holds), None)


def _column(
    stored: Column,
    options: TableOptions,
    wanted: ColumnKind | None,
    *,
    name: str,
    source: str,
) -> Column:
    array, kind = stored.array, stored.kind
    if wanted and pc.all(pc.is_null(array, nan_is_null=True)).as_py():
        array = pa.chunked_array([pa.nulls(len(array))])  # of whatever type its writer gave it
        kind = ColumnKind("text")
    if types.is_dictionary(array.type) and (wanted or kind.kind != "text"):
        array = array.cast(array.type.value_type)
    if types.is_null(array.type):
        array = array.cast(pa.string())
    if kind.kind == "text" and not types.is_dictionary(array.type):
        array = array.cast(pa.string())
        missing = pc.is_in(array, pa.array(options.na_values, pa.string()))
        array = pc.if_else(missing, pa.scalar(None, pa.string()), array)
    found = _decimal(array) if types.is_decimal(array.type) else Column(array, kind)
    if wanted is None or wanted.kind == found.kind.kind:
        return found
    try:
        return _converted(found, wanted)
    except UnfitError as error:
        raise TableError(source, str(error), column=name) from error


def _converted(found: Column, wanted: ColumnKind) -> Column:
    """Return a column as the kind that was said, if that keeps its values."""
    array, kinds = found.array, (found.kind.kind, wanted.kind)
    if kinds == ("integer", "number"):
        return Column(array.cast(pa.float64()), ColumnKind("number"))
    if kinds == ("number", "integer"):  # pandas makes floats of whole numbers with gaps
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
        fits = pc.and_(pc.equal(pc.round(array), array), pc.less(pc.abs(array), _EXACT))
        if not all_true(fits):
            raise UnfitError(f"{array.filter(pc.invert(fits))[0].as_py()!r} is no exact integer")
        return Column(array.cast(pa.int64()), ColumnKind("integer"))
    if kinds == ("date-time", "date"):
        return to_days(found)
    if found.kind.kind in {"text", "integer", "boolean", "date"}:
        return read_as(array.cast(pa.string()), wanted, ".")
    raise UnfitError(f"the column is {found.kind.kind}, not {wanted.kind}")


def _decimal(array: pa.ChunkedArray) -> Column:
    """Return decimals as the numbers they are, or as text where no number keeps them."""
    scale = array.type.scale
    try:
        if scale <= 0:
            return Column(array.cast(pa.int64()), ColumnKind("integer"))
        numbers = array.cast(pa.string()).cast(pa.float64())  # from decimals Arrow rounds wrongly
        if pc.all(pc.equal(numbers.cast(array.type), array), min_count=0).as_py():
            return Column(numbers, ColumnKind("number", n_decimals=scale))
    except pa.ArrowInvalid:
        pass
    text = array.cast(pa.string())
    return Column(text, ColumnKind("text"), "decimals with more digits than a number keeps")
