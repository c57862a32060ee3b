"""What a column of text is: the one inference for all who read tables."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import pyarrow as pa
import pyarrow.compute as pc

from anomed_core.tables.dates import forms_of, is_form, local_times, read_dates
from anomed_core.tables.numbers import (
    NEVER,
    all_true,
    find_numbers,
    force_numbers,
    resembles_number,
    strangers_among_numbers,
    why_no_number,
)
from anomed_core.tables.options import ColumnKind

_SAMPLE = 200
_REMEDY = ", as was said; mend it, or say otherwise"
_MAX_SHOWN = 40
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


@attrs.frozen
class Column:
    """A column, and what it was taken for.

    Attributes
    ----------
    array
        int64, float64, bool, date32, timestamps or text; null where a cell is missing.
    kind
        What it is.
    doubt
        Why it is text although it does not look like it; empty if nothing is to be said.
    """

    array: pa.ChunkedArray = attrs.field(repr=False)
    kind: ColumnKind
    doubt: str = ""


class UnfitError(ValueError):
    """A cell is not of the kind that somebody says its column has.

    Attributes
    ----------
    record
        Whose cell it is; None if it is no single one.
    """

    def __init__(self, problem: str, record: int | None = None, *, remedy: str = _REMEDY) -> None:
        super().__init__(f"{problem}{remedy}")
        self.record = record


def infer(cells: pa.ChunkedArray, mark: str, *, dates: bool) -> Column:
    """Take a column of text for what all of its cells are.

    Parameters
    ----------
    cells
        Text; null is missing.
    mark
        Before the decimals.
    dates
        Whether dates are looked for.

    Returns
    -------
    Column
    """
    sample = _sample(cells)
    if not sample:
        return Column(cells, ColumnKind("text"))
    if all(map(resembles_number, sample)):
        hopeless = any(why_no_number(cell, mark) in NEVER for cell in sample)
        found = None if hopeless else find_numbers(cells, mark)
        return Column(*found) if found else _no_numbers(cells, mark)
    words = {cell.lower() for cell in sample}
    if words <= {"true", "false"}:
        found = _booleans(cells)
        if found:
            return Column(*found)
    forms = forms_of(sample) if dates and sample[0][:1].isdigit() else []
    read = {form: found for form in forms if (found := read_dates(cells, form))}
    if len(read) == 1:
        return Column(*next(iter(read.values())))
    if read:
        doubt = f"dates, but either of {' and '.join(read)}; give kind date:FORM"
    else:
        doubt = _strangers(cells) if _most(map(resembles_number, sample)) else ""
    return Column(cells, ColumnKind("text"), doubt)


def _sample(cells: pa.ChunkedArray) -> list[str]:
    some = cells.slice(0, _SAMPLE).drop_null()
    if not len(some) and cells.null_count < len(cells):
        some = cells.drop_null().slice(0, _SAMPLE)
    found: list[str] = some.to_pylist()
    return found


def _no_numbers(cells: pa.ChunkedArray, mark: str) -> Column:
    """Say which cell keeps a column from being numbers, as far as a look at the first tells."""
    found = ((cell, why_no_number(cell, mark)) for cell in _sample(cells))
    cell, why = next(((cell, why) for cell, why in found if why), ("", ""))
    doubt = f"{cell!r} {why}" if why else _strangers(cells)
    return Column(
        cells,
        ColumnKind("text"),
        doubt or "some cells are no numbers that would be kept as written",
    )


def _most(hits: Iterable[bool]) -> bool:
    found = list(hits)
    return 2 * sum(found) > len(found)


def _strangers(cells: pa.ChunkedArray) -> str:
    """Say which few cells, such as 90+ or unknown, keep a column from being numbers."""
    strange, n_present = strangers_among_numbers(cells), len(cells) - cells.null_count
    if not 0 < 2 * len(strange) < n_present:
        return ""
    word = strange[0].as_py()
    others = len(strange.unique()) - 1
    named = f"{word[:_MAX_SHOWN]!r}" + (f" and {others} more" if others else "")
    verb = "are no numbers" if others else "is no number"
    return (
        f"{named} {verb}, as {n_present - len(strange)} of {n_present} cells are; give na_values "
        "for each such word that means a missing number"
    )


def _booleans(cells: pa.ChunkedArray) -> tuple[pa.ChunkedArray, ColumnKind] | None:
    words = set(pc.unique(cells).drop_null().to_pylist()) if _few(cells) else set()
    if not words or {word.lower() for word in words} - {"true", "false"}:
        return None
    form = next(
        (pair for pair in ("false true", "False True", "FALSE TRUE") if words <= set(pair.split())),
        "",
    )
    return pc.equal(pc.utf8_lower(cells), "true"), ColumnKind("boolean", form)


def _few(cells: pa.ChunkedArray) -> bool:
    longest = pc.max(pc.binary_length(cells)).as_py() or 0
    return bool(longest <= len("false"))


def read_as(cells: pa.ChunkedArray, wanted: ColumnKind, mark: str) -> Column:
    """Read a column of text as what somebody says it is.

    Raises
    ------
    UnfitError
        If a cell is not.
    """
    if wanted.kind == "text":
        return Column(cells, ColumnKind("text"))
    if wanted.kind in {"integer", "number"}:
        found = find_numbers(cells, mark)
        if found and wanted.kind in {found[1].kind, "number"}:
            array = found[0].cast(pa.float64()) if wanted.kind == "number" else found[0]
            return Column(array, attrs.evolve(found[1], kind=wanted.kind))
        numbers, fits = force_numbers(cells, wanted.kind, mark)
        if numbers is None:
            raise _unfit(cells, fits, f"is no {wanted.kind}")
        return Column(numbers, ColumnKind(wanted.kind))
    if wanted.kind == "boolean":
        words = pc.utf8_lower(cells)
        fits = pc.or_(pc.is_null(cells), pc.is_in(words, pa.array([*_TRUE, *_FALSE])))
        if not all_true(fits):
            raise _unfit(cells, fits, "is neither true nor false")
        values = pc.is_in(words, pa.array(_TRUE))
        return Column(
            pc.if_else(pc.is_null(cells), pa.scalar(None, pa.bool_()), values),
            (_booleans(cells) or (None, ColumnKind("boolean")))[1],
        )
    return _read_dates_as(cells, wanted)


def _read_dates_as(cells: pa.ChunkedArray, wanted: ColumnKind) -> Column:
    if wanted.form and not is_form(wanted.form):
        raise UnfitError(
            f"{wanted.form!r} is no known form of dates", remedy="; give one like %d.%m.%Y"
        )
    sample = _sample(cells)
    forms = [wanted.form] if wanted.form else forms_of(sample[:1]) if sample else ["%Y-%m-%d"]
    read = [found for form in forms if (found := read_dates(cells, form))]
    if len(read) > 1:
        either = [kind.form for _, kind in read]
        raise UnfitError(
            f"the dates may be {' or '.join(either)}",
            remedy=f"; say which, as in kind:COLUMN={wanted.kind}:{either[0]}",
        )
    if len(read) == 1 and (read[0][1].kind, wanted.kind) == ("date-time", "date"):
        return to_days(Column(*read[0]))
    if not read or (read[0][1].kind != wanted.kind and sample):
        for record, cell in enumerate(cells.to_pylist()):
            if cell is not None and not set(forms) & set(forms_of([cell])):
                raise UnfitError(f"{cell!r} is no {wanted.kind} like the others", record)
        raise UnfitError(f"the cells, such as {sample[0]!r}, are no {wanted.kind}s of one form")
    return Column(read[0][0], attrs.evolve(read[0][1], kind=wanted.kind))


def to_days(times: Column) -> Column:
    """Return the days of dates with times, where they were written."""
    local = local_times(times.array, times.kind.form)
    days = local.cast(pa.date32(), safe=False)
    is_day = all_true(pc.equal(days.cast(local.type), local))
    return Column(days, ColumnKind("date"), "" if is_day else "times of day are left out")


def _unfit(cells: pa.ChunkedArray, fits: pa.ChunkedArray, what: str) -> UnfitError:
    record = pc.index(fits, value=False).as_py()
    return UnfitError(f"{cells[record].as_py()!r} {what}", record)
