"""Data products over HTTP: ETag, Range, HEAD, and what a request needs to name."""

import base64
import hashlib
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from falcon.testing import TestClient

from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from tests.conftest import OpenServer
from tests.example_types import Tables

TRAINING = "/data/anonymizer/training"
PAIR = "/data/pair?anonymizer=a&deanonymizer=b&data_split=tuning"


@pytest.fixture
def body(client: TestClient) -> bytes:
    return client.simulate_get(TRAINING).content


# --- static products ------------------------------------------------------------------------------


def test_a_static_product_is_an_npz_that_numpy_reads(client: TestClient, server: Server) -> None:
    response = client.simulate_get(TRAINING)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert zipfile.ZipFile(io.BytesIO(response.content)).namelist() == ["X.npy", "y.npy"]
    with np.load(io.BytesIO(response.content), allow_pickle=False) as arrays:
        truth = server.challenges["guessing"].challenge.definition
        np.testing.assert_array_equal(arrays["y"], truth.y)
        assert arrays["X"].dtype == np.float64


def test_the_etag_is_strong_and_that_of_the_content(client: TestClient, body: bytes) -> None:
    etag = client.simulate_get(TRAINING).headers["ETag"]

    assert etag == f'"{hashlib.sha256(body).hexdigest()}"'


def test_workers_send_the_same_bytes(client: TestClient, server: Server, body: bytes) -> None:
    other_worker = TestClient(create_web_app(server))

    assert other_worker.simulate_get(TRAINING).content == body


@pytest.mark.parametrize("form", ["{}", "W/{}, {}", '"other", {}', "*"])
def test_a_known_etag_is_not_sent_again(form: str, client: TestClient) -> None:
    etag = client.simulate_get(TRAINING).headers["ETag"]

    response = client.simulate_get(TRAINING, headers={"If-None-Match": form.format(etag, etag)})

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == etag


def test_another_etag_is_sent(client: TestClient, body: bytes) -> None:
    response = client.simulate_get(TRAINING, headers={"If-None-Match": '"other"'})

    assert (response.status_code, response.content) == (200, body)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_head_has_the_headers_of_get(method: str, client: TestClient, body: bytes) -> None:
    response = client.simulate_request(method, TRAINING)

    assert response.headers["Content-Length"] == str(len(body))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["ETag"]
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.content == (body if method == "GET" else b"")


def test_head_knows_etags_too(client: TestClient) -> None:
    etag = client.simulate_get(TRAINING).headers["ETag"]

    assert client.simulate_head(TRAINING, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("requested", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-10", slice(-10, None)),
        ("bytes=0-999999", slice(0, None)),
        ("bytes=-999999", slice(0, None)),
    ],
)
def test_a_range_is_sent_alone(
    requested: str, part: slice, client: TestClient, body: bytes
) -> None:
    response = client.simulate_get(TRAINING, headers={"Range": requested})

    first, last, _ = part.indices(len(body))
    assert response.status_code == 206
    assert response.content == body[part]
    assert response.headers["Content-Range"] == f"bytes {first}-{last - 1}/{len(body)}"
    assert response.headers["Content-Length"] == str(last - first)


@pytest.mark.parametrize("requested", ["bytes=99999-", "bytes=99999-100000"])
def test_a_range_behind_the_end_is_refused(requested: str, client: TestClient, body: bytes) -> None:
    response = client.simulate_get(TRAINING, headers={"Range": requested})

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(body)}"


@pytest.mark.parametrize(
    "requested", ["rows=0-1", "bytes=0-1,3-4", "bytes=9-1", "bytes=x", "bytes=-", "0-1", "bytes"]
)
def test_what_is_not_one_range_of_bytes_is_ignored(
    requested: str, client: TestClient, body: bytes
) -> None:
    response = client.simulate_get(TRAINING, headers={"Range": requested})

    assert (response.status_code, response.content) == (200, body)


