"""Submissions over HTTP: exact bodies, and the reason when one is refused."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from falcon.testing import Result, StartResponseMock, TestClient, create_environ

from anomed_core.config import QuotaSettings
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.wire import Limits, encode_npz, encode_parquet
from tests.conftest import OpenServer
from tests.example_types import Guessing, Tables

GUESS = encode_npz({"prediction": np.zeros(10)})
TUNING = "/utility/anonymizer?anonymizer=a&data_split=tuning"
FINAL = "/utility/anonymizer?anonymizer=a&data_split=validation"
ATTACK = "/utility/deanonymizer?anonymizer=a&deanonymizer=b&data_split=tuning"


def post(client: TestClient, url: str = TUNING, body: bytes = GUESS, **headers: str) -> Result:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.simulate_post(url, body=body, headers={"Content-Length": f"{len(body)}", **given})


# --- answers --------------------------------------------------------------------------------------


def test_the_answer_is_exactly_the_flat_object_of_metrics(client: TestClient) -> None:
    response = post(client)

    assert response.status_code == 201
    assert response.headers["Content-Type"] == "application/json"
    assert response.content == b'{"hits": 0.1, "mae": 4.5}'


def test_the_location_leads_to_the_recorded_score(client: TestClient) -> None:
    location = post(client).headers["Location"]

    score = client.simulate_get(location).json
    assert location == "/scores/1"
    assert (score["metrics"], score["anonymizer"]) == ({"hits": 0.1, "mae": 4.5}, "a")


def test_numbers_arrive_with_full_precision(server_of: OpenServer) -> None:
    game = Guessing(outcome=lambda _: {"mae": 0.1 + 0.2, "hits": 1 / 3})
    client = TestClient(create_web_app(server_of(game)))

    assert post(client).content == b'{"hits": 0.3333333333333333, "mae": 0.30000000000000004}'


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "nonsense"])
def test_any_content_type_is_tolerated(content_type: str, client: TestClient) -> None:
    headers = {"Content_Type": content_type} if content_type else {}

    assert post(client, **headers).status_code == 201


def test_remaining_attempts_are_in_a_header(server_of: OpenServer) -> None:
    quota = QuotaSettings(tuning_attempts=2)
    client = TestClient(create_web_app(server_of(Guessing(), quota=quota)))

    assert [post(client).headers["X-Attempts-Remaining"] for _ in range(2)] == ["1", "0"]
    refused = post(client)
    assert refused.status_code == 429
    assert refused.headers["X-Attempts-Remaining"] == "0"
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400


def test_without_quota_there_is_no_such_header(client: TestClient) -> None:
    assert "X-Attempts-Remaining" not in post(client).headers


# --- finals and replays ---------------------------------------------------------------------------


@pytest.mark.parametrize("body", [GUESS, b"", b"garbage"])
def test_a_second_final_is_refused_with_the_place_of_the_first(
    body: bytes, client: TestClient
) -> None:
    first = post(client, FINAL)
    second = post(client, FINAL, body)

    assert second.status_code == 409
    assert second.json["title"] == "Already scored"
    assert second.headers["Location"] == first.headers["Location"]


def test_the_location_of_a_refusal_is_below_the_challenge(client: TestClient) -> None:
    base = "/challenges/guessing"
    post(client, base + FINAL)

    assert post(client, base + FINAL).headers["Location"] == f"{base}/scores/1"


def test_a_repeated_request_is_answered_again(client: TestClient) -> None:
    first = post(client, FINAL, Idempotency_Key="k")
    second = post(client, FINAL, Idempotency_Key="k")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["Location"] == second.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_key_that_is_too_long_is_refused(client: TestClient) -> None:
    assert post(client, Idempotency_Key="k" * 255).status_code == 201
    assert post(client, Idempotency_Key="k" * 256).status_code == 400


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/utility/anonymizer", "anonymizer"),
        ("/utility/anonymizer?anonymizer=a", "data_split"),
        ("/utility/deanonymizer?data_split=tuning", "anonymizer"),
        ("/utility/deanonymizer?anonymizer=a&data_split=tuning", "deanonymizer"),
    ],
)
def test_missing_parameters_are_named(url: str, name: str, client: TestClient) -> None:
    response = post(client, url)

    assert response.status_code == 400
    assert response.content == (
        b'{"title": "Missing parameter", "description": "The \\"%s\\" parameter is required."}'
        % name.encode()
    )


@pytest.mark.parametrize("body", [b"", b"{}", encode_npz({"other": np.zeros(10)})])
def test_without_the_array_the_answer_is_that_of_the_published_server(
    body: bytes, client: TestClient
) -> None:
    response = post(client, body=body)

    assert response.status_code == 400
    assert response.content == (
        b'{"title": "Malformed request.", '
        b'"description": "Expected a NumPy array with name \'prediction\'."}'
    )


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros(9), "prediction has shape (9,); expected (10,)."),
        (np.zeros(10, dtype=bool), "prediction has dtype bool; expected float or int."),
        (np.full(10, np.nan), "prediction holds 10 values that are NaN or infinite, the first at"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    array: np.ndarray, sentence: str, client: TestClient
) -> None:
    response = post(client, body=encode_npz({"prediction": array}))

    assert response.status_code == 422
    assert response.json["title"] == "Submission rejected"
    assert response.json["description"].startswith(sentence)


def test_a_body_without_length_is_refused(client: TestClient) -> None:
    response = client.simulate_post(TUNING, headers={"Transfer-Encoding": "chunked"})

    assert response.status_code == 411
    assert "not chunked" in response.json["description"]


def test_a_body_that_is_chunked_and_has_a_length_is_refused(client: TestClient) -> None:
    assert post(client, Transfer_Encoding="chunked").status_code == 411


@pytest.mark.parametrize("length", ["abc", "-5", "1.5"])
def test_a_length_that_is_none_is_refused(length: str, client: TestClient) -> None:
    path, query = TUNING.split("?")
    environ = create_environ(path, query_string=query, method="POST")
    environ["CONTENT_LENGTH"] = length
    start_response = StartResponseMock()

    body = b"".join(client.app(environ, start_response))

    assert start_response.status.startswith("400")
    assert json.loads(body)["title"] == "Invalid header value"


def test_a_large_body_is_refused_before_it_is_read(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Guessing(), limits=Limits(body_bytes=100))))

    response = client.simulate_post(TUNING, headers={"Content-Length": "1073741824"})

    assert response.status_code == 413
    assert response.json["description"] == (
        "The body has 1073741824 bytes; at most 100 are allowed."
    )


def test_a_body_that_ends_early_is_refused(client: TestClient) -> None:
    response = client.simulate_post(TUNING, body=GUESS, headers={"Content-Length": "100000"})

    assert response.status_code == 400
    assert response.json["description"].startswith(f"The body ended after {len(GUESS)} of 100000")


def test_get_is_not_for_submissions(client: TestClient) -> None:
    response = client.simulate_get(TUNING)

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST, OPTIONS"


def test_a_parameter_that_is_given_twice_is_refused(client: TestClient) -> None:
    assert post(client, TUNING + "&anonymizer=b").status_code == 400


# --- failures of ours -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "outcome", [lambda _: 1 / 0, lambda _: {"mae": float("nan"), "hits": 42}, lambda _: None]
)
def test_a_failure_of_ours_is_a_503_with_an_id_and_nothing_else(
    outcome: Any, server_of: OpenServer
) -> None:
    server = server_of(Guessing(outcome=outcome))
    response = post(TestClient(create_web_app(server)), FINAL, X_Request_Id="my-request-1")

    assert response.status_code == 503
    assert response.json == {
        "title": "Evaluation failed",
        "description": "The evaluation failed on our side; your attempt is free again.",
        "request_id": "my-request-1",
        "code": "evaluation_failed",
    }


def test_a_ledger_that_fails_is_a_503_that_tells_nothing_about_it(
    client: TestClient, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.ledger.close()
    (server.state.root / "ledger.sqlite").write_text("not a database" * 1000)

    response = post(client)

    assert response.status_code == 503
    assert response.json["title"] == "Ledger unavailable"
    assert response.json["request_id"]
    assert "database" not in response.text
    assert str(server.state.root) not in response.text


# --- forms, tables and documents ------------------------------------------------------------------

FRAME = pd.DataFrame({"age": [30, 40], "city": ["Kiel", "Bonn"]})
PARQUET = encode_parquet(FRAME)


def form(**parts: bytes) -> tuple[bytes, str]:
    """Return a form as the published clients make it: parts without file name and type."""
    lines = b""
    for name, content in parts.items():
        lines += b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (
            name.encode(),
            content,
        )
    return lines + b"--x--\r\n", "multipart/form-data; boundary=x"


@pytest.fixture
def tables(server_of: OpenServer) -> TestClient:
    limits = Limits(body_bytes=100_000, form_parts=3)
    return TestClient(create_web_app(server_of(Tables(), limits=limits)))


def test_a_form_is_scored_without_a_split(tables: TestClient) -> None:
    body, content_type = form(anon_data=PARQUET, anon_scheme=b"same")

    response = post(tables, "/utility/anonymizer?anonymizer=a", body, Content_Type=content_type)

    assert (response.status_code, response.content) == (201, b'{"size": 2.0}')


def test_a_large_part_of_a_form_is_read(server_of: OpenServer) -> None:
    """Falcon's own limit on a part is 1 MiB."""
    client = TestClient(create_web_app(server_of(Tables())))
    noise = np.random.default_rng(0).random(400_000)
    frame = pd.DataFrame({"age": [30, 40], "city": ["Kiel", "Bonn"]})
    frame.attrs["noise"] = noise[:150_000].tolist()
    large = encode_parquet(frame)
    assert len(large) > 2**20
    body, content_type = form(anon_data=large)

    response = post(client, "/utility/anonymizer?anonymizer=a", body, Content_Type=content_type)

    assert response.status_code == 201, response.text


