"""What the commands make of columns, names and files that are out of the ordinary."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import TableSchema
from click.testing import Result

from .conftest import INIT, Run

COMMANDS = {
    "init": ("challenge", "init", "wide.csv", "--sensitive", "illness"),
    "anonymize": ("anonymize", "wide.csv", "--method", "mondrian"),
}


@pytest.fixture(params=sorted(COMMANDS))
def wide(run: Run, request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Return either command, about a table with more columns."""

    def command(quasi_identifiers: str, *words: str, **columns: Any) -> Result:
        people = pd.read_csv("people.csv").assign(**columns)
        people.to_csv("wide.csv", index=False)
        known = ("--quasi-identifiers", quasi_identifiers)
        return run(*COMMANDS[request.param], *known, *words)

    return command


ROLELESS = {
    "empty": [None] * 400,
    "big": [2**60 + 3 * number**2 for number in range(400)],
}


@pytest.mark.parametrize("name", ["empty", "big"])
def test_columns_without_a_role_end_no_command(wide: Callable[..., Result], name: str) -> None:
    result = wide("age,town", **{name: ROLELESS[name]})

    assert result.exit_code == 0, result.exception
    assert f"{name}: left out, as nobody asked for it" in result.stderr
    for path in ("schema.json", "challenge.toml"):
        Path(path).unlink(missing_ok=True)
    asked = wide(f"age,{name}", **{name: ROLELESS[name]})
    assert f"--drop {name} leaves it out" in str(asked.exception)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("full name", [f"Person {number}" for number in range(400)]),
        ("account", [70_000 + (7 * number) % 400 for number in range(400)]),
    ],
)
def test_columns_that_identify_are_refused_alike(
    wide: Callable[..., Result], name: str, values: list[Any]
) -> None:
    refused = wide("age,town", **{name: values})
    dropped = wide("age,town", "--drop", name, **{name: values})

    assert f"{name!r} holds 400 different" in str(refused.exception)
    assert re.search(f"leave it out by --drop '?{name}'?, or", str(refused.exception))
    assert dropped.exit_code == 0, dropped.exception


def test_names_of_the_protocol_matter_in_challenges_only(run: Run) -> None:
    people = pd.read_csv("people.csv").rename(columns={"grade": "rank"}).assign(count=1, age_min=0)
    people.to_csv("people.csv", index=False)
    words = ("anonymize", "people.csv", "--quasi-identifiers", "age,town", "--method")

    assert run(*words, "mdav").exit_code == 0
    assert {"rank", "count", "age_min"} <= set(pd.read_csv("people-mdav.csv").columns)
    assert "'age_min' is taken twice" in str(run(*words, "mondrian").exception)
    assert run(*words, "mondrian", "--drop", "age_min").exit_code == 0
    left_out = run(*INIT, "--sensitive", "illness")
    assert left_out.exit_code == 0
    assert "rank: left out, as nobody asked for it, and the name 'rank' is taken" in left_out.stderr
    assert [entry["name"] for entry in json.loads(Path("schema.json").read_text())["columns"]] == [
        "age",
        "town",
        "illness",
    ]
    asked = run(*INIT, "--sensitive", "illness,rank", "--force")
    assert "taken twice, by the protocol" in str(asked.exception)
    assert "--drop rank leaves it out" in str(asked.exception)


def test_a_word_among_numbers_is_pointed_at(run: Run) -> None:
    people = pd.read_csv("people.csv", dtype=str)
    people.loc[7, "age"] = "90+"
    people.to_csv("people.csv", index=False)

    words = ("anonymize", "people.csv", "--quasi-identifiers", "age,town", "--method", "mondrian")
    assert "'90+' is no number, as 399 of 400 cells are; give na_values" in run(*words).stderr
    assert "age: whole numbers, 1 missing" in run(*words, "--read", "na_values=90+").stderr


STRANGE = {"age": "age, in years", "town": "town=place", "grade": 'the "grade"'}


