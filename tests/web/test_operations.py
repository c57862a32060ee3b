"""Operations over HTTP: who may call, what is refused, what comes back."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from falcon.testing import Result, TestClient
from structlog.testing import capture_logs

from anomed_core import (
    DATA_SPLIT,
    Answer,
    ArraySchema,
    ArraysSchema,
    Call,
    Caller,
    CallRejected,
    ChallengeSpec,
    ColumnSchema,
    FormPart,
    FormSchema,
    JSONSchema,
    Operation,
    Parameter,
    Phase,
    Role,
    Split,
    Subject,
    TableSchema,
    TextSchema,
    hookimpl,
)
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing
from tests.interactive_type import Asked

NUMBER = JSONSchema(schema={"type": "integer", "minimum": 0})
Serve = Callable[..., TestClient]


@pytest.fixture
def serve(server_of: OpenServer) -> Serve:
    """Serve a challenge that has these operations."""

    def make(*operations: Operation, **settings: Any) -> TestClient:
        return TestClient(create_web_app(server_of(Asked(*operations), **settings)))

    return make


def operation(run: Callable[[Call], Any] = lambda call: None, **options: Any) -> Operation:
    facts = {"name": "ask", "audience": "anonymizer", "cheap": True, "run": run}
    return Operation(**(facts | options))


def post(client: TestClient, body: Any = None, url: str = "/operations/ask?anonymizer=a") -> Result:
    content = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    return client.simulate_post(url, body=content, headers={"Content-Length": f"{len(content)}"})


# --- answers --------------------------------------------------------------------------------------


def test_the_answer_is_what_the_function_returns(serve: Serve) -> None:
    client = serve(operation(lambda call: {"double": 2 * call.payload}, request=NUMBER))

    response = post(client, 21)

    assert (response.status_code, response.json) == (200, {"double": 42})
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "private, no-store"


def test_the_function_is_told_who_asks_what(serve: Serve) -> None:
    calls: list[Call] = []
    schema = ArraysSchema(arrays=[ArraySchema(name="X", kinds=("float",), shape=(None,))])
    client = serve(
        operation(calls.append, request=schema, parameters=[DATA_SPLIT, Parameter(name="word")])
    )

    body = encode_npz({"X": np.arange(3.0)})
    url = "/operations/ask?anonymizer=ann&data_split=tuning&word=hello&other=no"
    assert post(client, body, url).json is None

    (call,) = calls
    assert call.challenge.definition == {"secret": 42}
    assert call.caller == Caller(id="ann", role=Role.ANONYMIZER)
    assert call.subject == Subject(role=Role.ANONYMIZER, anonymizer="ann")
    assert (call.anonymizer, call.deanonymizer) == ("ann", "")
    assert call.parameters == {"anonymizer": "ann", "data_split": "tuning", "word": "hello"}
    assert call.split is Split.TUNING
    assert call.payload["X"].tolist() == [0, 1, 2]
    assert not call.payload["X"].flags.writeable


def test_an_answer_may_be_arrays(serve: Serve) -> None:
    schema = ArraysSchema.of(y=np.zeros(3))
    client = serve(
        operation(lambda call: {"y": np.arange(3.0)}, answer=schema),
        operation(lambda call: np.arange(3.0), answer=schema, name="bare"),
    )

    for url in ("/operations/ask?anonymizer=a", "/operations/bare?anonymizer=a"):
        response = post(client, url=url)
        assert response.headers["Content-Type"] == "application/octet-stream"
        with np.load(io.BytesIO(response.content)) as file:
            assert file["y"].tolist() == [0, 1, 2]


def test_an_answer_may_be_a_table(serve: Serve) -> None:
    table = pd.DataFrame({"age": [30, 40]})
    schema = TableSchema(columns=[ColumnSchema(name="age", kinds=("int",))])
    client = serve(operation(lambda call: Answer(payload=table), answer=schema))

    response = post(client)

    assert pd.read_parquet(io.BytesIO(response.content))["age"].tolist() == [30, 40]


def test_an_operation_may_be_got(serve: Serve) -> None:
    client = serve(operation(lambda call: call.caller.role.value, method="GET", audience="public"))

    assert client.simulate_get("/operations/ask").json == "public"
    assert client.simulate_post("/operations/ask").status_code == 405


def test_an_operation_runs_in_a_process_of_its_own_unless_it_is_cheap(
    serve: Serve,
) -> None:
    """Without processes, as here, it runs in the same way, and may say that it begins."""

    def answer(call: Call) -> str:
        call.begin()
        return "begun"

    assert post(serve(operation(answer, cheap=False))).json == "begun"


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "code", "reason"),
    [
        (b"{", 400, "", "Expected a JSON document"),
        ("a", 422, "call_rejected", "does not fit its schema at $: expected integer, got string"),
        (-1, 422, "call_rejected", "$: -1 is less than the minimum of 0"),
        (7, 422, "call_rejected", "Seven is unlucky."),
        (b" " * 101, 413, "payload_too_large", "at most 100 are allowed"),
    ],
)
def test_what_does_not_fit_is_refused(
    serve: Serve, body: Any, status: int, code: str, reason: str
) -> None:
    def answer(call: Call) -> int:
        if call.payload == 7:
            raise CallRejected("Seven is unlucky.")
        return 0

    client = serve(operation(answer, request=NUMBER, largest_request_bytes=100))

    response = post(client, body)

    assert response.status_code == status
    assert response.json.get("code", "") == code
    assert reason in response.json["description"]


def test_an_operation_without_a_body_takes_none_into_account(serve: Serve) -> None:
    assert post(serve(operation(lambda call: call.payload)), b"anything").json is None


def test_a_form_is_taken(serve: Serve) -> None:
    form = FormSchema(
        parts=[
            FormPart(name="word", schema=TextSchema(choices=("yes", "no"))),
            FormPart(name="facts", schema=JSONSchema(), required=False),
        ]
    )
    client = serve(operation(lambda call: dict(call.payload), request=form))
    body = b'--b\r\nContent-Disposition: form-data; name="word"\r\n\r\nyes\r\n--b--\r\n'
    response = client.simulate_post(
        "/operations/ask?anonymizer=a",
        body=body,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )

    assert response.json == {"word": "yes"}


@pytest.mark.parametrize(
    ("options", "result", "reason"),
    [
        ({}, object(), "answers with what is no JSON document"),
        ({}, float("nan"), "answers with what is no JSON document"),
        ({"answer": NUMBER}, "a", "does not fit its schema at $: expected integer, got string"),
        ({"largest_answer_bytes": 4}, "word", "answers with 6 bytes; it declares at most 4"),
        ({"answer": ArraysSchema.of(y=np.zeros(3))}, {"y": np.zeros(4)}, "of shape (4,)"),
        ({"answer": ArraysSchema.of(y=np.zeros(3))}, {}, "declares the array 'y'; it is missing"),
        ({"answer": ArraysSchema.of(y=np.zeros(3))}, [0], "declares arrays, but it answers with"),
        ({"answer": TableSchema(columns=[])}, 3, "declares a table, but it answers with int"),
        (
            {"answer": TableSchema(columns=[ColumnSchema(name="age", kinds=("int",), high=9)])},
            pd.DataFrame({"age": [10]}),
            "Column age",
        ),
    ],
)
def test_an_answer_that_is_not_as_declared_is_our_fault(
    serve: Serve,
    options: dict[str, Any],
    result: Any,
    reason: str,
) -> None:
    client = serve(operation(lambda call: result, **options))

    with capture_logs() as lines:
        response = post(client)

    assert response.status_code == 503
    assert response.json["description"] == "The call failed on our side; try again later."
    assert reason in str(lines[0]["exc_info"])
    assert "in plugin 'asked-0'" in lines[0]["culprit"]


def test_whatever_a_function_raises_stays_in_the_log(serve: Serve) -> None:
    client = serve(operation(lambda call: {}["secret"]))

    with capture_logs() as lines:
        response = post(client)

    assert response.status_code == 503
    assert "secret" not in response.text
    assert repr(lines[0]["exc_info"]) == "KeyError('secret')"


def test_a_refusal_after_the_beginning_is_our_fault(serve: Serve) -> None:
    """It could tell what was found; what is spent then is not told by a sentence."""

    def answer(call: Call) -> None:
        call.begin()
        raise CallRejected("The secret is 42.")

    response = post(serve(operation(answer)))

    assert response.status_code == 503
    assert "The secret" not in response.text


def test_a_split_is_asked_about_while_its_phase_lasts(server_of: OpenServer) -> None:
    closed = Phase(closes=datetime.now(UTC) - timedelta(hours=1))
    spec = ChallengeSpec(id="asked", type="asked", phases={Split.VALIDATION: closed})
    about_finals = operation(name="final", default_split="validation")
    server = server_of(Asked(operation(parameters=[DATA_SPLIT]), about_finals), specs=[spec])
    client = TestClient(create_web_app(server))

    ask = "/operations/ask?anonymizer=a&data_split="
    assert post(client, url=f"{ask}tuning").status_code == 200
    assert post(client, url=f"{ask}validation").status_code == 403
    assert post(client, url="/operations/final?anonymizer=a").status_code == 403


# --- targets --------------------------------------------------------------------------------------


class Attackable(Guessing):
    """A guessing game in which one can ask about guesses."""

    @hookimpl
    def anomed_operations(self) -> list[Operation]:
        def guess(call: Call) -> float:
            return float(call.target.submission.payload["prediction"][0])

        return [operation(guess, audience="deanonymizer", with_target=True, same_split=False)]


def test_a_target_is_what_it_has_submitted(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Attackable())))
    ask = "/operations/ask?anonymizer=ann&deanonymizer=dan"

    early = post(client, url=ask)
    body = encode_npz({"prediction": np.full(10, 3.0)})
    post(client, body, url="/utility/anonymizer?anonymizer=ann&data_split=validation")

    assert early.status_code == 422
    assert "has submitted nothing yet" in early.json["description"]
    assert post(client, url=ask).json == 3.0
    missing = post(client, url="/operations/ask?deanonymizer=dan")
    assert missing.json["description"] == 'The "anonymizer" parameter is required.'
