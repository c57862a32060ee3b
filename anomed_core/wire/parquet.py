"""Parquet files: bytes to tables with limits judged from the footer, tables to bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from anomed_core.errors import MalformedPayloadError, PayloadTooLargeError
from anomed_core.wire.limits import Limits

_MAGIC = b"PAR1"
_FOOTER_BYTES_PER_COLUMN = 4096


def decode_parquet(
    body: bytes, *, columns: Iterable[str] | None = None, limits: Limits | None = None
) -> Any:
    """Read a parquet file after judging its footer.

    Parameters
    ----------
    body
        The file.
    columns
        Names of columns to read; ``None`` for all.
    limits
        Bounds on rows, columns and unpacked bytes.

    Returns
    -------
    pyarrow.Table
        With the file's schema; pandas metadata, if any, is kept for the caller to use or drop.

    Raises
    ------
    MalformedPayloadError
        If the body is not a parquet file or is damaged.
    PayloadTooLargeError
        If the table has too many rows or columns or would unpack to too many bytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    limits = limits or Limits()
    _judge_footer(body, limits)
    try:
        file = pq.ParquetFile(
            pa.BufferReader(body),
            thrift_string_size_limit=_FOOTER_BYTES_PER_COLUMN * limits.table_columns,
            thrift_container_size_limit=64 * limits.table_columns,
        )
        _judge_metadata(file.metadata, limits)
        return _read_bounded(file, columns, limits)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, (MalformedPayloadError, PayloadTooLargeError)):
            raise
        raise MalformedPayloadError(
            "The body is not a readable parquet file; send what pandas.DataFrame.to_parquet writes."
        ) from error


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
    unpacked = 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        unpacked += max(
            row_group.total_byte_size,
            sum(row_group.column(i).total_uncompressed_size for i in range(metadata.num_columns)),
        )
    if unpacked > limits.unpacked_bytes:
        raise PayloadTooLargeError(
            f"The table would unpack to {unpacked} bytes; at most {limits.unpacked_bytes} "
            "are allowed."
        )


def _read_bounded(file: Any, columns: Iterable[str] | None, limits: Limits) -> Any:
    """Read batch by batch: dictionary and run-length pages can unpack to more than announced."""
    import pyarrow as pa

    names = None if columns is None else list(columns)
    batches = []
    size_bytes = 0
    for batch in file.iter_batches(batch_size=65_536, columns=names, use_threads=False):
        size_bytes += batch.nbytes
        if size_bytes > limits.unpacked_bytes:
            raise PayloadTooLargeError(
                f"The table unpacks to more than {limits.unpacked_bytes} bytes, which is the limit."
            )
        batches.append(batch)
    schema = file.schema_arrow
    if names is not None:
        schema = pa.schema([schema.field(name) for name in names], metadata=schema.metadata)
    return pa.Table.from_batches(batches, schema=schema)


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
