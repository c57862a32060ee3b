"""Read the one column of an Arrow stream that a plan carries, and nothing that unpacks."""

from __future__ import annotations

import math
import struct
from typing import Any

from anomed_dp_query.libraries.library import QueryRefused

_CONTINUATION = 0xFFFFFFFF
_SCHEMA, _RECORD_BATCH = 1, 3
_MOST_VALUES = 1_000
_COMPRESSION = 3


def column_values(stream: bytes, *, what: str) -> list[Any]:
    """Return the values of the only column.

    Parameters
    ----------
    stream
        An Arrow stream.
    what
        What it holds, for messages.

    Returns
    -------
    list
        Texts, whole numbers, finite floats or booleans, without missing ones.

    Raises
    ------
    QueryRefused
        As for `frame_values`, or if there is more than one column.
    """
    columns = frame_values(stream, what=what)
    if len(columns) != 1:
        raise _refusal(what, f"has {len(columns)} columns, and one is allowed")
    return next(iter(columns.values()))


def frame_values(stream: bytes, *, what: str) -> dict[str, list[Any]]:
    """Return the values of each column.

    Raises
    ------
    QueryRefused
        If it is no Arrow stream of plain columns, is compressed, or has more than 1,000 rows,
        missing or infinite values.
    """
    _check_messages(stream, what)
    import pyarrow as pa

    try:
        with pa.ipc.open_stream(stream) as reader:
            if any(not _is_plain(pa, field.type) for field in reader.schema):
                raise _refusal(what, "has a type that no plan needs")
            table = reader.read_all()
        table.validate(full=True)
        columns = {name: table.column(name).to_pylist() for name in table.column_names}
    except (pa.ArrowInvalid, pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, QueryRefused):
            raise
        raise _refusal(what, "is no Arrow stream as Polars writes it") from None
    if len(columns) != table.num_columns:
        raise _refusal(what, "names a column twice")
    if table.num_rows > _MOST_VALUES:
        raise _refusal(what, f"has {table.num_rows} values, and {_MOST_VALUES} are allowed")
    for values in columns.values():
        if any(value is None for value in values):
            raise _refusal(what, "has missing values")
        if any(isinstance(value, float) and not math.isfinite(value) for value in values):
            raise _refusal(what, "has a value that is not finite")
    return columns


def _is_plain(pa: Any, kind: Any) -> bool:
    types = pa.types
    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
    )


def _check_messages(stream: bytes, what: str) -> None:
    """Refuse whatever is no schema followed by plain batches of few rows.

    The header of a batch says how many rows it has and whether they are compressed; the library
    would unpack them before it could be asked.
    """
    place = 0
    try:
        while place < len(stream):
            marker, size = struct.unpack_from("<II", stream, place)
            if marker != _CONTINUATION:
                raise _refusal(what, "is no Arrow stream as Polars writes it")
            place += 8
            if size == 0:
                break
            kind, batch, body = _message(stream[place : place + size])
            if kind not in {_SCHEMA, _RECORD_BATCH} or body < 0:
                raise _refusal(what, "has a part that no plan needs")
            if kind == _RECORD_BATCH:
                _check_batch(*batch, what)
            place += size + body
    except (struct.error, IndexError):
        raise _refusal(what, "is no Arrow stream as Polars writes it") from None
    if place != len(stream):
        raise _refusal(what, "is followed by bytes that do not belong to it")


def _message(header: bytes) -> tuple[int, tuple[bytes, int], int]:
    """Return type, table and size of the body of a message, as its flatbuffer says.

    (Arrow's ``Message.fbs``: version, header type, header, body length.)
    """
    (table,) = struct.unpack_from("<I", header, 0)
    kind_at, header_at, body_at = (_field(header, table, number) for number in (1, 2, 3))
    kind = header[kind_at] if kind_at else 0
    (offset,) = struct.unpack_from("<I", header, header_at)
    (body,) = struct.unpack_from("<q", header, body_at) if body_at else (0,)
    return kind, (header, header_at + offset), body


def _check_batch(header: bytes, table: int, what: str) -> None:
    length_at = _field(header, table, 0)
    (length,) = struct.unpack_from("<q", header, length_at) if length_at else (0,)
    if not 0 <= length <= _MOST_VALUES:
        raise _refusal(what, f"has {length} values, and {_MOST_VALUES} are allowed")
    if _field(header, table, _COMPRESSION):
        raise _refusal(what, "is compressed")


def _field(header: bytes, table: int, number: int) -> int:
    """Return where a field of a flatbuffer's table is; 0 if it is not there."""
    (back,) = struct.unpack_from("<i", header, table)
    layout = table - back
    if layout < 0:
        raise struct.error("a table that has no layout")
    (size,) = struct.unpack_from("<H", header, layout)
    if 4 + 2 * number >= size:
        return 0
    (offset,) = struct.unpack_from("<H", header, layout + 4 + 2 * number)
    return table + offset if offset else 0


def _refusal(what: str, fault: str) -> QueryRefused:
    return QueryRefused(
        f"{what} of the plan {fault}; give a plain list of at most {_MOST_VALUES} values"
    )
