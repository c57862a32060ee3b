"""What an organiser may configure, and the sentence that refuses anything else."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig, DataSettings
from anomed_dataset_anonymization.schema import Column, TableSchema

from anomed_core import ConfigError

from .conftest import CONFIG, Player, open_player


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_targets": 601}, "smallest pool of targets has 600"),
        ({"predict": "age"}, "not a nominal column"),
        ({"predict": "outcome"}, "choose another column"),
        ({"noise": {"outcome": 1.0}}, "only quasi-identifiers can have noise"),
        ({"schema": "nowhere.json"}, "cannot be read"),
        ({"quasi_identifiers": ("nobody",), "sensitive": ("outcome",)}, "nobody"),
        ({"quasi_identifiers": ("age",)}, "0 sensitive columns"),
        ({"data": DataSettings(source="simulated:village")}, "there is no simulation"),
    ],
)
def test_settings_that_do_not_suit_are_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        open_player(tmp_path, attrs.evolve(CONFIG, **changes))


def test_more_names_than_can_be_compared_are_refused_at_the_start(tmp_path: Path) -> None:
    names = [f"name {number}" for number in range(5_000)]
    schema = TableSchema(
        columns=[
            Column(name="name", kind="nominal", dtype="string", domain=names, role="qi"),
            Column(
                name="ill", kind="nominal", dtype="bool", domain=[False, True], role="sensitive"
            ),
        ]
    )
    (tmp_path / "schema.json").write_text(schema.to_json())
    pd.DataFrame({"name": names, "ill": False}).to_csv(tmp_path / "people.csv", index=False)
    config = attrs.evolve(
        CONFIG,
        data=DataSettings(source=f"csv:{tmp_path / 'people.csv'}"),
        schema=str(tmp_path / "schema.json"),
    )
    with pytest.raises(ConfigError, match="'name' lists 5000 values"):
        open_player(tmp_path, config)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"a": ["b_c"], "a_b": ["c"]}, "'a_b_c' is taken twice, by generalising the column 'a'"),
        ({"rank": ["a"], "ill": ["b"]}, "'rank' is taken twice, by the protocol"),
    ],
)
def test_schemas_whose_names_are_ambiguous_are_refused_at_the_start(
    tmp_path: Path, names: dict[str, list[str]], message: str
) -> None:
    columns = [
        {"name": name, "kind": "nominal", "dtype": "string", "domain": domain}
        for name, domain in names.items()
    ]
    (tmp_path / "schema.json").write_text(json.dumps({"columns": columns}))
    with pytest.raises(ConfigError, match=message):
        open_player(tmp_path, attrs.evolve(CONFIG, schema=str(tmp_path / "schema.json")))


@pytest.mark.parametrize("split", [(0.5, 0.5), (0.5, 0.3, 0.2), (0.4, 0.4, 0.4), (0.5, 0.5, 0.0)])
def test_splits_that_do_not_suit_are_refused(split: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="split"):
        DataSettings(source="csv:x.csv", split=split)


def test_roles_are_given_once() -> None:
    with pytest.raises(ValueError, match="either in the schema"):
        DatasetAnonymizationConfig(
            data=CONFIG.data, schema="schema.json", quasi_identifiers=("age",)
        )


def test_people_with_several_records_stay_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    records = pd.DataFrame(
        {
            "patient": np.repeat(np.arange(400), 3),
            "age": np.repeat(rng.integers(20, 90, 400), 3),
            "ward": rng.choice(["a", "b", "c"], 1200),
            "outcome": rng.choice(["home", "died"], 1200),
        }
    )
    records.to_csv(tmp_path / "records.csv", index=False)
    player = open_player(
        tmp_path / "state",
        DatasetAnonymizationConfig(
            data=DataSettings(source=f"csv:{tmp_path / 'records.csv'}", person="patient"),
            quasi_identifiers=("age", "ward"),
            sensitive=("outcome",),
            n_targets=50,
            n_queries=20,
        ),
    )
    parts = player.arena.people.parts
    patients = [set(records["patient"].to_numpy()[part]) for part in attrs.astuple(parts)]
    player.server.close()

    assert "patient" not in player.arena.schema
    assert sum(map(len, patients)) == 400


def test_the_written_schema_decides(tmp_path: Path, player: Player) -> None:
    document = player.get("/data/schema").json
    for column in document["columns"]:
        if column["name"] == "age":
            column["tolerance"] = 2.0
            column["role"] = "sensitive"
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(document))
    edited = open_player(tmp_path / "state", attrs.evolve(CONFIG, schema=str(schema)))
    edited.server.close()

    assert edited.arena.unknown_names == ("age", "diagnosis", "outcome")
    assert edited.arena.schema["age"].tolerance == 2.0
