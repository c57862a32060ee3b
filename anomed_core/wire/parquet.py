"""Parquet files: bytes to tables with limits, tables to bytes.

Nothing is decoded before the footer and every page header have been judged. Text is read with its
dictionary still packed: a dictionary of one long word and a million references to it is a file of a
few hundred bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from anomed_core.errors import MalformedPayloadError, PayloadTooLargeError, RequestError
from anomed_core.wire._parquet_pages import (
    DELTA_BYTE_ARRAY,
    DICTIONARY_PAGE,
    Page,
    pages,
)
from anomed_core.wire.limits import Limits

_MAGIC = b"PAR1"
_FOOTER_BYTES_PER_COLUMN = 4096
_FEWEST_HEADER_VALUES, _MOST_HEADER_VALUES = 150_000, 1_000_000
"""Values in footer and page headers, about 30 a page: honest pages hold thousands of rows."""
_BYTES_PER_HEADER_VALUE = 7
_CELL_BYTES, _WORD_BYTES = 8, 24
"""What a cell takes at least where it is computed with; of text, beside its bytes."""


def decode_parquet(
    body: bytes,
    *,
    columns: Iterable[str] | None = None,
    limits: Limits | None = None,
    judge: Callable[[int, Sequence[str]], None] | None = None,
) -> Any:
    """Read a parquet file after judging its footer and its page headers.

    Parameters
    ----------
    body
        The file: a flat table, without nested columns.
    columns
        Names of columns to read; ``None`` for all.
    limits
        Bounds on rows, columns and unpacked bytes.
    judge
        Called with the number of rows and the names of the columns, before anything is unpacked;
        raises if they are not what is wanted.

    Returns
    -------
    pyarrow.Table
        With the file's schema; pandas metadata, if any, is kept for the caller to use or drop.

    Raises
    ------
    MalformedPayloadError
        If the body is not a parquet file, is damaged, or is not a flat table.
    PayloadTooLargeError
        If the table has too many rows or columns or would unpack to too many bytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    limits = limits or Limits()
    _judge_footer(body, limits)
    bounds: dict[str, Any] = {
        "thrift_string_size_limit": _FOOTER_BYTES_PER_COLUMN * limits.table_columns,
        "thrift_container_size_limit": 64 * limits.table_columns,
    }
    try:
        with pq.ParquetFile(pa.BufferReader(body), **bounds) as file:
            _judge_metadata(file.metadata, limits)
            schema = file.schema_arrow
            _judge_schema(schema)
            if judge is not None:
                judge(file.metadata.num_rows, schema.names)
            unpacked, packed = _judge_pages(body, file.metadata, schema, limits)
        with pq.ParquetFile(pa.BufferReader(body), read_dictionary=packed, **bounds) as file:
            chosen = schema.names if columns is None else columns
            names = [name for name in chosen if name in schema.names]
            table = _read(file, schema, names, packed, limits.unpacked_bytes - unpacked)
        table.validate(full=True)  # reading does not look whether text is text
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, RequestError):
            raise
        raise MalformedPayloadError(
            "The body is not a readable parquet file; send what pandas.DataFrame.to_parquet writes."
        ) from error
    return table


def _judge_footer(body: bytes, limits: Limits) -> None:
    if len(body) < 12 or body[:4] != _MAGIC or body[-4:] != _MAGIC:
        raise MalformedPayloadError(
            f"The body ({len(body)} bytes) is not a parquet file or is cut off; "
            "send what pandas.DataFrame.to_parquet writes."
        )
    footer_bytes = int.from_bytes(body[-8:-4], "little")
    allowed = _FOOTER_BYTES_PER_COLUMN * limits.table_columns
    if footer_bytes > min(allowed, len(body)):
        raise PayloadTooLargeError(
            f"The parquet footer announces {footer_bytes} bytes; at most {allowed} are allowed."
        )


def _judge_metadata(metadata: Any, limits: Limits) -> None:
    if metadata.num_columns > limits.table_columns:
        raise PayloadTooLargeError(
            f"The table has {metadata.num_columns} columns; at most {limits.table_columns} "
            "are allowed."
        )
    if metadata.num_rows > limits.table_rows:
        raise PayloadTooLargeError(
            f"The table has {metadata.num_rows} rows; at most {limits.table_rows} are allowed."
        )


def _judge_schema(schema: Any) -> None:
    """Refuse what cannot be bounded: nested columns, and text that becomes something else."""
    import pyarrow as pa

    names = schema.names
    if len(set(names)) != len(names):
        twin = next(name for name in names if names.count(name) > 1)
        raise MalformedPayloadError(
            f"The table holds the column {twin[:80]!r} twice; send it once."
        )
    for field in schema:
        if not (_is_wordy(field.type) or pa.types.is_null(field.type) or _width(field.type)):
            raise MalformedPayloadError(
                f"Column {field.name[:80]!r} has type {str(field.type)[:80]}; send a flat table of "
                "numbers, bools, times and text."
            )


