"""``anomed anonymize`` and ``anomed challenge init``, as typed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import Identity
from anomed_dataset_anonymization.schema import ColumnKind, TableSchema
from click.testing import CliRunner, Result

from anomed_core.cli import anomed

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    pd.DataFrame(
        {
            "age": rng.integers(18, 90, 400),
            "town": rng.choice(["Bonn", "Kiel", "Ulm"], 400),
            "grade": rng.choice(["low", "mid", "top"], 400),
            "illness": rng.choice(["flu", "gout"], 400),
        }
    ).to_csv("people.csv", index=False)
    Path("towns.csv").write_text("Bonn;west;*\nKiel;north;*\nUlm;south;*\n")

    def run(*words: str) -> Result:
        return CliRunner().invoke(anomed, words)

    return run


INIT = ("challenge", "init", "people.csv", "--quasi-identifiers", "age,town")
ROLES = ("--sensitive", "illness", "--ordinal", "grade=low,mid,top")


def test_init_describes_the_table_and_writes_a_challenge(run: Run) -> None:
    result = run(*INIT, *ROLES, "--id", "town-people")
    schema = TableSchema.from_json(Path("schema.json").read_text())
    options = tomllib.loads(Path("challenge.toml").read_text())["challenges"]["town-people"]

    assert result.exit_code == 0
    assert "town: nominal, 3 values, qi" in result.output
    assert schema["grade"].kind is ColumnKind.ORDINAL
    assert schema["grade"].values == ("low", "mid", "top")
    assert [column.name for column in schema.sensitive] == ["illness"]
    assert options["type"] == "dataset-anonymization"
    assert options["schema"] == "schema.json"
    assert options["n_targets"] == 40


def test_the_written_challenge_passes_its_check(run: Run) -> None:
    assert run(*INIT, *ROLES).exit_code == 0
    result = run("challenge", "check", "challenge.toml")

    assert result.exit_code == 0, result.output
    assert "1 challenge(s) checked: people" in result.output


def test_the_written_challenge_reads_the_table_as_it_was_told(run: Run) -> None:
    people = pd.read_csv("people.csv").assign(**{"full name": [f"P {n}" for n in range(400)]})
    people.assign(plz=["123", "?"] * 200).to_csv("people.csv", sep=";", index=False)
    told = ("--drop", "full name", "--read", "kind:plz=text", "--read", "na_values=?")
    assert run(*INIT, *ROLES, *told).exit_code == 0
    options = tomllib.loads(Path("challenge.toml").read_text())["challenges"]["people"]
    result = run("challenge", "check", "challenge.toml")

    assert options["data"]["source"] == (
        "csv:people.csv?kind:plz=text&na_values=%3F&drop=full%20name"
    )
    assert result.exit_code == 0, result.output


def test_init_says_domains_of_dates_in_words(run: Run) -> None:
    people = pd.read_csv("people.csv")[["age", "illness"]]
    born = pd.Timestamp("2020-01-01") - pd.to_timedelta(people["age"] * 365, "D")
    seen = pd.Timestamp("2024-01-01 08:00") + pd.to_timedelta(people["age"], "min")
    people.assign(born=born, seen=seen).to_parquet("visits.parquet", index=False)
    words = ("--quasi-identifiers", "born,seen", "--sensitive", "illness", "--output", "visits")
    result = run("challenge", "init", "visits.parquet", *words)

    assert result.exit_code == 0, result.output
    domains = re.findall(
        r"^(?:born|seen): cardinal, \S+ to \S+ in (.+), qi$", result.output, re.MULTILINE
    )
    assert domains == ["steps of 1 day", "steps of 60 seconds"]
    assert run("challenge", "check", "visits/challenge.toml").exit_code == 0


def test_init_overwrites_only_when_told(run: Run) -> None:
    assert run(*INIT, *ROLES).exit_code == 0
    again = run(*INIT, *ROLES)

    assert "--force" in str(again.exception)
    assert run(*INIT, *ROLES, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sensitive", "salary"), "salary"),
        (("--sensitive", "age"), "quasi-identifier and sensitive"),
        (("--sensitive", "illness", "--ordinal", "grade"), "LOW,...,HIGH"),
    ],
)
def test_init_says_what_is_wrong(run: Run, words: tuple[str, ...], message: str) -> None:
    assert message in str(run(*INIT, *words).exception)
    assert not Path("schema.json").exists()


def test_anonymize_takes_the_parameters_of_the_method(run: Run) -> None:
    assert run(*INIT, *ROLES).exit_code == 0
    words = ("anonymize", "people.csv", "--schema", "schema.json", "--output", "out.parquet")
    result = run(*words, "--method", "mondrian", "--k", "25", "--relaxed=yes")
    table = pd.read_parquet("out.parquet")

    assert result.exit_code == 0, result.output
    assert "k: 25 " in result.output
    assert {"age_min", "age_max", "town_Bonn"} <= set(table.columns)
    assert len(table) == 400


def test_anonymize_reads_hierarchies(run: Run) -> None:
    words = ("anonymize", "people.csv", "--quasi-identifiers", "town", "--output", "out.csv")
    result = run(*words, "--method", "datafly", "--k", "5", "--hierarchy", "town=towns.csv")

    assert result.exit_code == 0, result.output
    assert "scheme generalization" in result.output
    assert "town" in " ".join(pd.read_csv("out.csv").columns)


def test_equal_seeds_draw_equal_tables(run: Run) -> None:
    words = ("anonymize", "people.csv", "--quasi-identifiers", "age,town", "--method", "pram")
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run(*words, "--seed", seed, "--output", f"{name}.csv").exit_code == 0
    tables = {name: Path(f"{name}.csv").read_text() for name in "abc"}

    assert tables["a"] == tables["b"] != tables["c"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--method", "magic"), "no method 'magic'"),
        (("--method", "mondrian", "--j", "1"), "no parameter 'j'"),
        (("--method", "mondrian", "--k", "many"), "must be of type int"),
        (("--method", "mondrian", "--k"), "--parameter VALUE"),
        (("--method", "datafly", "--hierarchy", "town"), "COLUMN=FILE"),
        (("--method", "mondrian", "--schema", "people.csv"), "not both"),
    ],
)
def test_anonymize_says_what_is_wrong(run: Run, words: tuple[str, ...], message: str) -> None:
    fixed = ("anonymize", "people.csv", "--quasi-identifiers", "age", "--output", "out.csv")

    assert message in str(run(*fixed, *words).exception)
    assert not Path("out.csv").exists()


def test_anonymize_needs_a_table_and_a_method_only(run: Run) -> None:
    result = run("anonymize", "people.csv", "--method", "mondrian", "--k", "10")

    assert result.exit_code == 0, result.output
    assert "others may know every column" in result.output
    assert "grade_top" in pd.read_csv("people-mondrian.csv").columns


def test_anonymize_writes_a_page_with_readable_cells(run: Run) -> None:
    result = run(
        *("anonymize", "people.csv", "--quasi-identifiers", "age,town"),
        *("--method", "mondrian", "--k", "10", "--report", "page.html"),
    )
    assert result.exit_code == 0, result.output
    page = Path("page.html").read_text(encoding="utf-8")
    assert "people.csv, anonymized" in page
    assert "People by the size of their class" in page
    assert re.search(r">\[\d+-\d+\]<", page)
    assert "<script" not in page


def test_anonymize_says_which_column_gives_people_away(run: Run) -> None:
    people = pd.read_csv("people.csv")
    weights = np.random.default_rng(1).integers(40_000, 120_000, len(people)) / 1000
    people.assign(weight=weights).to_csv("weights.csv", index=False)
    words = ("anonymize", "weights.csv", "--quasi-identifiers", "age,town", "--method", "mondrian")

    assert re.search(r"given away by the value of weight alone: 99\.\d%", run(*words).output)


def test_lineage_is_published_if_it_is_asked_for_by_name(run: Run) -> None:
    people = pd.read_csv("people.csv")
    ids = pd.Index(np.random.default_rng(2).permutation(10_000)[: len(people)], name="record_id")
    people.set_index(ids).to_parquet("leaky.parquet")
    words = ("anonymize", "leaky.parquet", "--method", "identity", "--output", "out.parquet")
    column = ("--read", "index=column")
    result = run(*words, *column, "--declare", "record_id")
    published = pd.read_parquet("out.parquet").set_index("record_id")

    assert result.exit_code == 0, result.output
    assert "record_id: published beside the rows" in result.stderr
    pd.testing.assert_frame_equal(published.loc[ids], people.set_index(ids))
    assert "--declare record_id" in str(run(*words, *column).exception)
    assert "does not say who is who" in str(run(*words, *column, "--declare", "town").exception)
    assert "no column 'id' to declare" in str(run(*words, *column, "--declare", "id").exception)


def test_lineage_is_published_only_if_the_method_keeps_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Identity.anonymize
    monkeypatch.setattr(
        Identity,
        "anonymize",
        lambda *given, **more: kept(*given, **more).reset_index(drop=True),
    )
    pd.read_csv("people.csv").rename_axis("pid").to_csv("people.csv")
    words = ("anonymize", "people.csv", "--method", "identity", "--declare", "pid")

    assert "does not say whose each row is" in str(run(*words).exception)


def test_cells_in_words_are_read_by_people(run: Run) -> None:
    words = ("anonymize", "people.csv", "--quasi-identifiers", "age,town", "--output", "out.csv")
    result = run(*words, "--method", "mondrian", "--k", "10", "--format", "readable")
    table = pd.read_csv("out.csv")

    assert result.exit_code == 0, result.output
    assert list(table.columns) == ["age", "town", "grade", "illness"]
    assert table["age"].str.fullmatch(r"\[\d+-\d+\]|\d+|\*").all()
    assert set(table["town"]) & {"{Bonn, Kiel}", "{Kiel, Ulm}", "{Bonn, Ulm}", "Bonn", "*"}
    assert f"k: {table.groupby(['age', 'town']).size().min()} " in result.output


def test_programs_are_told_in_json(run: Run) -> None:
    result = run("anonymize", "people.csv", "--method", "mondrian", "--k", "10", "--json")
    said = json.loads(result.stdout)

    assert said["output"] == "people-mondrian.csv"
    assert said["columns"] == ["age", "town", "grade", "illness"]
    assert (said["scheme"], said["people"], said["published"]) == ("generalization", 400, 400)
    assert said["k"] >= 10
    assert said["given_away"] < 0.2
    result = run(*INIT, *ROLES, "--json")
    said = json.loads(result.stdout)
    assert (said["configuration"], said["schema"]) == ("challenge.toml", "schema.json")
    assert [column["role"] for column in said["columns"]] == ["qi", "qi", "other", "sensitive"]


def test_each_column_is_said_beside_the_answer(run: Run) -> None:
    for words in ((*INIT, *ROLES), ("anonymize", "people.csv", "--method", "identity")):
        assert "age: whole numbers\ntown: text\n" in run(*words).stderr


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
