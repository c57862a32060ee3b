"""Read the MessagePack of a plan: checked from end to end before anything is made of it.

A header of five bytes can announce a list of four thousand million; a decoder that believes it asks
for the memory first. So lengths, depth and the end are checked on the bytes, at a cost that grows
with them alone, and only then does the library decode.
"""

from __future__ import annotations

import struct
from typing import Any

from anomed_dp_query.libraries.library import QueryRefused

_DEEPEST = 40
_SIZES = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8,
    0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
}  # fmt: skip
_TEXTS = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_LISTS = {0xDC: (">H", 1), 0xDD: (">I", 1), 0xDE: (">H", 2), 0xDF: (">I", 2)}


def unpacked(data: bytes, *, largest_bytes: int) -> Any:
    """Decode one MessagePack value that takes all of the bytes.

    Parameters
    ----------
    data
        The bytes.
    largest_bytes
        How many there may be.

    Raises
    ------
    QueryRefused
        If they are too many, too deep, not MessagePack, extended, or followed by others; or an
        object has a key twice, or one that is no text.
    """
    if len(data) > largest_bytes:
        raise QueryRefused(
            f"the plan has {len(data)} bytes; {largest_bytes} are allowed: leave out columns and "
            "dummy rows that it does not need"
        )
    _check(data)
    import msgpack

    try:
        return msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            object_pairs_hook=_object,
            max_ext_len=0,
        )
    except ValueError as error:  # the library's own errors and those of texts are such, too
        if isinstance(error, QueryRefused):
            raise
        raise _refusal("is not MessagePack as OpenDP writes it") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise _refusal("has an object with a key twice")
    return document


def _check(data: bytes) -> None:
    place, end = 0, len(data)
    open_lists: list[int] = [1]
    while open_lists:
        if not open_lists[-1]:
            open_lists.pop()
            continue
        open_lists[-1] -= 1
        if place >= end:
            raise _refusal("ends in the middle of a value")
        size, items, place = _header(data, place)
        place += size
        # each item takes a byte at least
        if place > end or items > end - place:
            raise _refusal("announces more than it holds")
        if items:
            open_lists.append(items)
            if len(open_lists) > _DEEPEST + 1:
                raise _refusal(f"is nested deeper than {_DEEPEST} levels")
    if place != end:
        raise _refusal(f"is followed by {end - place} bytes that do not belong to it")


def _header(data: bytes, place: int) -> tuple[int, int, int]:
    """Return how many bytes and how many items follow a header, and where it ends."""
    head = data[place]
    place += 1
    if head < 0x80 or head >= 0xE0:
        return 0, 0, place
    if head < 0xA0:
        return 0, (head & 0x0F) * (1 if head >= 0x90 else 2), place
    if head < 0xC0:
        return head & 0x1F, 0, place
    if head in _SIZES:
        return _SIZES[head], 0, place
    shape, width = (_TEXTS[head], 0) if head in _TEXTS else _LISTS.get(head, ("", 0))
    if not shape:
        raise _refusal(f"has a value of the type {head:#x}, which no plan needs")
    step = struct.calcsize(shape)
    if place + step > len(data):
        raise _refusal("ends in the middle of a value")
    (length,) = struct.unpack_from(shape, data, place)
    return (0, length * width, place + step) if width else (length, 0, place + step)


def _refusal(what: str) -> QueryRefused:
    return QueryRefused(f"the plan {what}; send it as opendp 0.15 and lomas-client 0.5 write it")
