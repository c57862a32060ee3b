"""The OpenAPI document is valid and describes what is served."""

import json
from typing import Any

import pytest
from falcon.testing import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from anomed_core.web import create_web_app, mounted_challenges, openapi
from tests.conftest import OpenHouse
from tests.example_types import Guessing, Tables


@pytest.mark.parametrize(
    "plugins", [(Guessing,), (Tables,), (Guessing, Tables)], ids=["arrays", "tables", "both"]
)
def test_the_document_is_valid(plugins: tuple[type, ...], house_of: OpenHouse) -> None:
    document = openapi(mounted_challenges(house_of(*(plugin() for plugin in plugins))))

    OpenAPIV31SpecValidator(json.loads(json.dumps(document, allow_nan=False))).validate()


def test_operation_ids_are_unique(house_of: OpenHouse) -> None:
    document = openapi(mounted_challenges(house_of(Guessing(), Tables())))
    ids = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if "operationId" in operation
    ]

    assert len(set(ids)) == len(ids)


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    served: dict[str, Any] = client.simulate_get("/openapi.json").json
    return served


def test_every_described_path_is_served(client: TestClient, document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        answer = client.simulate_options(path.replace("{score_id}", "1"))
        described = {method.upper() for method in operations}
        assert answer.status_code == 200, path
        assert described <= set(answer.headers["Allow"].split(", ")), path


def test_parameters_have_their_choices(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/data/pair"]["get"]["parameters"]

    assert [parameter["name"] for parameter in parameters] == [
        "anonymizer",
        "deanonymizer",
        "data_split",
    ]
    assert parameters[2]["schema"]["enum"] == ["tuning", "validation"]


def test_metrics_have_their_bounds(document: dict[str, Any]) -> None:
    answer = document["paths"]["/utility/anonymizer"]["post"]["responses"]["201"]
    schema = answer["content"]["application/json"]["schema"]

    assert list(schema["properties"]) == schema["required"] == ["hits", "mae"]
    assert schema["properties"]["hits"] == {
        "type": "number",
        "description": "",
        "minimum": 0,
        "maximum": 1,
    }
    assert "maximum" not in schema["properties"]["mae"]


def test_every_refusal_is_described(document: dict[str, Any]) -> None:
    responses = document["paths"]["/utility/anonymizer"]["post"]["responses"]

    assert {int(status) for status in responses} == {
        201, 400, 401, 403, 408, 409, 411, 413, 422, 429, 503, 504, 507,
    }  # fmt: skip


def test_forms_and_documents_have_their_media_types(house_of: OpenHouse) -> None:
    client = TestClient(create_web_app(house_of(Tables())))
    paths = client.simulate_get("/openapi.json").json["paths"]

    bodies = [
        list(paths[f"/utility/{kind}"]["post"]["requestBody"]["content"])
        for kind in ("anonymizer", "deanonymizer", "claims")
    ]
    assert bodies == [["multipart/form-data"], ["application/octet-stream"], ["application/json"]]
