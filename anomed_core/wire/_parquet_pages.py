"""Judge what a parquet file costs by its own headers, before any of it is decoded.

The footer is written by whoever made the file: it may announce small pages where large ones follow.
What a page costs is in its header, in front of the page, and that is what the decoder obeys.
Whatever is not plainly understood is refused. Reference: ``parquet.thrift`` of parquet-format 2.11
(structures FileMetaData, RowGroup, ColumnChunk, ColumnMetaData, PageHeader).
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from anomed_core.wire._thrift import CompactReader, Structure, ThriftError

DATA_PAGE, INDEX_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2 = range(4)
DELTA_BYTE_ARRAY = 7

# Numbers of fields, of which the thrift file names each.
_FIELD_OF_KIND = {DATA_PAGE: 5, DICTIONARY_PAGE: 7, DATA_PAGE_V2: 8}
_FIELD_OF_ENCODING = {DATA_PAGE: 2, DICTIONARY_PAGE: 2, DATA_PAGE_V2: 4}


@attrs.frozen(kw_only=True)
class Page:
    """What a page header announces.

    Attributes
    ----------
    column
        Number of the column that it belongs to, from 0.
    kind
        One of the four kinds of pages.
    unpacked_bytes
        Size of the page after decompression.
    n_values
        Number of values, nulls included.
    encoding
        How the values are encoded.
    """

    column: int
    kind: int
    unpacked_bytes: int
    n_values: int
    encoding: int


def pages(body: bytes, *, n_columns: int, n_row_groups: int, most_values: int) -> Iterator[Page]:
    """Walk all pages of a flat table, as a decoder does.

    Parameters
    ----------
    body
        The file, which ends with a footer, its length and four bytes.
    n_columns, n_row_groups
        What the decoder has found in the footer.
    most_values
        How many values of headers may be read altogether: a bound on the time that it takes.

    Yields
    ------
    Page
        Column by column of each row group.

    Raises
    ------
    ThriftError
        If a header is damaged, a column chunk ends before its values are complete, or the columns
        differ in length.
    """
    reader = CompactReader(body, most_values=most_values)
    end = len(body) - 8
    footer = reader.structure_at(end - int.from_bytes(body[-8:-4], "little"), end=end)
    groups = footer.structures(4)
    if len(groups) != n_row_groups:
        raise ThriftError("the footer has another number of row groups than was found")
    for group in groups:
        chunks = group.structures(1)
        if len(chunks) != n_columns:
            raise ThriftError("a row group has another number of columns than the table")
        for column, chunk in enumerate(chunks):
            facts = _facts(chunk)
            if facts.count(5, bits=64) != group.count(3, bits=64):
                raise ThriftError("a column has another number of values than the table has rows")
            yield from _pages_of_chunk(reader, facts, column=column, file_end=end)


def _facts(chunk: Structure) -> Structure:
    """Return a column chunk's metadata; of an encrypted one, it is not all that there is."""
    if 8 in chunk or 9 in chunk:
        raise ThriftError("a column is encrypted")
    return chunk.structure(3)


def _pages_of_chunk(
    reader: CompactReader, facts: Structure, *, column: int, file_end: int
) -> Iterator[Page]:
    """Walk until the values of a chunk are complete, as a decoder does."""
    # num_values, data_page_offset, dictionary_page_offset, total_compressed_size
    remaining = facts.count(5, bits=64)
    position = facts.count(9, bits=64)
    dictionary = facts.count(11, bits=64) if 11 in facts else 0
    if 0 < dictionary < position:  # else it is none: some writers fill the field in anyway
        position = dictionary
    end = position + facts.count(7, bits=64)
    if remaining and not 4 <= position <= end <= file_end:
        raise ThriftError("a column chunk lies outside the file")
    while remaining > 0:
        page, packed_bytes = _page(reader.structure_at(position, end=end), column)
        position = reader.position + packed_bytes
        if position > end:
            raise ThriftError("a page ends behind its column chunk")
        if page.kind in {DATA_PAGE, DATA_PAGE_V2}:
            remaining -= page.n_values
        yield page


def _page(header: Structure, column: int) -> tuple[Page, int]:
    """Return a page, and its size in the file."""
    kind, unpacked_bytes, packed_bytes = (header.count(number, bits=32) for number in (1, 2, 3))
    n_values = encoding = 0
    if kind != INDEX_PAGE:
        if kind not in _FIELD_OF_KIND:
            raise ThriftError(f"there is no page of kind {kind}")
        details = header.structure(_FIELD_OF_KIND[kind])
        n_values = details.count(1, bits=32)
        encoding = details.count(_FIELD_OF_ENCODING[kind], bits=32)
    page = Page(
        column=column,
        kind=kind,
        unpacked_bytes=unpacked_bytes,
        n_values=n_values,
        encoding=encoding,
    )
    return page, packed_bytes
