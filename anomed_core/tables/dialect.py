"""How a CSV file is written: encoding, separator and quotes, found or given."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from anomed_core.errors import TableError
from anomed_core.tables.options import TableOptions

_SEPARATORS = (",", ";", "\t", "|")
_DECIMAL = re.compile("-?[0-9]+,[0-9]+")
_SAMPLE_BYTES = 1 << 20
_SAMPLE_RECORDS = 200
_BLOCK_BYTES = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What a file is written in that is not UTF-8: nearly always true in western Europe, and said.
_FALLBACK = "cp1252"
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'
_EDGES = b'\n\r"'


def load_text(path: Path, options: TableOptions) -> tuple[pa.Buffer, str]:
    """Return a file's content as UTF-8 without a byte-order mark, and the encoding it had.

    Raises
    ------
    TableError
        If the file can't be read, is no text, or is written in another encoding.
    """
    try:
        with pa.memory_map(str(path)) as mapped:
            content = mapped.read_buffer()
    except OSError as error:
        raise TableError(path.name, f"the file can't be read: {error}") from error
    begin = bytes(content.slice(0, min(3, content.size)))
    mark, found = next(((m, name) for m, name in _MARKS if begin.startswith(m)), (b"", ""))
    encoding = options.encoding or found or ("utf-8" if _is_utf8(content) else _FALLBACK)
    if codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}:
        if (options.encoding or found) and not _is_utf8(content):
            raise _not_encoded(path, encoding)
        text = content.slice(len(codecs.BOM_UTF8)) if mark == codecs.BOM_UTF8 else content
    else:
        try:
            decoded = bytes(content).decode(encoding)
        except UnicodeError as error:
            raise _not_encoded(path, encoding) from error
        text = pa.py_buffer(decoded.removeprefix("\ufeff").encode())
    sample = bytes(text.slice(0, min(text.size, _SAMPLE_BYTES)))
    if not sample.strip() or b"\0" in sample:
        what = "zero bytes" if b"\0" in sample else "no text"
        raise TableError(
            path.name, f"the file holds {what}; give a CSV file with a header, or parquet"
        )
    return text, encoding


def _is_utf8(content: pa.Buffer) -> bool:
    """Decode piece by piece, so that a large file is not in memory twice."""
    if np.frombuffer(content, np.uint8).max(initial=0) < 128:
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(content)
    try:
        for begin in range(0, len(view), _BLOCK_BYTES):
            decoder.decode(view[begin : begin + _BLOCK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _not_encoded(path: Path, encoding: str) -> TableError:
    return TableError(
        path.name, f"the file is not written in {encoding}; give its encoding, such as latin-1"
    )


def find_separator(text: pa.Buffer, *, source: str) -> str:
    """Find what stands between the cells: what divides the first records evenly.

    Raises
    ------
    TableError
        If several do.
    """
    sample = bytes(text.slice(0, min(text.size, _SAMPLE_BYTES))).decode(errors="ignore")
    if text.size > _SAMPLE_BYTES:
        sample = sample[: sample.rfind("\n") + 1] or sample
    records = {mark: _records(sample, mark) for mark in _SEPARATORS}
    n_fields = {mark: [len(record) for record in found] for mark, found in records.items()}
    even = [mark for mark, ns in n_fields.items() if len(set(ns)) == 1 and ns[0] > 1]
    # A decimal comma in each line, and one in the header's names, divide evenly, too.
    best = max(_SEPARATORS, key=lambda mark: (n_fields[mark] or [0])[0])
    if {",", best} <= set(even) and best != "," and _are_decimal(records[best]):
        even.remove(",")
    if len(even) > 1:
        named = " and ".join(map(repr, even))
        raise TableError(
            source, f"{named} both divide all lines into equally many cells; give the separator"
        )
    return even[0] if even else best


def _records(sample: str, mark: str) -> list[list[str]]:
    records: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=mark):
            records += [record] if record else []
            if len(records) == _SAMPLE_RECORDS:
                break
    return records


def _are_decimal(records: list[list[str]]) -> bool:
    """Return whether all commas below the header are decimal marks."""
    with_commas = [cell for record in records[1:] for cell in record if "," in cell]
    return all(map(_DECIMAL.fullmatch, with_commas))


def has_inner_newlines(text: pa.Buffer, separator: str, *, source: str) -> bool:
    """Check the quotes, and return whether a newline stands within some.

    Raises
    ------
    TableError
        If a quote stands inside of a cell without being doubled, or is not closed.
    """
    data = np.frombuffer(text, np.uint8)
    edges = np.zeros(256, bool)
    edges[[*_EDGES, ord(separator)]] = True
    n_quotes, last, found = 0, 0, False
    for begin in range(0, len(data), _BLOCK_BYTES):
        block = data[begin : begin + _BLOCK_BYTES]
        places = np.flatnonzero(block == _QUOTE) + begin
        if not found and (len(places) or n_quotes % 2):
            newlines = np.flatnonzero((block == _NEWLINE) | (block == _RETURN)) + begin
            found = bool((np.searchsorted(places, newlines) + n_quotes & 1).any())
        if not len(places):
            continue
        # Quotes open and close by turns; a doubled one closes and opens again at the next byte.
        opens = (np.arange(len(places)) + n_quotes) % 2 == 0
        before = edges[data[np.maximum(places - 1, 0)]] | (places == 0)
        behind = edges[data[np.minimum(places + 1, len(data) - 1)]] | (places == len(data) - 1)
        wrong = np.flatnonzero(np.where(opens, before, behind) == 0)
        if len(wrong):
            raise _wrong_quote(text, int(places[wrong[0]]), source=source)
        n_quotes, last = n_quotes + len(places), int(places[-1])
    if n_quotes % 2:
        raise _wrong_quote(text, last, source=source)
    return found


def _wrong_quote(text: pa.Buffer, place: int, *, source: str) -> TableError:
    before = bytes(text.slice(0, place)).replace(b"\r\n", b"\n")
    return TableError(
        source,
        "a quote is opened but not closed, or stands inside of a cell; put the whole cell in "
        "double quotes and double those within",
        line=1 + before.count(b"\n") + before.count(b"\r"),
    )
