"""Dates are handed out, published as ranges, guessed and scored, over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anomed_client.cli.csv_tables import read_csv
from anomed_client.schemas import schema_of
from anomed_dataset_anonymization.anonymizers import create_anonymizer
from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig, DataSettings
from anomed_dataset_anonymization.schema import TableSchema

from .conftest import Player, open_player

BORN = "/data/deanonymizer/background-knowledge"


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    folder = tmp_path_factory.mktemp("dates")
    rng = np.random.default_rng(3)
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 20_000, 600), "D")
    seen = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 500_000, 600), "min")
    people = pd.DataFrame(
        {
            "born": born.strftime("%d.%m.%Y"),
            "town": rng.choice(["Bonn", "Kiel"], 600),
            "seen": seen.strftime("%Y-%m-%dT%H:%M"),
        }
    )
    people.loc[5, "born"] = None
    people.to_csv(folder / "people.csv", index=False)
    config = DatasetAnonymizationConfig(
        data=DataSettings(source=f"csv:{folder / 'people.csv'}"),
        quasi_identifiers=("born", "town"),
        sensitive=("seen",),
        noise={"born": 3},
        n_targets=50,
        n_queries=20,
    )
    player = open_player(folder / "state", config)
    yield player
    player.server.close()


def test_everything_handed_out_has_dates(player: Player) -> None:
    leaky, known = player.leaky(), player.table(BORN, anonymizer="a", deanonymizer="d")
    schema = TableSchema.from_document(player.get("/data/schema").json)

    assert [schema[name].dtype for name in schema.names] == ["date", "string", "date-time"]
    for table in (leaky, known, player.table("/data/reference")):
        assert table["born"].dt.year.min() >= 1950
        assert (table["born"].dropna() == table["born"].dropna().dt.normalize()).all()


def test_ranges_of_dates_are_published_scored_and_attacked(player: Player) -> None:
    leaky = player.leaky()
    schema = TableSchema.from_document(player.get("/data/schema").json)
    mondrian = create_anonymizer("mondrian", {"k": 5})
    table = mondrian.anonymize(leaky, schema, rng=np.random.default_rng(0))
    score = player.publish(table, mondrian.scheme)
    published = player.table("/data/deanonymizer/anonymized", anonymizer="alice")

    assert score.status_code == 201, score.text
    assert score.json["k"] >= 5
    assert (published["born_min"] <= published["born_max"]).all()

    ids = player.table(BORN, anonymizer="alice", deanonymizer="dora")["target_id"]
    guesses = pd.DataFrame({"target_id": ids, "seen": published["seen"].iloc[0]})
    attacked = player.attack(guesses, "inference")
    rebuilt = player.attack(leaky)

    assert attacked.json["answered"] == 1
    assert attacked.json["risk_low"] == 0
    assert rebuilt.json["match_exact"] > 0.4


def test_a_time_of_day_in_a_date_is_refused_with_the_cell(player: Player) -> None:
    leaky = player.leaky()
    leaky["born"] = leaky["born"].min() + pd.Timedelta(hours=12)
    answer = player.publish(leaky)

    assert answer.status_code == 422
    assert "T12:00:00, but its dates have no time of day" in answer.json["description"]


def test_dates_in_csv_are_guesses_as_the_challenge_publishes_its_columns(
    player: Player, tmp_path: Path
) -> None:
    told = {
        one["name"]: one["splits"]["tuning"]
        for one in player.get("/challenge.json").json["submissions"]
    }
    leaky = player.leaky()
    player.publish(leaky, anonymizer="carl")
    known = player.table(BORN, anonymizer="carl", deanonymizer="dora")
    guesses = pd.DataFrame({"target_id": known["target_id"], "seen": leaky["seen"].iloc[0]})
    scores = []
    for name, table in (("reconstruction", leaky), ("inference", guesses)):
        path = tmp_path / f"{name}.csv"
        table.to_csv(path, index=False)
        read = read_csv(path, schema_of(told[name])).to_pandas()
        answers = [player.attack(one, name, anonymizer="carl") for one in (table, read)]
        scores.append(answers[0].json)
        assert answers[0].json == answers[1].json, name

    assert scores[0]["match_exact"] > 0.4
