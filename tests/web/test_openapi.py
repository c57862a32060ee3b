"""The OpenAPI document is valid and describes what is served."""

import json
from typing import Any

import pytest
from falcon.testing import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from anomed_core import (
    ANONYMIZER,
    DEANONYMIZER,
    Challenge,
    JSONSchema,
    Metric,
    Parameter,
    Role,
    Split,
    SubmissionKind,
    hookimpl,
)
from anomed_core.web import create_web_app, mounted_challenges, openapi
from anomed_core.web.app import CORE_ROUTES
from anomed_core.web.pages.registry import PAGES
from anomed_core.web.pages.showing import ASSETS
from tests.conftest import OpenServer
from tests.example_types import Guessing, Tables


@pytest.mark.parametrize(
    "plugins", [(Guessing,), (Tables,), (Guessing, Tables)], ids=["arrays", "tables", "both"]
)
def test_the_document_is_valid(plugins: tuple[type, ...], server_of: OpenServer) -> None:
    document = openapi(mounted_challenges(server_of(*(plugin() for plugin in plugins))))

    OpenAPIV31SpecValidator(json.loads(json.dumps(document, allow_nan=False))).validate()


def test_operation_ids_are_unique(server_of: OpenServer) -> None:
    document = openapi(mounted_challenges(server_of(Guessing(), Tables())))
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
        answer = client.simulate_options(
            path.replace("{score_id}", "1").replace("{job_id}", "1").replace("{number}", "1")
        )
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


def test_forms_and_documents_have_their_media_types(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Tables())))
    paths = client.simulate_get("/openapi.json").json["paths"]

    bodies = [
        list(paths[f"/utility/{kind}"]["post"]["requestBody"]["content"])
        for kind in ("anonymizer", "deanonymizer", "claims")
    ]
    assert bodies == [["multipart/form-data"], ["application/octet-stream"], ["application/json"]]


class Sharing(Tables):
    """Takes three kinds of attacks at one path: two tables and a document."""

    @hookimpl
    def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
        extra = Parameter(name="slice", required=False, choices=("old", "young"))

        def attack(name: str, schema: Any, *parameters: Parameter) -> SubmissionKind:
            return SubmissionKind(
                name=name,
                path="/utility/deanonymizer",
                submitter=Role.DEANONYMIZER,
                schema=schema,
                parameters=parameters,
                selector=("task", name),
                default_split=Split.VALIDATION,
                with_target=False,
                description=f"What is known of {name}.",
            )

        return [
            attack("members", self.TABLE, ANONYMIZER, DEANONYMIZER),
            attack("links", self.TABLE, ANONYMIZER, extra),
            attack("claims", JSONSchema(schema={"type": "object"}), ANONYMIZER),
        ]

    @hookimpl
    def anomed_metrics(self, challenge: Challenge) -> list[Metric]:
        names = ("members", "links", "claims")
        return [Metric(name="hits", kind=name, measure=lambda *, target: 0) for name in names]


@pytest.fixture
def shared(server_of: OpenServer) -> Any:
    """Return the operation of kinds that share a path."""
    document = openapi(mounted_challenges(server_of(Sharing())))
    OpenAPIV31SpecValidator(json.loads(json.dumps(document, allow_nan=False))).validate()
    return document["paths"]["/utility/deanonymizer"]["post"]


def test_kinds_that_share_a_path_are_chosen_by_a_parameter(shared: Any) -> None:
    parameters = {parameter["name"]: parameter for parameter in shared["parameters"]}

    assert parameters["task"]["schema"]["enum"] == ["members", "links", "claims"]
    assert not parameters["task"]["required"]
    assert "members, if it is left out" in parameters["task"]["description"]
    assert "* links: What is known of links." in shared["description"]


def test_only_what_all_kinds_of_a_path_require_is_required(shared: Any) -> None:
    required = {parameter["name"]: parameter["required"] for parameter in shared["parameters"]}

    assert required == {
        "anonymizer": True,
        "deanonymizer": False,
        "slice": False,
        "task": False,
        "Idempotency-Key": False,
        "Prefer": False,
    }


def test_bodies_of_kinds_that_share_a_path_are_alternatives(shared: Any) -> None:
    content = shared["requestBody"]["content"]

    tables = content["application/octet-stream"]["schema"]["anyOf"]
    assert [table["title"] for table in tables] == ["members", "links"]
    assert content["application/json"]["schema"] == {"type": "object"}


def test_answers_of_kinds_that_share_a_path_are_alternatives(shared: Any) -> None:
    answers = shared["responses"]["201"]["content"]["application/json"]["schema"]["anyOf"]

    assert [answer["title"] for answer in answers] == ["members", "links", "claims"]
    assert all(answer["required"] == ["hits"] for answer in answers)


def test_every_route_of_the_core_is_described(document: dict[str, Any]) -> None:
    described = {
        path.replace("{score_id}", "{score_id:int}").replace("{number}", "{number:int}")
        for path in document["paths"]
    }

    for_browsers = {
        f"{ASSETS}/{{name}}",
        "/pages/image",
        *(page.path for page in PAGES if page.for_browsers),
    }
    assert set(CORE_ROUTES) - {"/openapi.json"} - for_browsers <= described
