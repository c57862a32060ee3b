"""Whatever is read is written back cell by cell, or was refused."""

import csv
import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.errors import TableError
from anomed_core.tables import TableOptions, read_table, write_table


@attrs.frozen
class Dialect:
    separator: str
    decimal: str
    encoding: str
    quoting: int
    form: str


DIALECTS = [
    Dialect(",", ".", "utf-8", csv.QUOTE_MINIMAL, "%Y-%m-%d"),
    Dialect(";", ",", "cp1252", csv.QUOTE_ALL, "%d.%m.%Y"),
    Dialect("\t", ".", "utf-16", csv.QUOTE_MINIMAL, "%d/%m/%Y"),
    Dialect("|", ",", "utf-8-sig", csv.QUOTE_ALL, "%m-%d-%Y"),
    Dialect(";", ".", "latin-1", csv.QUOTE_MINIMAL, "%Y/%m/%d"),
]


def cells(dialect: Dialect) -> dict[str, st.SearchStrategy[tuple[Any, str]]]:
    """Return values by kind with the text that stands for them."""
    letters = st.characters(
        codec="utf-8" if "utf" in dialect.encoding else "ascii", exclude_characters="\0"
    )
    words = st.text(letters, min_size=1) | st.sampled_from(
        ["NA", "01", "1E2", "+1", "true", "-", '"']
    )
    cents = st.integers(-(10**9), 10**9).map(lambda n: n / 100)
    days = st.dates()
    return {
        "text": words.map(lambda word: (word, word)),
        "integer": st.integers(-(2**63), 2**63 - 1).map(lambda n: (n, str(n))),
        "number": cents.map(lambda x: (x, f"{x:.2f}".replace(".", dialect.decimal))),
        "boolean": st.booleans().map(lambda yes: (yes, str(yes))),
        "date": days.map(lambda day: (day, written(day, dialect.form))),
        "month": days.map(lambda day: (day.replace(day=1), written(day, "%Y-%m"))),
        "quarter": days.map(in_quarter),
    }


def written(day: dt.date, form: str) -> str:
    return day.strftime(form.replace("%Y", f"{day.year:04}"))


def in_quarter(day: dt.date) -> tuple[dt.date, str]:
    quarter = (day.month + 2) // 3
    return dt.date(day.year, 3 * quarter - 2, 1), f"{day.year:04}Q{quarter}"


@st.composite
def tables(
    draw: st.DrawFn, dialect: Dialect
) -> tuple[dict[str, str], list[list[Any]], list[list[str]]]:
    by_kind = cells(dialect)
    kinds = draw(st.lists(st.sampled_from(sorted(by_kind)), min_size=2, max_size=5))
    cell = [st.just((None, "")) | by_kind[kind] for kind in kinds]
    rows = draw(st.lists(st.tuples(*cell), min_size=1, max_size=8))
    named = {f"{kind} {place}": kind for place, kind in enumerate(kinds)}
    return named, [[v for v, _ in row] for row in rows], [[t for _, t in row] for row in rows]


def write(path: Path, names: list[str], rows: list[list[str]], dialect: Dialect) -> None:
    with path.open("w", encoding=dialect.encoding, newline="") as file:
        writer = csv.writer(file, delimiter=dialect.separator, quoting=dialect.quoting)
        writer.writerows([names, *rows])


def plain(cell: Any) -> Any:
    return cell.date() if isinstance(cell, dt.datetime) else cell


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.encoding)
@given(data=st.data())
def test_tables_read_back_as_they_were_if_their_kinds_are_given(
    dialect: Dialect, data: st.DataObject
) -> None:
    named, values, rows = data.draw(tables(dialect))
    forms = {"date": dialect.form, "month": "%Y-%m", "quarter": "%YQ%q"}
    kinds = {n: f"date:{forms[k]}" if k in forms else k for n, k in named.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write(path, list(named), rows, dialect)
        options = TableOptions(
            separator=dialect.separator, decimal=dialect.decimal, encoding=dialect.encoding
        )
        frame = read_table(path, options, kinds=kinds).frame

    found = [
        [
            None if gap else plain(cell)
            for cell, gap in zip(frame[name], frame[name].isna(), strict=True)
        ]
        for name in named
    ]
    assert [list(row) for row in zip(*found, strict=True)] == values


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.encoding)
@given(data=st.data())
def test_tables_are_written_as_they_were_or_refused(dialect: Dialect, data: st.DataObject) -> None:
    named, _, rows = data.draw(tables(dialect))
    with tempfile.TemporaryDirectory() as folder:
        path, again = Path(folder) / "people.csv", Path(folder) / "again.csv"
        write(path, list(named), rows, dialect)
        try:
            read = read_table(path)
        except TableError as error:
            refused = error
        else:
            refused = None
        if refused is not None:
            ambiguous = "divide all lines" in refused.problem
            assert ambiguous or refused.line is not None
            return
        write_table(
            read.frame, again, kinds=read.kinds, separator=read.separator, decimal=read.decimal
        )
        with path.open(encoding=dialect.encoding, newline="") as file:
            before = [row for row in csv.reader(file, delimiter=read.separator) if row]
        with again.open(encoding="utf-8", newline="") as file:
            after = [row for row in csv.reader(file, delimiter=read.separator) if row]
    assert after == before
