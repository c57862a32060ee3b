"""Where the published server is wrong, the same example served by our library is right."""

import http.client
import socket
import time
from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from . import recorded
from .processes import LOOPBACK, RunningServer
from .recorded import JSON
from .wire_arrays import npz

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def our_client(ours: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ours.url, trust_env=False, timeout=10) as client:
        yield client


def ask_both_workers(server: RunningServer, target: str) -> tuple[bytes, bytes]:
    """Ask a worker while the other one waits for the rest of its request."""
    with socket.create_connection((LOOPBACK, server.port), timeout=10) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\n".encode())
        time.sleep(0.3)
        other = httpx.get(f"{server.url}{target}", trust_env=False)
        connection.sendall(b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert (other.status_code, response.status) == (200, 200)
        return other.content, response.read()


def test_false_positive_rate_counts_nonmembers(our_client: httpx.Client) -> None:
    response = our_client.post(
        f"{recorded.DEANONYMIZER}?{recorded.PAIR}", content=npz(prediction=recorded.ALL_MEMBERS)
    )

    assert response.status_code == 201, response.text
    assert response.headers["Content-Type"] == JSON
    assert response.content.startswith(b'{"acc": 0.5, "tpr": 1.0, "fpr": 1.0')


@pytest.mark.parametrize(
    "target",
    [
        "/data/anonymizer/training",
        "/data/deanonymizer/members",
        "/data/deanonymizer/non-members",
        f"{recorded.EVALUATION}?{recorded.PAIR}",
    ],
)
def test_all_workers_serve_the_same_bytes(ours: RunningServer, target: str) -> None:
    first, second = ask_both_workers(ours, target)

    assert first == second


def test_pairs_of_equal_concatenation_get_data_of_their_own(our_client: httpx.Client) -> None:
    query = "anonymizer={}&deanonymizer={}&data_split=tuning"
    first = our_client.get(f"{recorded.EVALUATION}?{query.format('a', 'bc')}")
    second = our_client.get(f"{recorded.EVALUATION}?{query.format('ab', 'c')}")

    assert first.status_code == second.status_code == 200
    assert first.content != second.content


def test_utility_without_anonymizer_is_refused(our_client: httpx.Client) -> None:
    response = our_client.post(
        f"{recorded.ANONYMIZER}?data_split=tuning",
        content=npz(prediction=recorded.ALL_SETOSA_TUNING),
    )

    assert response.status_code == 400
    assert response.content == recorded.missing("anonymizer")


@pytest.mark.parametrize(
    ("split", "content", "status"),
    [
        ("garbage", npz(prediction=recorded.ALL_SETOSA_TUNING), 400),
        ("tuning", b"", 400),
        ("tuning", npz(prediction=recorded.ALL_SETOSA_TUNING)[:-30], 400),
        ("tuning", npz(prediction=np.zeros(105, dtype=np.int64)), 422),
        ("tuning", npz(prediction=np.zeros((22, 1), dtype=np.int64)), 422),
        ("tuning", npz(prediction=np.full(22, np.nan)), 422),
    ],
    ids=["unknown-split", "empty", "truncated", "too-long", "two-dimensional", "nan"],
)
def test_refusal_says_why(
    our_client: httpx.Client, split: str, content: bytes, status: int
) -> None:
    response = our_client.post(
        f"{recorded.ANONYMIZER}?anonymizer=a&data_split={split}", content=content
    )

    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == JSON
    assert response.json()["title"]
    assert response.json()["description"]


def test_chunked_body_is_refused_with_411(our_client: httpx.Client) -> None:
    content = npz(prediction=recorded.ALL_SETOSA_TUNING)
    response = our_client.post(
        f"{recorded.ANONYMIZER}?anonymizer=a&data_split=tuning", content=iter([content])
    )

    assert response.status_code == 411, response.text


def test_int32_labels_are_scored_or_refused_with_a_reason(our_client: httpx.Client) -> None:
    content = npz(prediction=np.zeros(22, dtype=np.int32))
    response = our_client.post(
        f"{recorded.ANONYMIZER}?anonymizer=a&data_split=tuning", content=content
    )

    accepted = (201, {"accuracy": 6 / 22})
    assert (response.status_code, response.json()) == accepted or (
        response.status_code == 422 and response.json()["description"]
    )


def test_second_final_is_refused_and_names_the_first(our_client: httpx.Client) -> None:
    target = f"{recorded.ANONYMIZER}?anonymizer=twice&data_split=validation"
    content = npz(prediction=recorded.ALL_SETOSA_VALIDATION)
    first = our_client.post(target, content=content)
    second = our_client.post(target, content=content)

    assert (first.status_code, second.status_code) == (201, 409)
    assert second.headers["Content-Type"] == JSON
    assert second.headers["Location"]
    assert second.json()["description"]


def test_refused_final_costs_nothing(our_client: httpx.Client) -> None:
    target = f"{recorded.ANONYMIZER}?anonymizer=clumsy&data_split=validation"
    too_long = our_client.post(target, content=npz(prediction=np.zeros(105, dtype=np.int64)))
    right = our_client.post(target, content=npz(prediction=recorded.ALL_SETOSA_VALIDATION))

    assert (too_long.status_code, right.status_code) == (422, 201)


def test_final_of_an_attack_is_scored_once(our_client: httpx.Client) -> None:
    query = "anonymizer=a&deanonymizer=twice&data_split=validation"
    content = npz(prediction=recorded.ALL_MEMBERS)
    statuses = [
        our_client.post(f"{recorded.DEANONYMIZER}?{query}", content=content).status_code
        for _ in range(3)
    ]

    assert statuses == [201, 409, 409]