def test_if_range_continues_only_what_it_began(client: TestClient, body: bytes) -> None:
    etag = client.simulate_get(TRAINING).headers["ETag"]

    def ask(condition: str) -> tuple[int, bytes]:
        response = client.simulate_get(
            TRAINING, headers={"Range": "bytes=5-9", "If-Range": condition}
        )
        return response.status_code, response.content

    assert ask(etag) == (206, body[5:10])
    assert ask('"other"') == (200, body)


def test_unknown_parameters_are_tolerated(client: TestClient, body: bytes) -> None:
    assert client.simulate_get(TRAINING + "?anything=1&anything=2").content == body


# --- products of the request ----------------------------------------------------------------------


def test_a_product_of_the_request_depends_on_the_request(client: TestClient) -> None:
    one, again = (client.simulate_get(PAIR).content for _ in range(2))
    other = client.simulate_get(PAIR.replace("anonymizer=a", "anonymizer=z", 1)).content

    assert one == again
    assert one != other


def test_a_product_of_the_request_is_never_kept(client: TestClient) -> None:
    response = client.simulate_get(PAIR)

    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_product_of_the_request_can_be_checked_and_continued(client: TestClient) -> None:
    whole = client.simulate_get(PAIR)
    digest = hashlib.sha256(whole.content).hexdigest()
    encoded = base64.b64encode(bytes.fromhex(digest)).decode()
    etag = whole.headers["ETag"]
    continued = {"Range": "bytes=100-", "If-Range": etag}

    assert etag == f'"{digest}"'
    assert whole.headers["Repr-Digest"] == f"sha-256=:{encoded}:"
    rest = client.simulate_get(PAIR, headers=continued)
    assert (rest.status_code, rest.content) == (206, whole.content[100:])
    assert client.simulate_get(PAIR, headers={"If-None-Match": etag}).status_code == 304
    assert client.simulate_get(PAIR, headers={"Range": "bytes=999999-"}).status_code == 416


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "anonymizer"),
        ("?data_split=tuning", "anonymizer"),
        ("?anonymizer=a", "deanonymizer"),
        ("?anonymizer=a&deanonymizer=b", "data_split"),
        ("?anonymizer=&deanonymizer=b&data_split=tuning", "anonymizer"),
    ],
)
def test_missing_parameters_are_named_in_the_published_words_and_order(
    query: str, name: str, client: TestClient
) -> None:
    response = client.simulate_get("/data/pair" + query)

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/json"
    assert response.content == (
        b'{"title": "Missing parameter", "description": "The \\"%s\\" parameter is required."}'
        % name.encode()
    )


def test_a_parameter_that_is_given_twice_is_refused(client: TestClient) -> None:
    response = client.simulate_get(PAIR + "&anonymizer=c")

    assert response.status_code == 400
    assert response.json["description"] == (
        'The "anonymizer" parameter is invalid: it is given 2 times; give it once.'
    )


def test_a_split_that_is_none_is_refused(client: TestClient) -> None:
    response = client.simulate_get(PAIR.replace("tuning", "garbage"))

    assert response.status_code == 400
    assert "got 'garbage'; allowed are tuning, validation." in response.json["description"]


def test_a_plugin_says_why_it_refuses(client: TestClient) -> None:
    response = client.simulate_get(PAIR.replace("anonymizer=a", "anonymizer=unlucky", 1))

    assert response.status_code == 422
    assert response.json["description"] == "There is nothing for the unlucky."


# --- tables and documents -------------------------------------------------------------------------


def test_tables_are_parquet_and_documents_are_json(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Tables())))

    table = client.simulate_get("/data/anonymizer/leaky")
    document = client.simulate_get("/data/terms")

    assert table.headers["Content-Type"] == "application/octet-stream"
    assert list(pd.read_parquet(io.BytesIO(table.content))["age"]) == [30, 40, 50]
    assert document.headers["Content-Type"] == "application/json"
    assert document.json == {"rows": 3}
