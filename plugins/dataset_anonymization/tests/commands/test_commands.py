"""``anomed anonymize`` and ``anomed challenge init``, as typed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
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
