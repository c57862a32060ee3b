"""Columns of cells that are numbers, digit by digit: all else stays text."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomed_core.tables.options import ColumnKind

Found = tuple[pa.ChunkedArray, ColumnKind]

_PLAIN = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
# What Python and pandas write for doubles near zero; any other exponent is a code like 1E2.
_TINY = r"^-?[1-9](\.[0-9]*[1-9])?e-(0[5-9]|[1-9][0-9]|[12][0-9]{2}|30[0-7])$"
_LOOSE = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_RESEMBLES = r"\s*[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?\s*"
_RESEMBLING = re.compile(_RESEMBLES)
NEVER = ("begins with a zero", "has a plus sign", "has blanks around it")
"""What no number has, in whatever column."""

_DOUBLE_DIGITS = 15
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-4, 1e16


def resembles_number(cell: str) -> bool:
    """Return whether people would take a cell for a number, whoever wrote it."""
    return _RESEMBLING.fullmatch(cell) is not None


def strangers_among_numbers(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the cells that nobody would take for numbers."""
    resembles = pc.match_substring_regex(cells, f"^{_RESEMBLES}$")
    return cells.filter(pc.invert(resembles))


def all_true(mask: pa.ChunkedArray) -> bool:
    """Return whether a mask holds wherever it is not null."""
    return bool(pc.all(mask, min_count=0).as_py())


def why_no_number(cell: str, mark: str) -> str:
    """Say what keeps a cell from being a number that is written back alike; empty if nothing."""
    digits = cell.strip().lstrip("+-")
    other = "," if mark == "." else "."
    reasons = {
        "has blanks around it": cell != cell.strip(),
        "has a plus sign": cell.startswith("+"),
        "begins with a zero": digits[:1] == "0" and digits[1:2].isdigit(),
        "has an exponent": "e" in digits.lower(),
        "has another decimal mark": other in digits,
        "has no digit beside its mark": not (digits[:1].isdigit() and digits[-1:].isdigit()),
        "has more digits than a number keeps": len(digits) > _DOUBLE_DIGITS,
    }
    return next((what for what, holds in reasons.items() if holds), "")


def find_numbers(cells: pa.ChunkedArray, mark: str) -> Found | None:
    """Read a column of numbers, if all cells are, and would be written back as they are."""
    whole = _integers(cells)
    if whole is not None:
        return whole
    if mark == ",":
        if pc.any(pc.match_substring(cells, "."), min_count=0).as_py():
            return None
        cells = pc.replace_substring(cells, ",", ".")
    is_plain = pc.match_substring_regex(cells, _PLAIN)
    if all_true(is_plain):
        return _decimals(cells)
    return _with_tiny(cells, is_plain)


def _integers(cells: pa.ChunkedArray) -> Found | None:
    try:
        numbers = cells.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    # Arrow reads 007, -0 and 0x1F, too: only what is written back alike is a number. So nothing but
    # zeros begins with a zero; nothing else that is read is shorter than what is written, and their
    # lengths together tell, at a fifth of writing them.
    values = numbers.drop_null().to_numpy()
    n_zeros = pc.sum(pc.starts_with(cells, "0"), min_count=0).as_py()
    if n_zeros != len(values) - np.count_nonzero(values):
        return None
    if pc.any(pc.starts_with(cells, "-0"), min_count=0).as_py():
        return None
    if pc.sum(pc.binary_length(cells), min_count=0).as_py() != _n_characters(values):
        return None
    return numbers, ColumnKind("integer")


def _n_characters(values: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    """Return how many characters whole numbers have together."""
    if not len(values):
        return 0
    n_characters = len(values) + int(np.count_nonzero(values < 0))
    power = 10
    while power <= max(int(values.max()), -int(values.min())):
        n_characters += int(np.count_nonzero(values >= power) + np.count_nonzero(values <= -power))
        power *= 10
    return n_characters


def _decimals(cells: pa.ChunkedArray) -> Found | None:
    length = pc.binary_length(cells)
    place = pc.find_substring(cells, ".")
    has_mark = pc.greater_equal(place, 0)
    if not pc.any(has_mark).as_py():
        return None  # whole numbers beyond 64 bits, or 007
    behind = pc.if_else(has_mark, pc.subtract(pc.subtract(length, place), 1), 0)
    fewest = pc.min(behind).as_py()
    padded = pc.and_(pc.ends_with(cells, "0"), pc.and_(has_mark, pc.not_equal(behind, fewest)))
    if pc.any(padded).as_py():
        return None  # 4.9 beside 12.50
    numbers = cells.cast(pa.float64())
    if pc.max(length).as_py() > _DOUBLE_DIGITS and not _exact(cells, numbers):
        return None
    return numbers, ColumnKind("number", n_decimals=fewest)


def _exact(cells: pa.ChunkedArray, numbers: pa.ChunkedArray) -> bool:
    """Return whether doubles have the digits that were written: the shortest that give them."""
    shortest = numbers.cast(pa.string())
    other = pc.not_equal(shortest, cells)  # few: those written with other zeros or exponents
    return all_true(pc.equal(_digits(shortest.filter(other)), _digits(cells.filter(other))))


def _digits(text: pa.ChunkedArray) -> pa.ChunkedArray:
    if pc.any(pc.match_substring(text, "e")).as_py():
        text = pc.replace_substring_regex(text, "e.*$", "")
    return pc.ascii_rtrim(pc.ascii_ltrim(pc.replace_substring(text, ".", ""), "-0"), "0")


def _with_tiny(cells: pa.ChunkedArray, is_plain: pa.ChunkedArray) -> Found | None:
    """Read doubles of which some are near zero: 0.25 and 5.3e-05."""
    tiny = cells.filter(pc.invert(is_plain))
    if not all_true(pc.match_substring_regex(tiny, _TINY)) or not pc.any(is_plain).as_py():
        return None
    found = _decimals(pc.if_else(is_plain, cells, pa.scalar(None, pa.string())))
    if found is None or not _exact(tiny, tiny.cast(pa.float64())):
        return None
    size = pc.abs(found[0])
    as_written = pc.or_(pc.equal(size, 0), pc.greater_equal(size, _SMALLEST_PLAIN))
    if not all_true(pc.and_(as_written, pc.less(size, _LARGEST_PLAIN))):
        return None
    return cells.cast(pa.float64()), ColumnKind("number", "e", found[1].n_decimals)


def force_numbers(
    cells: pa.ChunkedArray, kind: str, mark: str
) -> tuple[pa.ChunkedArray | None, pa.ChunkedArray]:
    """Read cells as numbers because somebody says so, however they are written.

    Returns
    -------
    (numbers, fits) : tuple
        The numbers, or `None` if some cells are none; and which are.
    """
    plain = pc.replace_substring(cells, ",", ".") if mark == "," else cells
    if kind == "integer":
        digits = pc.replace_substring_regex(plain, r"^\+?(-?)0*([0-9]+?)(\.0*)?$", r"\1\2")
        fits = pc.match_substring_regex(digits, r"^-?[0-9]{1,18}$")
        wide = pc.match_substring_regex(digits, r"^-?[0-9]{19}$")
        try:
            return digits.cast(pa.int64()), fits
        except pa.ArrowInvalid:
            return None, fits if not all_true(pc.or_(fits, wide)) else pc.invert(wide)
    fits = pc.match_substring_regex(plain, _LOOSE)
    if not all_true(fits):
        return None, fits
    numbers = pc.replace_substring_regex(plain, r"^\+", "").cast(pa.float64())
    finite = pc.is_finite(numbers)
    return (numbers if all_true(finite) else None), finite
