"""The commands, as somebody types them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.audit.declaration import parse_declaration
from anomed_dataset_synthesis.commands.command_line import METHOD_NAMES
from anomed_dataset_synthesis.commands.compare import compare
from anomed_dataset_synthesis.commands.methods import METHODS
from anomed_dataset_synthesis.commands.synthesize import synthesize
from anomed_dataset_synthesis.table.inference import infer_codebook
from click.testing import CliRunner, Result

OWN_METHODS = METHOD_NAMES[:6]
STEPS = ("--step", "weight=5", "--step", "number=50000")


@pytest.fixture
def people(
    simulator: Callable[..., pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "people.parquet"
    simulator(1_500, np.random.default_rng(3)).to_parquet(path)
    return path


def run(command: Any, *words: Any) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def test_every_method_that_can_be_named_can_be_made() -> None:
    assert tuple(METHODS) == METHOD_NAMES


@pytest.fixture
def others(simulator: Callable[..., pd.DataFrame], people: Path) -> Path:
    path = people.with_name("others.parquet")
    simulator(1_500, np.random.default_rng(4)).to_parquet(path)
    return path


@pytest.mark.parametrize("method", OWN_METHODS)
def test_a_table_and_what_to_say_of_it_are_written(people: Path, others: Path, method: str) -> None:
    done = run(synthesize, people, "--method", method, "--background", others, "--records", 700)
    assert done.exit_code == 0, done.output
    table = pd.read_parquet("synthetic.parquet")
    assert len(table) == 700
    assert list(table.columns) == list(pd.read_parquet(people).columns)
    declared = parse_declaration(json.loads(Path("synthetic.claim.json").read_text()))
    assert (declared.guarantee is not None) == method.startswith("dp-")
    assert declared.training_time_s is not None


def test_equal_seeds_give_equal_files(people: Path) -> None:
    for seed, name in ((1, "a.csv"), (1, "b.csv"), (2, "c.csv")):
        run(synthesize, people, "--method", "bootstrap", "--seed", seed, "--output", name)
    a, b, c = (Path(name).read_bytes() for name in ("a.csv", "b.csv", "c.csv"))
    assert a == b != c


@pytest.mark.parametrize(
    "cells",
    [
        ["20001", "55555", ""],
        ["4.99", "12.5", "250000.0"],
        ["9007199254740993", "9007199254740995", "9007199254740997"],
    ],
)
def test_a_raw_copy_writes_the_cells_that_came_in(people: Path, cells: list[str]) -> None:
    rows = [f"{cell},{age}" for cell, age in zip(cells, (30, 31, 32), strict=True)]
    Path("in.csv").write_text("\n".join(["amount,age", *rows]) + "\n")
    done = run(synthesize, "in.csv", "--method", "copy", "--output", "out.csv")
    assert done.exit_code == 0, done.output
    assert sorted(Path("out.csv").read_text().split()[1:]) == sorted(rows)


def test_a_claim_is_not_made_on_bounds_that_the_table_gave_away(people: Path) -> None:
    done = run(synthesize, people, "--method", "dp-marginal-tree")
    assert done.exit_code == 2
    assert "not covered by its claim" in done.output
    assert not Path("synthetic.parquet").exists()


@pytest.mark.parametrize("n_shared", [1_500, 50])
def test_a_claim_is_not_made_on_a_background_of_the_same_people(
    people: Path, others: Path, n_shared: int
) -> None:
    shared = pd.read_parquet(people).head(n_shared)
    pd.concat([shared, pd.read_parquet(others).iloc[n_shared:]]).to_parquet("public.parquet")
    words = (synthesize, people, "--background", "public.parquet", "--method")
    done = run(*words, "dp-marginal-tree")
    assert done.exit_code == 2
    assert f"{n_shared} of the 1500 records" in " ".join(done.output.split())
    assert not Path("synthetic.parquet").exists()
    assert run(*words, "independent-columns").exit_code == 0  # claims nothing


@pytest.mark.parametrize("epsilon", [1, 0.1])
def test_a_private_method_leaves_no_gaps_where_nobody_has_any(
    people: Path, others: Path, epsilon: float
) -> None:
    for path in (people, others):
        pd.read_parquet(path).fillna({"weight": 70.0}).head(750).to_parquet(path)
    words = ("--method", "dp-marginal-tree", "--epsilon", epsilon, "--background", others)
    assert run(synthesize, people, *words, "--output", "out.csv").exit_code == 0
    table = pd.read_csv("out.csv")
    assert not table.isna().any().any()
    assert table["age"].dtype == np.int64


@pytest.mark.parametrize("command", [synthesize, compare])
def test_texts_that_identify_people_are_refused_until_dropped(people: Path, command: Any) -> None:
    table = pd.read_parquet(people)
    names = [f"Person {place}" for place in range(len(table))]
    table.assign(name=names).to_parquet("named.parquet")
    methods = ("--method", "independent-columns", "--step", "weight=5", "--step", "number=50000")
    done = run(command, "named.parquet", *methods)
    assert done.exit_code == 2
    assert "--drop name" in done.output
    assert "1500 different texts" in " ".join(done.output.split())
    done = run(command, "named.parquet", *methods, "--drop", "name")
    assert done.exit_code == 0, done.output
    table.assign(pid=range(7, 7 + len(table))).to_parquet("named.parquet")
    done = run(command, "named.parquet", *methods)
    assert done.exit_code == 2
    assert "1500 different whole numbers" in " ".join(done.output.split())
    table.assign(name=names[:500] * 3).to_parquet("named.parquet")
    assert run(command, "named.parquet", *methods).exit_code == 0


def test_a_published_codebook_says_what_may_be_said(people: Path) -> None:
    book = infer_codebook(pd.read_parquet(people), steps={"weight": 5, "number": 50_000})
    Path("book.json").write_text(json.dumps({**book.to_mapping(), "gate": 0.6}))
    command = (synthesize, people, "--method", "dp-marginal-tree", "--codebook", "book.json")
    assert run(*command, "--epsilon", 3).exit_code == 0
    assert set(pd.read_parquet("synthetic.parquet")["weight"].dropna() % 5) == {0}
    assert json.loads(Path("synthetic.claim.json").read_text())["epsilon"] == 3
    assert run(*command, *STEPS).exit_code == 2
    Path("book.json").write_text("[1]")
    assert "'columns'" in run(*command).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--drop", "name"], "no column 'name'"),
        (["--step", "age"], "COLUMN=WIDTH"),
        (["--step", "height=3"], "height"),
    ],
)
def test_what_does_not_fit_the_table_is_said(people: Path, words: list[str], said: str) -> None:
    done = run(synthesize, people, "--method", "copy", *words)
    assert done.exit_code == 2
    assert said in done.output


def test_files_of_no_table_are_refused(people: Path) -> None:
    Path("bad.parquet").write_bytes(b"no parquet")
    done = run(synthesize, "bad.parquet", "--method", "copy")
    assert done.exit_code == 2
    assert "no readable" in done.output


def test_a_missing_environment_is_named_with_the_way_to_it(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMED_CACHE", str(tmp_path / "none"))
    done = run(synthesize, people, "--method", "tabular-argn")
    assert done.exit_code == 2
    assert "mostlyai-engine" in done.output
    assert "--install" in done.output


def test_methods_are_compared_in_a_table(people: Path) -> None:
    options = (*STEPS, "--secret", "outcome", "--tasks", 2, "--targets", 120)
    methods = ("--method", "copy", "--method", "dp-marginal-tree")
    done = run(compare, people, *methods, *options)
    assert done.exit_code == 0, done.output
    heading, copied, private = done.stdout.splitlines()
    assert heading.split()[:5] == ["generator", "accuracy", "runtime", "epsilon", "delta"]
    assert copied.split()[:2] == ["copy", "100.0%"]
    assert " 1.00 " in private
    assert "1 of 2: copy" in done.stderr
    found = json.loads(run(compare, people, *methods, *options, "--json").stdout)
    assert [row["name"] for row in found["rows"]] == ["copy", "DP marginal tree"]
    assert found["rows"][0]["risk"] > 0.4 > found["rows"][1]["risk"]


def test_a_comparison_is_written_as_a_page(people: Path) -> None:
    options = (*STEPS, "--tasks", 1, "--targets", 120, "--report", "compared.html")
    done = run(compare, people, "--method", "copy", *options)
    assert done.exit_code == 0, done.output
    assert "wrote compared.html" in done.stderr
    html = Path("compared.html").read_text(encoding="utf-8")
    assert "Generators compared on people.parquet" in html
    assert html.index("The most useful: copy") < html.index("Utility against risk")
    assert ">copy</td>" in html
    assert "<script" not in html


def test_numbers_of_all_kinds_are_compared(people: Path) -> None:
    """Whole numbers beside gaps, one large amount, long ids, a column that few have."""
    table, rng = pd.read_parquet(people), np.random.default_rng(0)
    table["wage"] = (20_001 + 500 * table["age"]).where(rng.random(len(table)) > 0.1)
    table["cost"] = np.round(rng.gamma(2, 9, len(table)), 2)
    table.loc[5, "cost"] = 250_000.0
    table["pid"] = 2**60 + rng.choice(10**9, len(table), replace=False)
    table["rare"], table["never"] = pd.Series([1.5, 2.5, 4.0]), np.nan
    table.drop(columns=["weight", "number"]).to_parquet("numbers.parquet")
    done = run(compare, "numbers.parquet", "--method", "copy", "--targets", 100, "--tasks", 1)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[1].split()[:2] == ["copy", "100.0%"]
    assert "column 'never' is left out" in done.stderr


@pytest.mark.parametrize("n_records", [60, 500])
def test_what_is_undefined_is_a_dash_with_its_reason(people: Path, n_records: int) -> None:
    rng = np.random.default_rng(0)
    noise = {name: rng.integers(0, 9, n_records) for name in ("one", "two", "three")}
    pd.DataFrame(noise).to_csv("noise.csv", index=False)
    methods = ("--method", "copy", "--method", "independent-columns")
    done = run(compare, "noise.csv", *methods, "--report", "noise.html")
    assert done.exit_code == 0, done.output
    assert "copy has no transfer auc" in Path("noise.html").read_text(encoding="utf-8")
    assert "no model is trained: no column can be predicted" in done.stderr
    _, copied, independent, *remarks = done.stdout.splitlines()
    assert copied.split()[:2] == ["copy", "100.0%"]
    assert " - " in copied
    assert independent.startswith("independent columns")
    assert "copy has no transfer auc, transfer ratio: there is no task" in "\n".join(remarks)


def test_more_targets_than_can_be_told_apart_are_refused_before_training(people: Path) -> None:
    done = run(compare, people, "--method", "copy", *STEPS, "--targets", 5_000)
    assert done.exit_code == 2
    assert "1 of 1" not in done.output
    assert "--targets 5000" in done.output


def test_the_notebook_needs_its_environment(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMED_CACHE", str(tmp_path / "none"))
    done = run(compare, people, "--notebook")
    assert done.exit_code == 2
    assert "mostlyai-engine" in done.output


def test_a_secret_must_be_a_column(people: Path) -> None:
    done = run(compare, people, "--secret", "name")
    assert done.exit_code == 2
    assert "'name'" in done.output
