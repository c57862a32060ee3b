"""Operations stand wherever products and submission kinds do, and are judged as they are."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from falcon.testing import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from anomed_core import (
    ArraySchema,
    ArraysSchema,
    CallRejected,
    Challenge,
    ColumnSchema,
    FormPart,
    FormSchema,
    JSONSchema,
    Operation,
    TableSchema,
    TextSchema,
    UsageError,
    hookimpl,
)
from anomed_core.engine import ForkingEngine
from anomed_core.errors import EvaluationFailedError, PluginBrokenError, PluginConflictError
from anomed_core.model import Caller, Role, Subject
from anomed_core.service import describe
from anomed_core.service.answering import Asking
from anomed_core.service.decoding import decode
from anomed_core.service.dummy import dummy_answer, dummy_request
from anomed_core.service.encoding import encode_body
from anomed_core.service.evaluation import Evaluator
from anomed_core.service.routes import offered_routes
from anomed_core.web import create_web_app, mounted_challenges, openapi
from anomed_core.wire import Limits
from tests.conftest import OpenServer
from tests.example_types import Guessing
from tests.interactive_type import Asked

NUMBER = JSONSchema(schema={"type": "integer", "examples": [1, 2]})
ARRAYS = ArraysSchema(arrays=[ArraySchema(name="X", kinds=("float",), shape=(None, 2))])
TABLE = TableSchema(columns=[ColumnSchema(name="age", kinds=("int",), low=0, high=9)])
FORM = FormSchema(
    parts=[
        FormPart(name="table", schema=TABLE),
        FormPart(name="word", schema=TextSchema(choices=("yes", "no"))),
    ]
)


def operation(name: str = "ask", **options: Any) -> Operation:
    facts = {"audience": "anonymizer", "run": lambda call: call.payload, "description": "Ask it."}
    return Operation(name=name, **(facts | options))


def test_every_listing_names_an_operation(server_of: OpenServer) -> None:
    server = server_of(Asked(operation(request=NUMBER, answer=ARRAYS)))
    hosted = server.challenges["asked"]
    mounts = mounted_challenges(server)
    client = TestClient(create_web_app(server))

    (told,) = describe(hosted, base="/here")["operations"]
    assert told | {"request": None, "answer": None} == {
        "name": "ask",
        "extension": None,
        "path": "/here/operations/ask",
        "method": "POST",
        "description": "Ask it.",
        "audience": ["anonymizer"],
        "parameters": [
            {
                "name": "anonymizer",
                "required": True,
                "choices": [],
                "description": "Identifier of the anonymizer.",
            }
        ],
        "request": None,
        "answer": None,
        "accounts": [],
        "price": None,
        "requires_sealed": None,
        "cheap": False,
        "long": False,
    }
    assert (told["request"]["format"], told["answer"]["format"]) == ("json", "npz")
    document = openapi(mounts)
    OpenAPIV31SpecValidator(json.loads(json.dumps(document, allow_nan=False))).validate()
    asked = document["paths"]["/operations/ask"]["post"]
    assert asked["requestBody"]["content"]["application/json"]["schema"] == NUMBER.schema
    assert list(asked["responses"]["200"]["content"]) == ["application/octet-stream"]
    (route,) = offered_routes(hosted)
    assert (route.method, route.path, route.audience) == ("POST", "/operations/ask", "anonymizer")
    assert "POST /operations/ask" in client.simulate_get("/", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize("schema", [NUMBER, ARRAYS, TABLE, FORM])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_dummy_request_is_one_that_is_taken(schema: Any, seed: int) -> None:
    made = dummy_request(operation(request=schema), seed)

    decode(encode_body(made, schema), schema, Limits())


def test_dummy_answers_are_of_the_declared_form() -> None:
    assert dummy_answer(operation(answer=NUMBER), 1) == 2
    assert dummy_answer(operation(answer=ARRAYS), 0)["X"].shape[1] == 2
    assert dummy_request(operation(), 0) is None
    with pytest.raises(UsageError, match="give its JSON Schema examples"):
        dummy_answer(operation(), 0)


# --- what is refused at the start -----------------------------------------------------------------


def test_two_operations_of_one_name_are_refused(server_of: OpenServer) -> None:
    with pytest.raises(PluginConflictError, match="operation 'ask' is declared twice"):
        server_of(Asked(operation(), operation(path="/other")))


def test_a_path_is_claimed_once_by_whatever_it_is(server_of: OpenServer) -> None:
    class Both(Guessing):
        @hookimpl
        def anomed_operations(self, challenge: Challenge) -> list[Operation]:
            return [operation(path="/utility/anonymizer")]

    with pytest.raises(PluginConflictError, match=r"claimed twice: .*'anonymizer'.*'ask'"):
        server_of(Both())


@pytest.mark.parametrize("path", ["/ranking", "/scores/mine", "/livez/x"])
def test_the_cores_routes_are_its_own(server_of: OpenServer, path: str) -> None:
    server = server_of(Asked(operation(path=path)))

    with pytest.raises(PluginConflictError, match=f"the route {path} is claimed twice"):
        create_web_app(server)


def test_what_is_no_operation_is_refused(server_of: OpenServer) -> None:
    with pytest.raises(PluginBrokenError, match="must return a list of Operation, got a str"):
        server_of(Asked("ask"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"audience": ()}, "say who may call it"),
        ({"audience": "everyone"}, "'everyone' is no role"),
        ({"name": "Ask"}, "lower-case letters, digits, hyphens"),
        ({"path": "ask"}, "lower-case words behind slashes"),
        ({"method": "PUT"}, "'method' must be in"),
        ({"method": "GET", "request": NUMBER}, "a GET has no body"),
        ({"with_target": True}, "only deanonymizers ask about an anonymizer"),
        ({"same_split": True}, "declare with_target=True"),
        ({"largest_answer_bytes": 0}, "must be > 0"),
        ({"run": None}, "must be callable"),
    ],
)
def test_an_operation_that_makes_no_sense_is_a_sentence(
    options: dict[str, Any], reason: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=reason):
        operation(**options)


# --- extensions -----------------------------------------------------------------------------------


def test_an_extension_adds_an_operation_and_answers_it(server_of: OpenServer) -> None:
    class Adding:
        ANOMED_API = 1

        @hookimpl
        def anomed_operations(self, challenge: Challenge) -> list[Operation]:
            return [Operation.of(self.answer, audience="public", cheap=True)]

        def answer(self, _: Any) -> str:
            """Answer."""
            return "added"

    server = server_of(Guessing(), Adding())
    hosted = server.challenges["guessing"]

    assert hosted.operation("answer").description == "Answer."
    assert hosted.plugin_of("/operations/answer") == "adding-1"
    assert describe(hosted, base="")["operations"][0]["extension"] == "adding-1"
    client = TestClient(create_web_app(server))
    assert client.simulate_post("/operations/answer").json == "added"


# --- processes ------------------------------------------------------------------------------------


def test_a_call_is_answered_in_another_process(server_of: OpenServer) -> None:
    """Whatever is big or broken stays there, and what it says on its way comes through."""

    def ask(call: Any) -> dict[str, Any]:
        if call.parameters:
            raise CallRejected("Not that.")
        call.begin()
        return {"X": np.full((2, 2), call.payload)}

    server = server_of(Asked(operation(run=ask, answer=ARRAYS), operation("fail", run=int)))
    engine = ForkingEngine(
        Evaluator(server.challenges), timeout_s=20, memory_bytes=2**29, n_parallel=1
    )
    facts: dict[str, Any] = {
        "challenge": "asked",
        "caller": Caller(id="a", role=Role.ANONYMIZER),
        "subject": Subject(role=Role.ANONYMIZER, anonymizer="a"),
    }
    begun: list[str] = []
    try:
        job = Asking(operation="ask", parameters={}, payload=0.5, **facts)
        answered = engine.run(job, begun=lambda: begun.append("begun"))
        refused = engine.run(Asking(operation="ask", parameters={"a": "b"}, **facts))
        with pytest.raises(EvaluationFailedError):
            engine.run(Asking(operation="fail", parameters={}, **facts))
    finally:
        engine.close()

    assert decode(answered.body, ARRAYS, Limits())["X"].tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert begun == ["begun"]
    assert refused.refusal == "Not that."
