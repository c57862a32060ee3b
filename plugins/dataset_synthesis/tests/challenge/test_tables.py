"""A challenge on a table as people bring it: nothing is lost on the way to its codebook."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.challenge.config import DataSettings
from anomed_dataset_synthesis.challenge.data import Population, open_population
from anomed_dataset_synthesis.table.inference import infer_codebook
from click.testing import CliRunner, Result

from anomed_core import ConfigError, CreationContext, Lottery
from anomed_core.cli import anomed
from anomed_core.datasets import builtin
from anomed_core.state import ArtifactStore

N_PEOPLE = 3_000
CONFIG = """[challenges.people]
type = "dataset-synthesis"
targets = 100
tasks = 1
seed = 1
secrets = ["outcome"]
data = {{ source = {source} }}
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(source: str, *words: str) -> Result:
    Path("people.toml").write_text(CONFIG.format(source=json.dumps(source)))
    return CliRunner().invoke(anomed, ["challenge", "check", "people.toml", *words])


def german_people() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    age = rng.integers(18, 90, N_PEOPLE)
    table = pd.DataFrame({"Alter, in Jahren": age})
    table["plz"] = np.array(["01067", "04109", "10115"])[age % 3]
    table["outcome"] = np.where(rng.random(N_PEOPLE) < age / 120, "NA", "None")
    table["wage"] = pd.array(1_000 + 50 * age, "Int64")
    table.loc[::9, "wage"] = pd.NA
    table["cost"] = np.round(rng.gamma(2, 9, N_PEOPLE), 2)
    table.loc[3, "cost"] = 250_000.0
    table["smoker"] = pd.array(rng.random(N_PEOPLE) < 0.3, "boolean")
    table.loc[::11, "smoker"] = pd.NA
    table["seen"] = pd.Timestamp(2024, 1, 1) + pd.to_timedelta(age, unit="D")
    table["pid"] = 2**53 + 1 + 2 * rng.permutation(N_PEOPLE)
    table["Größe"] = "mittel"
    return table


def test_a_german_table_is_checked_and_what_it_was_taken_for_is_said() -> None:
    table = german_people().assign(seen=lambda t: t["seen"].dt.strftime("%d.%m.%Y"))
    table.to_csv("people.csv", sep=";", decimal=",", index=False, encoding="latin-1")

    done = check("csv:people.csv", "--json")

    assert done.exit_code == 0, done.output
    (line,) = (line for line in done.stderr.splitlines() if "read otherwise" in line)
    assert "separator ';', decimal mark ',', cp1252" in line
    assert "text: plz, outcome; whole numbers: wage; booleans: smoker; dates: seen" in line


def population(folder: Path, **settings: Any) -> Population:
    """Open a population as a challenge does."""
    context = CreationContext(
        challenge_id="people",
        lottery=Lottery.seeded(1, "people"),
        artifacts=ArtifactStore(folder),
        sources={source.scheme: source for source in builtin.anomed_data_sources()},
    )
    return open_population(DataSettings(**settings), context)


def test_codes_words_gaps_cents_dates_and_long_ids_are_in_the_codebook(tmp_path: Path) -> None:
    table = german_people()
    table["seen"] = table["seen"].dt.date
    table.to_parquet("people.parquet")
    table.assign(smoker=table["smoker"].astype("str")).to_csv("people.csv", index=False)

    books = [
        population(tmp_path / scheme, source=f"{scheme}:people.{scheme}{query}").codebook
        for scheme, query in (("parquet", ""), ("csv", "?na_values=nan"))
    ]

    assert books[0] == books[1]
    book = books[0]
    assert book.column("plz").categories == ("01067", "04109", "10115")
    assert book.column("outcome").categories == ("NA", "None")
    assert book.column("smoker").categories == ("false", "true")
    kinds = {column.name: column.kind for column in book.columns if hasattr(column, "kind")}
    assert kinds["wage"] == kinds["pid"] == "integer"
    assert kinds["seen"] == "date"
    assert book.column("cost").step == 0.01
    assert book.column("pid").minimum > 2**53
    assert book.column("pid").is_wide


def test_a_codebook_decides_what_the_columns_of_a_file_are(tmp_path: Path) -> None:
    rows = "".join(f"{zip_code},31/01/2024,yes\n" for zip_code in (123, 456) * 60)
    Path("people.csv").write_text(f"plz,born,smoker\n{rows}")
    learnt = pd.DataFrame({"plz": ["123", "456"], "smoker": ["false", "true"]})
    learnt["born"] = pd.to_datetime("2024-01-31")
    book = infer_codebook(learnt)
    Path("book.json").write_text(json.dumps(book.to_mapping()))

    people = population(tmp_path / "state", source="csv:people.csv", codebook="book.json")

    assert people.codebook == book
    assert (people.background.column("smoker") == 1).all()


def test_what_is_no_table_stops_the_check_with_its_line() -> None:
    Path("people.csv").write_text("age,town,bmi\n30,Bonn,25,1\n31,Kiel,22,4\n")

    done = check("csv:people.csv")

    assert isinstance(done.exception, ConfigError)
    assert "data.source: people.csv, line 2: 4 cells stand under 3 names" in str(done.exception)
