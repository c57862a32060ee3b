"""Dates, date-times and periods: columns in which all cells follow one form.

A month or a quarter is the date on which it begins, and is written as it came.
"""

from __future__ import annotations

import datetime as dt
import re

import pyarrow as pa
import pyarrow.compute as pc

from anomed_core.tables.numbers import Found, all_true
from anomed_core.tables.options import ColumnKind

_DATES = tuple(
    "%Y-%m-%d %Y/%m/%d %Y.%m.%d %d.%m.%Y %d/%m/%Y %m/%d/%Y %d-%m-%Y %m-%d-%Y".split()  # noqa: SIM905 - shorter
)
_PERIODS = ("%Y-%m", "%Y/%m", "%m/%Y", "%YQ%q", "%Y-Q%q")
_FIRST_MONTHS = {"1": "01", "2": "04", "3": "07", "4": "10"}
_PARTS = {
    "%q": "([1-4])",
    "%Y": "([0-9]{4})",
    "%m": "(0[1-9]|1[0-2])",
    "%d": "(0[1-9]|[12][0-9]|3[01])",
}
_CLOCK = re.compile(
    r"(?P<mark>[ T])[0-9]{2}:[0-9]{2}(?P<seconds>:[0-9]{2}(\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<zone>Z| UTC|[+-][0-9]{2}:?[0-9]{2})?"
)
_FORM = re.compile(
    r"(?P<date>%[Ymd][-/.]%[md][-/.]%[Yd]|%[Ym][-/]%[Ym]|%Y-?Q%q)"
    r"(?P<clock>[ T]%H:%M(:%S)?)?(\.%(?P<fraction>[1-9])f)?"
    r"(?P<zone>Z| UTC|[+-][0-9]{2}:?[0-9]{2})?"
)
_UNITS = ("s", "ms", "us", "ns")


def is_form(form: str) -> bool:
    """Return whether a form is one that dates may have."""
    found = _FORM.fullmatch(form)
    if found is None:
        return False
    return found["date"] in _DATES or form in _PERIODS


def forms_of(cells: list[str]) -> list[str]:
    """Return all forms that some cells follow.

    They are those of `strftime`, and ``.%3f`` for three digits and ``%q`` for a quarter.
    """
    clock = _CLOCK.fullmatch(cells[0][10:]) if cells[0][10:] else None
    if cells[0][10:] and clock is None:
        return []
    rest = ""
    if clock is not None:
        rest = f"{clock['mark']}%H:%M{':%S' if clock['seconds'] else ''}"
        rest += f".%{len(clock['fraction'])}f" if clock["fraction"] else ""
        rest += clock["zone"] or ""
    forms = [date + rest for date in _DATES] if rest else [*_DATES, *_PERIODS]
    patterns = {form: re.compile(_pattern(form)) for form in forms}
    return [form for form, pattern in patterns.items() if all(map(pattern.match, cells))]


def _pattern(form: str) -> str:
    parts = _parts(form)
    pattern = (parts["date"] or "").replace(".", r"\.")
    for name, part in _PARTS.items():
        pattern = pattern.replace(name, part)
    clock = re.sub("%[HMS]", "[0-9]{2}", parts["clock"] or "")
    if parts["fraction"]:
        clock += rf"\.[0-9]{{{parts['fraction']}}}"
    return f"^{pattern}({clock}){re.escape(parts['zone'] or '')}$"


def _parts(form: str) -> dict[str, str | None]:
    found = _FORM.fullmatch(form)
    return found.groupdict() if found else {}


def read_dates(cells: pa.ChunkedArray, form: str) -> Found | None:
    """Read a column, if all cells follow a form and are days that exist.

    Returns
    -------
    (array, kind) or None
        date32, or timestamps, of UTC where there is a zone.
    """
    pattern, parts = _pattern(form), _parts(form)
    kind = ColumnKind("date-time" if parts["clock"] else "date", form)
    if form == _DATES[0]:
        try:
            return cells.cast(pa.date32()), kind
        except pa.ArrowInvalid:
            return None
    encoded = cells.combine_chunks().dictionary_encode()
    words = encoded.dictionary
    if not all_true(pc.match_substring_regex(words, pattern)):
        return None
    words = _iso(words, form, pattern)
    try:
        values = _values(words, parts)
    except pa.ArrowInvalid:  # the thirtieth of February
        return None
    return pa.chunked_array([values.take(encoded.indices)]), kind


def _iso(words: pa.Array, form: str, pattern: str) -> pa.Array:
    """Write dates, and the first of months and quarters, as ISO 8601 does; clocks stay."""
    order = re.findall("%[Ymdq]", form)
    numbers = {name: rf"\{place}" for place, name in enumerate(order, 1)}
    month = numbers.get("%m", f"Q{numbers.get('%q')}")
    iso = f"{numbers['%Y']}-{month}-{numbers.get('%d', '01')}"
    words = pc.replace_substring_regex(words, pattern, rf"{iso}\{len(order) + 1}")
    if "%q" in order:
        for quarter, first in _FIRST_MONTHS.items():
            words = pc.replace_substring(words, f"Q{quarter}", first)
    return words


def _values(words: pa.Array, parts: dict[str, str | None]) -> pa.Array:
    if not parts["clock"]:
        return words.cast(pa.date32())
    unit = _UNITS[-(-int(parts["fraction"] or 0) // 3)]
    local = words.cast(pa.timestamp(unit))
    if not parts["zone"]:
        return local
    return pc.subtract(local, _shift(parts["zone"], unit)).cast(pa.timestamp(unit, "UTC"))


def _shift(zone: str, unit: str) -> pa.Scalar:
    digits = re.sub("[^0-9]", "", zone)
    minutes = int(digits[:2]) * 60 + int(digits[2:]) if digits else 0
    signed = dt.timedelta(minutes=-minutes if zone.startswith("-") else minutes)
    return pa.scalar(signed, pa.duration(unit))


def local_times(times: pa.ChunkedArray, form: str) -> pa.ChunkedArray:
    """Return times as clocks showed them, without a zone, which the form or the type names."""
    unit, zone = times.type.unit, _parts(form).get("zone")
    if times.type.tz is not None:
        utc = times.cast(pa.timestamp(unit, "UTC")) if form else times
        times = pc.local_timestamp(utc)
    return pc.add(times, _shift(zone, unit)) if zone else times


def write_dates(array: pa.ChunkedArray, form: str) -> pa.ChunkedArray:
    """Write dates or date-times in a form."""
    parts = _parts(form)
    if form.endswith("%q"):
        days = array.cast(pa.date32())
        years, quarters = pc.strftime(days, format="%Y"), pc.quarter(days).cast(pa.string())
        return pc.binary_join_element_wise(years, quarters, form[len("%Y") : -len("%q")])
    if not parts["clock"]:
        return pc.strftime(array.cast(pa.date32()), format=form)
    zone, fraction = parts["zone"], int(parts["fraction"] or 0)
    wanted = _UNITS[-(-fraction // 3)]
    array = local_times(array, form).cast(pa.timestamp(wanted), safe=False)
    text = pc.strftime(array, format=f"{parts['date']}{parts['clock']}")
    if fraction % 3:
        text = pc.replace_substring_regex(text, rf"(\.[0-9]{{{fraction}}})[0-9]+$", r"\1")
    return pc.binary_join_element_wise(text, zone, "") if zone else text
