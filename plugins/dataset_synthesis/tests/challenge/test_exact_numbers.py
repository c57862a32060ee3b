"""What people hand in is what others get, and columns without a value are scored, over HTTP."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_client.cli.csv_tables import read_csv
from anomed_client.schemas import FormSchema
from anomed_dataset_synthesis.challenge.config import DataSettings
from anomed_dataset_synthesis.table.inference import infer_codebook

TUNING = "tuning"
FIRST_ID = 2**60 + 1
NUMBERS = ("wage", "cost", "seen", "rare")


@pytest.fixture(scope="module")
def register(
    simulator: Callable[..., pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A table with whole numbers beside blanks, one large amount, long ids and a rare value."""
    rng = np.random.default_rng(77)
    n_people = 6_000
    people = simulator(n_people, rng)[["age", "visits", "region", "job", "outcome"]]
    wage = 12_001 + 937 * people["age"] + rng.integers(0, 5_000, n_people)
    people["wage"] = wage.where(rng.random(n_people) > 0.1)
    people["cost"] = np.round(rng.gamma(2, 9, n_people) + people["visits"], 2)
    people.loc[17, "cost"] = 250_000.00
    people["pid"] = FIRST_ID + rng.permutation(10 * n_people)[:n_people]
    people["seen"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(people["age"] * 7, "D")
    people["rare"] = pd.Series([1.5, 2.5, 3.0, 4.5])
    path = tmp_path_factory.mktemp("register") / "register.parquet"
    people.to_parquet(path, index=False)
    book = infer_codebook(people, nullable=True)
    path.with_suffix(".json").write_text(json.dumps(book.to_mapping()))
    return path


@pytest.fixture(scope="module")
def exact(open_served: Any, register: Path) -> Any:
    data = DataSettings(source=f"parquet:{register}", codebook=str(register.with_suffix(".json")))
    return open_served(data=data, secrets=("outcome",))


def records(table: pd.DataFrame, order: list[str]) -> Counter[tuple[Any, ...]]:
    cells = table[order].assign(seen=pd.to_datetime(table["seen"])).astype(object)
    return Counter(cells.where(table[order].notna(), None).itertuples(index=False, name=None))


def test_a_copy_is_published_as_it_was_handed_in(exact: Any, register: Path) -> None:
    training = exact.player.table("/data/anonymizer/training", data_split=TUNING)
    score = exact.player.publish("copy", training, data_split=TUNING)
    assert score["utility"] > 0.8
    published = exact.player.table("/data/synthetic", data_split=TUNING, anonymizer="copy")
    order = list(training.columns)
    assert records(published, order) == records(training, order)
    people = pd.read_parquet(register)
    assert not records(training, order) - records(people, order)
    assert training["pid"].dtype == np.int64
    assert training["wage"].isna().any()


def test_a_copy_in_csv_is_what_the_challenge_publishes_of_its_columns(
    exact: Any, tmp_path: Path
) -> None:
    training = exact.player.table("/data/anonymizer/training", data_split=TUNING)
    training.to_csv(tmp_path / "copy.csv", index=False)
    forms = (kind.schemas[TUNING] for kind in exact.player.challenge.kinds.values())
    (schema,) = (
        part.schema
        for form in forms
        if isinstance(form, FormSchema)
        for part in form.parts
        if part.name == "synthetic"
    )
    exact.player.publish("csv", read_csv(tmp_path / "copy.csv", schema), data_split=TUNING)
    published = exact.player.table("/data/synthetic", data_split=TUNING, anonymizer="csv")
    order = list(training.columns)
    assert records(published, order) == records(training, order)


@pytest.mark.parametrize("blank", [*NUMBERS, NUMBERS])
def test_columns_without_a_value_are_scored(exact: Any, blank: str | tuple[str, ...]) -> None:
    training = exact.player.table("/data/anonymizer/training", data_split=TUNING)
    names = [blank] if isinstance(blank, str) else list(blank)
    name = "-".join(["blank", *names])
    table = training.assign(**dict.fromkeys(names, np.nan))
    score = exact.player.publish(name, table, data_split=TUNING)
    assert 0 <= score["utility"] <= 1
    assert exact.attacked("panel", name) is not None
    if blank == NUMBERS:
        assert score["utility"] == 0
