"""Judge the pages of a parquet file by their own headers, before any of them is decoded.

The footer is written by whoever made the file: it may announce small pages where large ones follow.
What a page costs is in its header, in front of the page, and those are the bytes that the decoder
obeys. Headers are Thrift structures in the compact protocol; only the few fields that bound the
cost are understood here, and whatever is not plainly understood is refused. Reference: the
``PageHeader`` of parquet-format 2.11 and the Thrift compact protocol specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

DATA_PAGE, INDEX_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2 = range(4)
PLAIN_DICTIONARY, DELTA_BYTE_ARRAY, RLE_DICTIONARY = 2, 7, 8

_BOOLEANS, _BYTE, _INTEGERS, _DOUBLE = frozenset({1, 2}), 3, frozenset({4, 5, 6}), 7
_BINARY, _STRUCT = 8, 12
_I32 = 5
_DEEPEST = 8


class PageError(ValueError):
    """A page header is damaged, or says something that no writer has reason to say."""


@attrs.frozen(kw_only=True)
class Page:
    """What a page header announces.

    Attributes
    ----------
    kind
        One of the four kinds of pages.
    unpacked_bytes
        Size of the page after decompression.
    n_values
        Number of values, nulls included.
    encoding
        How the values are encoded.
    """

    kind: int
    unpacked_bytes: int
    n_values: int
    encoding: int


def pages(body: bytes, *, start: int, size_bytes: int, n_values: int) -> Iterator[Page]:
    """Walk the pages of a column chunk, as a decoder does.

    Parameters
    ----------
    body
        The file.
    start, size_bytes
        Where the chunk is, according to the footer.
    n_values
        Number of values in the chunk: the walk ends where they are complete.

    Yields
    ------
    Page
        In the order of the file.

    Raises
    ------
    PageError
        If a header is damaged or the chunk ends before its values are complete.
    """
    position, end, remaining = start, start + size_bytes, n_values
    if remaining and not 4 <= start <= end <= len(body):
        raise PageError("a column chunk lies outside of the file")
    while remaining > 0:
        header = _Header(body, position, end)
        page, packed_bytes = _page(header.read())
        position = header.position + packed_bytes
        if position > end:
            raise PageError("a page ends behind its column chunk")
        if page.kind in {DATA_PAGE, DATA_PAGE_V2}:
            remaining -= page.n_values
        yield page


_FIELD_OF_KIND = {DATA_PAGE: 5, INDEX_PAGE: 6, DICTIONARY_PAGE: 7, DATA_PAGE_V2: 8}
_FIELD_OF_ENCODING = {DATA_PAGE: 2, DICTIONARY_PAGE: 2, DATA_PAGE_V2: 4}


def _page(fields: dict[int, tuple[int, Any]]) -> tuple[Page, int]:
    """Return a page and its size in the file."""
    kind, unpacked_bytes, packed_bytes = (_count(fields, field) for field in (1, 2, 3))
    if kind not in _FIELD_OF_KIND:
        raise PageError(f"there is no page of kind {kind}")
    if kind == INDEX_PAGE:
        return Page(kind=kind, unpacked_bytes=unpacked_bytes, n_values=0, encoding=0), packed_bytes
    wire_type, details = fields.get(_FIELD_OF_KIND[kind], (0, None))
    if wire_type != _STRUCT:
        raise PageError("a page header lacks the part that belongs to its kind")
    page = Page(
        kind=kind,
        unpacked_bytes=unpacked_bytes,
        n_values=_count(details, 1),
        encoding=_count(details, _FIELD_OF_ENCODING[kind]),
    )
    return page, packed_bytes


def _count(fields: dict[int, tuple[int, Any]], field: int) -> int:
    wire_type, value = fields.get(field, (0, None))
    if wire_type != _I32 or not 0 <= value < 2**31:
        raise PageError(f"field {field} of a page header is no count")
    count: int = value
    return count


class _Header:
    """A reader of one Thrift structure; it never looks beyond `end`."""

    def __init__(self, body: bytes, position: int, end: int) -> None:
        self._body = body
        self._end = end
        self.position = position

    def read(self, depth: int = 0) -> dict[int, tuple[int, Any]]:
        """Return wire type and value by number of the field, up to the end of the structure."""
        if depth > _DEEPEST:
            raise PageError("a page header is nested too deeply")
        fields: dict[int, tuple[int, Any]] = {}
        number = 0
        while True:
            head = self._byte()
            if head == 0:
                return fields
            number = number + (head >> 4) if head >> 4 else self._signed()
            if number in fields or not 0 < number < 2**15:
                raise PageError(f"field {number} of a page header is given twice or out of range")
            wire_type = head & 15
            fields[number] = (wire_type, self._value(wire_type, depth))

    def _value(self, wire_type: int, depth: int) -> Any:
        """Return an integer or a structure; skip everything else."""
        if wire_type in _INTEGERS:
            return self._signed()
        if wire_type == _STRUCT:
            return self.read(depth + 1)
        if wire_type == _BINARY:
            self._skip(self._varint())
        elif wire_type == _DOUBLE:
            self._skip(8)
        elif wire_type == _BYTE:
            self._skip(1)
        elif wire_type not in _BOOLEANS:  # lists and maps occur in no page header
            raise PageError(f"a page header holds a value of type {wire_type}")
        return None

    def _byte(self) -> int:
        if self.position >= self._end:
            raise PageError("a page header ends behind its column chunk")
        self.position += 1
        return self._body[self.position - 1]

    def _skip(self, size_bytes: int) -> None:
        self.position += size_bytes
        if self.position > self._end:
            raise PageError("a page header ends behind its column chunk")

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise PageError("a number in a page header is too long")

    def _signed(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
