"""``anomed anonymize`` and ``anomed challenge init``, as typed."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import Identity
from anomed_dataset_anonymization.schema import ColumnKind, TableSchema

from .conftest import INIT, ROLES, Run


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
