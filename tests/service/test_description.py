"""What a challenge says about itself is JSON, and complete."""

import json
from typing import Any

import pytest

from anomed_core.service import describe
from anomed_core.service.description import schema_as_json
from tests.conftest import OpenServer
from tests.example_types import Guessing, Tables


@pytest.fixture
def described(server_of: OpenServer) -> dict[str, Any]:
    server = server_of(Guessing())
    text = json.dumps(describe(server.challenges["guessing"], base="/here"), allow_nan=False)
    facts: dict[str, Any] = json.loads(text)
    return facts


def test_a_challenge_names_itself_and_its_makers(described: dict[str, Any]) -> None:
    assert described["id"] == described["type"] == "guessing"
    assert described["title"] == "The guessing game"
    assert (described["api"], described["core_version"]) == (1, "0.1.0")
    assert described["plugin"]["name"] == "guessing-0"
    assert len(described["fingerprint"]) == 64


def test_products_are_listed_below_the_base(described: dict[str, Any]) -> None:
    training, pair = described["products"]

    assert training["path"] == "/here/data/anonymizer/training"
    assert (training["static"], pair["static"]) == (True, False)
    assert training["audience"] == ["anonymizer"]
    assert training["schema"]["arrays"][0] == {
        "name": "X",
        "kinds": ["float"],
        "dtype": "float64",
        "shape": [10],
        "required": True,
        "finite": False,
        "low": None,
        "high": None,
        "description": "Halves of the numbers.",
        "unit": "",
    }
    assert [p["name"] for p in pair["parameters"]] == ["anonymizer", "deanonymizer", "data_split"]


def test_submissions_are_listed_with_their_metrics(described: dict[str, Any]) -> None:
    anonymizer, _ = described["submissions"]

    assert anonymizer["path"] == "/here/utility/anonymizer"
    assert (anonymizer["submitter"], anonymizer["purpose"]) == ("anonymizer", "utility")
    assert list(anonymizer["splits"]) == ["tuning", "validation"]
    assert anonymizer["metrics"][1] == {
        "name": "mae",
        "direction": "lower",
        "low": 0,
        "high": None,
        "chance": None,
        "primary": True,
        "tie_breaker": None,
        "definition": "",
    }


def test_every_form_of_payload_is_described(server_of: OpenServer) -> None:
    facts = describe(server_of(Tables()).challenges["tables"], base="")
    forms = [kind["splits"]["validation"]["format"] for kind in facts["submissions"]]

    assert forms == ["multipart", "parquet", "json"]
    assert [p["schema"]["format"] for p in facts["products"]] == ["parquet", "json"]
    json.dumps(facts, allow_nan=False)


def test_the_ground_truth_is_not_described(server_of: OpenServer) -> None:
    server = server_of(Guessing())
    text = json.dumps(describe(server.challenges["guessing"], base=""))

    assert server.state.secret().hex() not in text


def test_what_is_no_schema_has_no_description() -> None:
    with pytest.raises(TypeError, match="no description of dict"):
        schema_as_json({})
