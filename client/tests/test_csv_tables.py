"""CSV files are what the challenge publishes, cell by cell, or refused with a sentence."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from anomed_client import UsageError
from anomed_client.cli.submission import read_file
from anomed_client.schemas import ArraysSchema, Column, Schema, TableSchema

COLUMNS = TableSchema(
    columns=(
        Column(name="plz", kinds=("str",), nullable=True),
        Column(name="wage", kinds=("int", "float"), nullable=True),
        Column(name="cost", kinds=("float", "int")),
        Column(name="smoker", kinds=("bool",), nullable=True),
        Column(name="word", kinds=("str",)),
        Column(name="born", kinds=("date",), nullable=True),
        Column(name="seen", kinds=("date-time",)),
        Column(name="key", kinds=("bytes",)),
    )
)


def read(folder: Path, text: str, schema: Schema | None = COLUMNS) -> Any:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return read_file(path, schema)


def test_cells_are_what_their_columns_are(tmp_path: Path) -> None:
    table = read(
        tmp_path,
        "\ufeffplz,wage,cost,smoker,word\n"
        '01067,9007199254740993,4.99,True,"NA, ""x"""\n'
        ",,12.50,,\n"
        "NA,-1,1e3,false,None\n",
    )

    assert table.schema.types == [pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.string()]
    assert table.to_pydict() == {
        "plz": ["01067", None, "NA"],
        "wage": [9007199254740993, None, -1],
        "cost": [4.99, 12.5, 1000.0],
        "smoker": [True, None, False],
        "word": ['NA, "x"', "", "None"],
    }


def test_fractions_make_numbers_where_both_are_taken(tmp_path: Path) -> None:
    assert read(tmp_path, "wage\n1\n\n2.5\n")["wage"].to_pylist() == [1.0, None, 2.5]
    assert read(tmp_path, "cost,wage\n1,2\n\n")["cost"].to_pylist() == [1]


def test_dates_are_read_as_iso_writes_them(tmp_path: Path) -> None:
    table = read(
        tmp_path,
        "born,seen\n"
        "2024-02-29,2024-02-29T23:59:00\n"
        ",1899-12-31 08:15\n"
        "0987-01-01,2024-02-29T23:59:00.250Z\n"
        "9999-12-31,2024-02-29\n",
    )

    assert table.schema.types == [pa.date32(), pa.timestamp("us")]
    assert table.to_pydict() == {
        "born": [dt.date(2024, 2, 29), None, dt.date(987, 1, 1), dt.date(9999, 12, 31)],
        "seen": [
            dt.datetime(2024, 2, 29, 23, 59),
            dt.datetime(1899, 12, 31, 8, 15),
            dt.datetime(2024, 2, 29, 23, 59, 0, 250_000),
            dt.datetime(2024, 2, 29),
        ],
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("born\n29.02.2024\n", "line 2, column 'born': '29.02.2024' is none of .*: date"),
        ("born\n2023-02-29\n", "'2023-02-29' is none"),
        ("born\n2024-02-29 12:00:00\n", "'2024-02-29 12:00:00' is none"),
        ("born\n20240229\n", "'20240229' is none"),
        ("seen\n2024-02-29T12:00:00+02:00\n", r"\+02:00' is none of .*: date-time"),
        ("seen\n2024-W09-4\n", "'2024-W09-4' is none"),
        ("seen,born\n,\n", "line 2, column 'seen': ''"),
        ("key\nx\n", "'key' are bytes, which CSV files have no words for; give a parquet"),
        ("age\n1\n", "the column 'age' is none that the challenge publishes"),
        ("plz,plz\n1,2\n", "the column 'plz' stands twice"),
        (",wage\n0,1\n", "the column '' is none"),
        ("plz,wage\n1,2,3\n", "line 2: 3 cells stand under 2 names"),
        ('plz,wage\n"1,2\n', r"line \d: unexpected end of data"),
        ("wage\n007\n", "line 2, column 'wage': '007' is none of .*: int or float"),
        ("wage\n1\n+2\n", "line 3, column 'wage': '\\+2'"),
        ("cost,plz\n1,x\n,y\n", "line 3, column 'cost': ''"),
        ("cost\nnan\n", "'nan' is none"),
        ("smoker\nyes\n", "'yes' is none of .*: bool"),
        ("", "there is no header"),
    ],
)
def test_what_is_something_else_is_refused_with_its_line(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        read(tmp_path, text)


@pytest.mark.parametrize("schema", [TableSchema(), ArraysSchema(arrays=()), None])
def test_columns_that_nobody_publishes_are_not_guessed(
    tmp_path: Path, schema: Schema | None
) -> None:
    with pytest.raises(UsageError, match="give a parquet file"):
        read(tmp_path, "plz\n01067\n", schema)


def test_whole_numbers_of_more_than_64_bits_are_not_rounded(tmp_path: Path) -> None:
    schema = TableSchema(columns=(Column(name="id", kinds=("int",)),))

    with pytest.raises(UsageError, match="'9223372036854775808' is none"):
        read(tmp_path, "id\n9223372036854775807\n9223372036854775808\n", schema)
    assert read(tmp_path, "id\n9223372036854775807\n", schema)["id"].to_pylist() == [2**63 - 1]


def test_parquet_is_sent_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"

    assert read_file(path, TableSchema()) is path