@pytest.mark.parametrize(
    ("body", "content_type", "status", "sentence"),
    [
        (PARQUET, "", 400, "Expected a multipart/form-data body with the parts anon_data"),
        (*form(anon_scheme=b"same"), 400, "Expected a part with name 'anon_data'."),
        (*form(anon_data=PARQUET, anon_scheme=b"x"), 422, "Got 'x'; allowed are same,"),
        (*form(anon_data=b"PAR1"), 400, "The body (4 bytes) is not a parquet file"),
        (b"", "multipart/form-data; boundary=x", 400, "Expected a multipart/form-data body"),
        (b"garbage", "multipart/form-data; boundary=x", 400, "Expected a multipart/form-data"),
        (PARQUET, "multipart/form-data", 400, "Expected a multipart/form-data body"),
        (*form(a=b"", b=b"", c=b"", d=b""), 413, "The form has more than 3 parts."),
    ],
)
def test_forms_that_do_not_fit_are_refused(
    body: bytes, content_type: str, status: int, sentence: str, tables: TestClient
) -> None:
    response = post(tables, "/utility/anonymizer?anonymizer=a", body, Content_Type=content_type)

    assert response.status_code == status, response.text
    assert response.json["description"].startswith(sentence)


def test_a_part_that_is_there_twice_is_refused(tables: TestClient) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="anon_data"\r\n\r\nx\r\n'
    response = post(
        tables,
        "/utility/anonymizer?anonymizer=a",
        2 * part + b"--x--\r\n",
        Content_Type="multipart/form-data; boundary=x",
    )

    assert response.status_code == 400
    assert response.json["description"] == "Each part of the form needs a name of its own."


def test_a_raw_table_and_a_document_are_scored(tables: TestClient) -> None:
    table = post(tables, "/utility/deanonymizer?anonymizer=a", PARQUET)
    document = post(tables, "/utility/claims?anonymizer=a", json.dumps({"a": 1}).encode())

    assert (table.content, document.content) == (b'{"size": 2.0}', b'{"size": 1.0}')


@pytest.mark.parametrize("body", [b"[" * 99_999, b"NaN", b"\xff", b""])
def test_hostile_documents_are_refused(body: bytes, tables: TestClient) -> None:
    assert post(tables, "/utility/claims?anonymizer=a", body).status_code == 400
