"""Tables behind ``csv:`` and ``parquet:``: read strictly, as the options behind ``?`` say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from structlog.testing import capture_logs

from anomed_core import CreationContext
from anomed_core.datasets.files import fingerprint_of_table, table_of_file
from anomed_core.errors import TableError, UsageError
from anomed_core.model.data_source import DataSource
from anomed_core.sampling import Lottery
from anomed_core.state import ArtifactStore
from anomed_core.tables import read_table
from anomed_core.tables.otherwise import read_otherwise


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_options_behind_the_path_say_how_to_read_it(tmp_path: Path) -> None:
    text = ";zip;town;bmi;note\n7;123;Köln;25,1;NA\n8;456;Ulm;;x\n"
    path = written(tmp_path / "people.csv", text, "latin-1")
    query = "separator=;&decimal=,&encoding=latin-1&index=column&na_values=NA&kind:zip=text"

    frame = table_of_file(f"{path}?{query}&drop=note")

    assert list(frame) == ["index", "zip", "town", "bmi"]
    assert frame["zip"].tolist() == ["123", "456"]
    assert frame["town"].tolist() == ["Köln", "Ulm"]
    assert frame["bmi"].dtype == np.float64


def test_options_are_written_as_in_urls(tmp_path: Path) -> None:
    text = "a=b&c,at\n1,2024-01-02T03:04+01:00\n"
    path = written(tmp_path / "people.csv", text)

    frame = table_of_file(f"{path}?kind:a%3Db%26c=text&kind:at=date-time:%Y-%m-%dT%H:%M+01:00")

    assert frame["a=b&c"].tolist() == ["1"]
    assert frame["at"][0] == pd.Timestamp("2024-01-02T02:04Z")


@pytest.mark.parametrize("query", ["", "?drop=a"])
def test_a_path_may_hold_question_marks_itself(tmp_path: Path, query: str) -> None:
    path = written(tmp_path / "who?a=b.csv", "a,b\n1,2\n")

    assert list(table_of_file(f"{path}{query}")) == ["a", "b"][bool(query) :]


def test_what_a_schema_says_decides(tmp_path: Path) -> None:
    path = written(tmp_path / "people.csv", "zip,born\n123,01/02/2024\n")

    frame = table_of_file(f"{path}?kind:born=date:%d/%m/%Y", kinds={"zip": "text", "born": "date"})

    assert frame["zip"].tolist() == ["123"]
    assert frame["born"][0] == pd.Timestamp(2024, 2, 1)
    with pytest.raises(UsageError, match="the schema or codebook says text"):
        table_of_file(f"{path}?kind:zip=integer", kinds={"zip": "text"})


def test_what_is_said_about_reading_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    path = str(written(tmp_path / "people.csv", "a\n1\n"))

    prints = [fingerprint_of_table(path + query) for query in ("", "?kind:a=text", "?dates=no")]

    assert len(set(prints)) == 3


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("nowhere.csv?separator=;", r"there is no file nowhere\.csv \(looked from"),
        ("PATH?separator", "NAME=VALUE with & between them, got 'separator'"),
        ("PATH?sep=;", "there is no option 'sep' of tables; give separator"),
        ("PATH?drop=z", "there is no column 'z' to drop, only a, b"),
        ("PATH?kind:z=text", "there is no column 'z', only a, b"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, reference: str, sentence: str) -> None:
    path = written(tmp_path / "people.csv", "a,b\n1,2\n")

    with pytest.raises(UsageError, match=sentence):
        table_of_file(reference.replace("PATH", str(path)))


# --- what is said at start ------------------------------------------------------------------------

SURPRISES = """plz,country,wage,smoker,seen,name,cost,ill
01067,DE,20001,True,2024-01-31,Ada,4.99,true
04109,NA,,,2024-02-01,Bo,12.50,false
"""


def test_one_line_names_columns_that_pandas_would_take_for_something_else(tmp_path: Path) -> None:
    path = written(tmp_path / "people.csv", SURPRISES)

    with capture_logs() as lines:
        table_of_file(str(path))

    (line,) = lines
    assert (line["log_level"], line["file"]) == ("warning", "people.csv")
    assert line["taken_for"] == (
        "text: plz, country; whole numbers: wage; booleans: smoker; dates: seen"
    )


def test_nothing_is_said_of_what_is_as_ever_or_was_said(tmp_path: Path) -> None:
    path = written(tmp_path / "people.csv", "age,town,cost\n30,Ulm,1.5\n31,,2.5\n")
    told = {"plz": "text", "country": "text", "wage": "integer", "smoker": "boolean"}

    with capture_logs() as lines:
        table_of_file(str(path))
        surprising = written(tmp_path / "surprising.csv", SURPRISES)
        table_of_file(str(surprising), kinds=told | {"seen": "date"})

    assert lines == []


@pytest.mark.parametrize(
    "cells",
    [
        ["01067", "1"],
        ["+1", "2"],
        ["1E2", "3E4"],
        ["NA", "x"],
        ["None", "nan"],
        ["1", ""],
        ["TRUE", "False"],
        ["true", ""],
        ["2024-01-01", "2024-01-02"],
        ["x", "1"],
        ["x", ""],
        ["1", "2"],
        ["1.50", "2.25"],
        ["true", "false"],
        ["1,5", "2,5"],
        ["1.2.3", "4.5.6"],
        ["12345678901234567890", "1"],
    ],
    ids=" ".join,
)
def test_what_pandas_would_take_for_something_else_is_what_it_takes_for_something_else(
    tmp_path: Path, cells: list[str]
) -> None:
    rows = "".join(f'"{cell}",1\n' for cell in cells)
    path = written(tmp_path / "people.csv", f"x,y\n{rows}")
    read, plain = read_table(path), pd.read_csv(path)

    is_alike = plain["x"].dtype == read.frame["x"].dtype and plain["x"].equals(read.frame["x"])

    assert bool(read_otherwise(read)) is not is_alike


def test_dates_and_gaps_in_parquet_are_named_too(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    table = pd.DataFrame({"day": pd.to_datetime(["2024-01-01", None]), "n": [1.0, 2.0]})
    table["wage"] = pd.array([1, None], "Int64")
    table["born"] = table["day"].dt.date
    table["town"] = ["NA", None]
    table.to_parquet(path)

    assert read_otherwise(read_table(path)) == ["whole numbers: wage", "dates: born"]


def test_how_a_file_is_written_is_named_unless_as_most_are(tmp_path: Path) -> None:
    path = written(tmp_path / "people.csv", "a;b\n1;x\n")

    assert read_otherwise(read_table(path)) == ["separator ';', decimal mark '.', utf-8"]


# --- what a challenge is given --------------------------------------------------------------------


def test_kinds_reach_sources_that_read_them_and_no_others(tmp_path: Path) -> None:
    strict = DataSource(scheme="strict", table=lambda _, *, kinds=None: kinds, reads_kinds=True)
    plain = DataSource(scheme="plain", table=lambda _: "as ever")
    context = CreationContext(
        challenge_id="people",
        lottery=Lottery.seeded(1, "people"),
        artifacts=ArtifactStore(tmp_path),
        sources={"strict": strict, "plain": plain},
    )

    assert context.load("strict:x", "table", kinds={"a": "text"}) == {"a": "text"}
    assert context.load("plain:x", "table", kinds={"a": "text"}) == "as ever"


def test_a_file_that_is_no_table_is_a_table_error(tmp_path: Path) -> None:
    path = written(tmp_path / "people.csv", "age,town,bmi\n30,Bonn,25,1\n")

    with pytest.raises(TableError, match="line 2: 4 cells stand under 3 names"):
        table_of_file(str(path))
