"""A challenge on a table as people bring it: codes, words and gaps are what its schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig, DataSettings
from anomed_dataset_anonymization.challenge.data import People, open_people
from anomed_dataset_anonymization.schema import TableSchema
from anomed_dataset_anonymization.schema.frames import people_frame

from anomed_core import ConfigError, CreationContext, Lottery
from anomed_core.datasets import builtin
from anomed_core.state import ArtifactStore

N_PEOPLE = 400


def people(folder: Path, source: str, **settings: Any) -> People:
    """Open the people of a challenge."""
    context = CreationContext(
        challenge_id="people",
        lottery=Lottery.seeded(1, "people"),
        artifacts=ArtifactStore(folder / "state"),
        sources={source.scheme: source for source in builtin.anomed_data_sources()},
    )
    data = DataSettings(source=source, person=settings.pop("person", ""))
    return open_people(DatasetAnonymizationConfig(data=data, n_targets=20, **settings), context)


def german_people() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"Alter, in Jahren": rng.integers(18, 90, N_PEOPLE)})
    table["plz"] = rng.choice(["01067", "04109", "10115"], N_PEOPLE)
    table["allergie"] = rng.choice(["None", "NA", "Nüsse"], N_PEOPLE)
    table["bmi"] = np.round(rng.normal(25, 4, N_PEOPLE), 1)
    table["raucht"] = pd.array(rng.random(N_PEOPLE) < 0.3, "boolean")
    table.loc[::7, "raucht"] = pd.NA
    table["pid"] = 2**60 + np.arange(N_PEOPLE) // 2
    return table


def test_what_a_german_table_says_is_what_the_schema_says(tmp_path: Path) -> None:
    path, table = tmp_path / "people.csv", german_people()
    table.to_csv(path, sep=";", decimal=",", index=False, encoding="latin-1")

    opened = people(tmp_path, f"csv:{path}", person="pid", quasi_identifiers=("plz",))

    schema = opened.schema
    assert schema["plz"].domain == ("01067", "04109", "10115")
    assert schema["allergie"].domain == ("NA", "None", "Nüsse")
    assert schema["raucht"].dtype == "bool"
    frame = people_frame(opened.coordinates, schema)
    for name in ("plz", "allergie", "bmi", "Alter, in Jahren"):
        assert frame[name].tolist() == table[name].tolist()
    assert frame["raucht"].isna().equals(table["raucht"].isna())
    # Ids that floats cannot tell apart are of different people.
    parts = (opened.parts.leaky, opened.parts.non_members, opened.parts.reference)
    assert [len(set(table["pid"].iloc[part])) * 2 for part in parts] == [*map(len, parts)]


def test_a_schema_decides_what_a_file_cannot_say(tmp_path: Path) -> None:
    path, schema_path = tmp_path / "people.csv", tmp_path / "schema.json"
    rows = [
        f"{123 + n % 3},{n % 2}.0,{('yes', 'no')[n % 2]},2024-01-0{1 + n % 3}" for n in range(400)
    ]
    path.write_text("\n".join(["plz,kids,smoker,seen", *rows]))
    described = [
        {"name": "plz", "kind": "nominal", "dtype": "string", "domain": ["123", "124", "125"]},
        {"name": "kids", "kind": "ordinal", "dtype": "int64", "domain": [0, 1]},
        {"name": "smoker", "kind": "nominal", "dtype": "bool", "domain": [False, True]},
        {
            "name": "seen",
            "kind": "nominal",
            "dtype": "string",
            "domain": ["2024-01-01", "2024-01-02", "2024-01-03"],
        },
    ]
    roles = ["qi", "other", "sensitive", "other"]
    columns = [column | {"role": role} for column, role in zip(described, roles, strict=True)]
    schema_path.write_text(json.dumps({"columns": columns}))

    opened = people(tmp_path, f"csv:{path}", schema=str(schema_path))

    assert opened.schema == TableSchema.from_document({"columns": columns})
    assert opened.coordinates[:2].tolist() == [[0, 0, 1, 0], [1, 1, 0, 1]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age,town,bmi\n30,Bonn,25,1\n", "line 2: 4 cells stand under 3 names"),
        ("age,age\n30,31\n", "columns 1 and 2 have one name"),
        ("age,town\n", "there is no record below the header"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text)

    with pytest.raises(ConfigError, match=f"data.source: people.csv.*{said}"):
        people(tmp_path, f"csv:{path}", quasi_identifiers=("age",))


def test_an_index_of_names_is_refused_unless_it_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    table = german_people().drop(columns="pid").set_axis([f"P{n}" for n in range(N_PEOPLE)])
    table.to_parquet(path)

    with pytest.raises(ConfigError, match=r"keeps an index .*, which may say who is who"):
        people(tmp_path, f"parquet:{path}", quasi_identifiers=("plz",))
    opened = people(tmp_path, f"parquet:{path}?index=drop", quasi_identifiers=("plz",))
    assert opened.schema.names == tuple(table.columns)