def _value_type(arrow_type: Any) -> Any:
    import pyarrow as pa

    return arrow_type.value_type if pa.types.is_dictionary(arrow_type) else arrow_type


def _is_wordy(arrow_type: Any) -> bool:
    """Tell whether values are of any length."""
    from pyarrow import types

    value_type = _value_type(arrow_type)
    return any(
        check(value_type)
        for check in (
            types.is_string,
            types.is_large_string,
            types.is_binary,
            types.is_large_binary,
        )
    )


def _width(arrow_type: Any) -> int:
    """Return the bytes that a value of fixed size takes in memory; 0 if it has none."""
    from pyarrow import types

    value_type = _value_type(arrow_type)
    if types.is_primitive(value_type) or types.is_decimal(value_type):
        return -(-int(value_type.bit_width) // 8)
    return int(value_type.byte_width) if types.is_fixed_size_binary(value_type) else 0


def _judge_pages(body: bytes, metadata: Any, schema: Any, limits: Limits) -> tuple[int, list[str]]:
    """Return a bound on what the table unpacks to, and the text columns whose words it leaves out.

    Those have a dictionary: how often each word is referred to is known only when it is read.
    """
    unpacked, packed = 0, set()
    walk = pages(
        body,
        n_columns=metadata.num_columns,
        n_row_groups=metadata.num_row_groups,
        most_values=min(
            _MOST_HEADER_VALUES,
            max(_FEWEST_HEADER_VALUES, len(body) // _BYTES_PER_HEADER_VALUE),
        ),
    )
    for page in walk:
        field = schema.field(page.column)
        unpacked += _cost(page, field)
        if page.kind == DICTIONARY_PAGE and _is_wordy(field.type):
            packed.add(field.name)
        if unpacked > limits.unpacked_bytes:
            raise PayloadTooLargeError(
                f"The table would unpack to more than the {limits.unpacked_bytes} bytes that are "
                "allowed; send a smaller one."
            )
    return unpacked, sorted(packed)


def _cost(page: Page, field: Any) -> int:
    if page.encoding == DELTA_BYTE_ARRAY:
        raise MalformedPayloadError(
            f"Column {field.name[:80]!r} is encoded as DELTA_BYTE_ARRAY; write it plain or with a "
            "dictionary, as pandas.DataFrame.to_parquet does."
        )
    if _is_wordy(field.type):
        return page.unpacked_bytes + page.n_values * _WORD_BYTES
    return max(page.unpacked_bytes, page.n_values * max(_width(field.type), _CELL_BYTES))


def _read(file: Any, schema: Any, names: Sequence[str], packed: Sequence[str], budget: int) -> Any:
    """Read columns; of those with dictionaries one at a time, as each is a bomb on its own.

    Dictionaries become what the file's schema says.
    """
    import pyarrow as pa

    places = {name: place for place, name in enumerate(schema.names)}

    def read(chosen: Sequence[str]) -> Any:  # by place, as names with dots would mean others, too
        indices = [places[name] for name in chosen]
        return file.reader.read_all(column_indices=indices, use_threads=False)

    plain = read([name for name in names if name not in packed])
    columns = dict(zip(plain.column_names, plain.columns, strict=True))
    for name in packed:
        if name in names:
            column = read([name]).column(0)
            budget -= _words_bytes(column)
            if budget < 0:
                raise PayloadTooLargeError(
                    "The text of the table unpacks to more bytes than are allowed; send a smaller "
                    "table."
                )
            columns[name] = column.cast(schema.field(name).type)
    chosen = pa.schema([schema.field(name) for name in names], metadata=schema.metadata)
    return pa.table([columns[name] for name in names], schema=chosen)


def _words_bytes(column: Any) -> int:
    """Return the bytes of a column's words, each as often as it is referred to."""
    import pyarrow as pa
    import pyarrow.compute as pc

    n_bytes = 0
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type) and _is_wordy(chunk.type):
            lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
            n_bytes += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    return n_bytes


def encode_parquet(table: Any) -> bytes:
    """Return a table as the bytes of a parquet file.

    Parameters
    ----------
    table
        ``pyarrow.Table`` or ``pandas.DataFrame``.

    Returns
    -------
    bytes
        Readable by ``pandas.read_parquet``.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not isinstance(table, pa.Table):
        table = pa.Table.from_pandas(table)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())