def test_names_may_hold_what_options_are_divided_by(run: Run) -> None:
    pd.read_csv("people.csv").rename(columns=STRANGE).to_csv("people.csv", index=False)
    words = ("people.csv", "--quasi-identifiers", '"age, in years",town=place')
    again = ("people.csv", "--quasi-identifiers", "age, in years", "--quasi-identifiers")
    roles = ("--sensitive", "illness", "--ordinal", 'the "grade"=low,mid,top')
    tower = ("--hierarchy", "town=place=towns.csv", "--method", "datafly", "--output", "out.csv")

    assert run("challenge", "init", *words, *roles).exit_code == 0
    schema = TableSchema.from_json(Path("schema.json").read_text())
    assert [column.name for column in schema.quasi_identifiers] == ["age, in years", "town=place"]
    assert schema['the "grade"'].values == ("low", "mid", "top")
    for given in (words, (*again, "town=place")):
        result = run("anonymize", *given, *tower)
        assert result.exit_code == 0, result.exception
        assert "town=place" in " ".join(pd.read_csv("out.csv").columns)


def test_hierarchies_may_have_a_line_for_nothing(run: Run) -> None:
    Path("towns.csv").write_text("Bonn;west;*\nKiel;north;*\nUlm;south;*\n;none;*\n")
    words = ("anonymize", "people.csv", "--quasi-identifiers", "town", "--method", "datafly")

    assert run(*words, "--hierarchy", "town=towns.csv").exit_code == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("age,town,age\n1,a,2\n", "columns 1 and 3 have one name"),
        ("age,town\n", "there is no record below the header"),
        ("age,town\n31,Ulm\n32,Ulm\n", "k must lie between 1 and the 2 records, got 10"),
        ("age,town,bmi\n30,Bonn,25,1\n31,Kiel,22,4\n", "4 cells stand under 3 names"),
    ],
)
def test_tables_that_are_none_are_refused(run: Run, text: str, message: str) -> None:
    Path("people.csv").write_text(text)

    assert message in str(run("anonymize", "people.csv", "--method", "mondrian").exception)


def test_a_table_is_written_as_it_was_read(run: Run) -> None:
    text = "plz;bmi;town;yes\n01067;25,10;NA;True\n04109;22,40;None;False\n"
    Path("people.csv").write_text(text)
    result = run("anonymize", "people.csv", "--method", "identity", "--output", "out.csv")

    assert result.exit_code == 0, result.exception
    assert Path("out.csv").read_text() == text


def test_a_schema_decides_what_columns_are(run: Run) -> None:
    Path("people.csv").write_text("zip,age\n123,30\n456,31\n")
    assert run(*INIT[:3], *("--quasi-identifiers", "zip", "--sensitive", "age")).exit_code == 0
    document = json.loads(Path("schema.json").read_text())
    document["columns"][0] |= {"kind": "nominal", "dtype": "string", "domain": ["123", "456"]}
    Path("schema.json").write_text(json.dumps(document))
    result = run("anonymize", "people.csv", "--schema", "schema.json", "--method", "identity")

    assert result.exit_code == 0, result.exception
    assert "zip: text" in result.stderr


def test_files_that_cannot_be_written_are_said(run: Run) -> None:
    words = ("anonymize", "people.csv", "--method", "mondrian", "--output", "nowhere/out.csv")

    assert "can't be written" in str(run(*words).exception)


def test_help_lists_the_methods_with_their_defaults(run: Run) -> None:
    result = run("anonymize", "--help")

    assert "--k 10 --suppression-limit 0.01 --hierarchy COLUMN=FILE" in result.output


def test_damaged_files_are_refused(run: Run) -> None:
    Path("people.parquet").write_bytes(b"no parquet")
    words = ("people.parquet", "--quasi-identifiers", "a", "--sensitive", "b")

    assert "no readable parquet file" in str(run("challenge", "init", *words).exception)
