"""Lomas' collections become a configuration, tokens and frozen accounts."""

import csv
import json
import tomllib

import pytest
from anomed_dp_query.challenge.config import DpQueryConfig
from anomed_dp_query.commands.dp import dp
from anomed_dp_query.lomas.collections import CollectionError, read_datasets, read_users
from click.testing import CliRunner

from anomed_core import UsageError
from anomed_core.config.structuring import structure

USERS = """
users:
  - user_name: "Dr. Antartica"
    may_query: true
    datasets_list:
      - dataset_name: PENGUIN
        initial_epsilon: 10
        initial_delta: 0.005
        total_spent_epsilon: 0.1
        total_spent_delta: 0.0
  - id: {name: Jack, email: j@example.org}
    may_query: false
    datasets_list:
      - {dataset_name: PENGUIN, initial_epsilon: 0.3, initial_delta: 0, total_spent_epsilon: 0.4}
"""
DATASETS = """
datasets:
  - dataset_name: PENGUIN
    dataset_access: {database_type: PATH_DB, path: penguin.csv}
    metadata_access: {database_type: PATH_DB, path: penguin.yaml}
  - dataset_name: OLD
    database_type: PATH_DB
    dataset_path: old.csv
    metadata: {database_type: PATH_DB, metadata_path: old.yaml}
  - dataset_name: FAR
    dataset_access: {database_type: S3_DB, bucket: b, key: k}
    metadata_access: {database_type: S3_DB}
"""


@pytest.fixture
def imported(tmp_path):
    (tmp_path / "users.yaml").write_text(USERS)
    (tmp_path / "datasets.yaml").write_text(DATASETS)
    words = ["import-lomas", str(tmp_path / "users.yaml"), str(tmp_path / "datasets.yaml")]
    words += ["--challenge", "penguin", "--output", str(tmp_path / "made")]
    done = CliRunner().invoke(dp, words, catch_exceptions=False)
    return done.output, tmp_path / "made"


def test_the_configuration_opens_what_is_left(imported):
    output, folder = imported
    document = tomllib.loads((folder / "challenge.toml").read_text())
    table = document["challenges"]["penguin"]
    assert table.pop("type") == "dp-query"
    config = structure(table, DpQueryConfig, key="")

    assert config.aliases == {"Dr. Antartica": "Dr.Antartica"}
    assert config.datasets["PENGUIN"].source == "csv:penguin.csv"
    assert config.datasets["OLD"].metadata == "old.yaml"
    assert str(config.budgets["Dr.Antartica"]["PENGUIN"].epsilon) == "9.9"
    assert config.budgets["Jack"]["PENGUIN"].epsilon == 0
    assert "FAR, no file is named" in output


def test_users_get_tokens_and_those_who_may_not_query_are_frozen(imported):
    _, folder = imported
    teams = list(csv.DictReader((folder / "teams.csv").read_text().splitlines()))
    states = list(csv.DictReader((folder / "budgets.csv").read_text().splitlines()))

    assert [(one["team"], one["role"], one["id"]) for one in teams] == [
        ("Dr.Antartica", "anonymizer", "Dr.Antartica"),
        ("Jack", "anonymizer", "Jack"),
    ]
    assert states == [
        {"challenge": "penguin", "subject": "Jack", "account": "penguin", "state": "frozen"}
    ]


@pytest.mark.parametrize("form", ["list", "lines", "extended"])
def test_dumps_of_mongodb_are_read(form):
    number = {"$numberDouble": "0.1"} if form == "extended" else 0.1
    users = [
        {
            "_id": {"$oid": "0"},
            "user_name": name,
            "datasets_list": [{"dataset_name": "X", "initial_epsilon": number}],
        }
        for name in ("ann", "bob")
    ]
    text = json.dumps(users) if form == "list" else "\n".join(map(json.dumps, users))

    found = read_users(text)

    assert [user.name for user in found] == ["ann", "bob"]
    assert {str(user.allowances[0].epsilon) for user in found} == {"0.1"}


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (read_users, "users: 3", "expected a list of users"),
        (read_users, "- 3", "entry 1: expected an object"),
        (read_users, "- {may_query: true}", "has no user_name"),
        (read_users, "- {user_name: a, datasets_list: 3}", "datasets_list must be a list"),
        (read_users, "- {user_name: a, datasets_list: [{}]}", "names no dataset"),
        (
            read_users,
            "- {user_name: a, datasets_list: [{dataset_name: D, initial_epsilon: -1}]}",
            "user 'a', D: initial_epsilon must be a number from 0, got -1",
        ),
        (read_users, "a: [", "neither YAML nor JSON"),
        (read_datasets, "- {x: 1}", "has no dataset_name"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(read, text, sentence):
    with pytest.raises(CollectionError) as refused:
        read(text)

    assert sentence in str(refused.value)


def test_a_dataset_that_nobody_describes_is_refused(tmp_path):
    (tmp_path / "users.yaml").write_text(USERS)
    (tmp_path / "datasets.yaml").write_text("datasets: []")
    words = ["import-lomas", str(tmp_path / "users.yaml"), str(tmp_path / "datasets.yaml")]

    with pytest.raises(UsageError, match="may ask 'PENGUIN', which"):
        CliRunner().invoke(dp, words, catch_exceptions=False)
