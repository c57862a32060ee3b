"""The example of anomed-challenge's README answers alike from the published library and ours.

The example is read from the published distribution and only its import line is changed. Where the
published server is wrong, a test runs against ours alone.
"""

import email
import http.client
import io
import json
import re
import socket
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from . import recorded
from .processes import LOOPBACK, RunningServer
from .recorded import EXCHANGES, JSON, Exchange

pytestmark = pytest.mark.e2e

PUBLISHED_IMPORT = "import anomed_challenge as anochal"
OUR_IMPORT = "import anomed_supervised_mia as anochal"

Arrays = dict[str, NDArray[np.generic]]


@pytest.fixture(scope="session")
def example(client_environment: Path) -> str:
    """Return the example of the published README, word for word."""
    (metadata,) = client_environment.glob(
        "lib/*/site-packages/anomed_challenge-*.dist-info/METADATA"
    )
    readme = str(email.message_from_string(metadata.read_text()).get_payload())
    (source,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    assert PUBLISHED_IMPORT in source
    return str(source)


@pytest.fixture(scope="module")
def published(
    example: str, client_environment: Path, challenge_server: Callable[..., RunningServer]
) -> RunningServer:
    """Serve the example as published; two workers of it would serve different members."""
    gunicorn = str(client_environment / "bin" / "gunicorn")
    command = [gunicorn, "-w", "1", "--bind", "127.0.0.1:{port}", "example:application"]
    return challenge_server(command, modules={"example": example})


@pytest.fixture(scope="module")
def ours(example: str, challenge_server: Callable[..., RunningServer]) -> RunningServer:
    """Serve the example with our library, by two workers."""
    gunicorn = [sys.executable, "-m", "gunicorn"]
    command = [*gunicorn, "-w", "2", "--bind", "127.0.0.1:{port}", "example:application"]
    return challenge_server(
        command, modules={"example": example.replace(PUBLISHED_IMPORT, OUR_IMPORT)}
    )


@pytest.fixture(scope="module", params=["published", "ours"])
def client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """Talk to each of the two servers."""
    server: RunningServer = request.getfixturevalue(request.param)
    with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def our_client(ours: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ours.url, trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def splits() -> dict[str, Arrays]:
    """Split iris as the example does."""
    features, labels = load_iris(return_X_y=True)
    X_train, X_other, y_train, y_other = train_test_split(
        features, labels, test_size=0.3, random_state=42
    )
    X_tuning, X_validation, y_tuning, y_validation = train_test_split(
        X_other, y_other, test_size=0.5, random_state=21
    )
    return {
        "training": {"X": X_train, "y": y_train},
        "tuning": {"X": X_tuning, "y": y_tuning},
        "validation": {"X": X_validation, "y": y_validation},
    }


def npz(**arrays: NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # its stubs mistake names for options
    return buffer.getvalue()


def arrays_of(response: httpx.Response) -> Arrays:
    """Decode an answer as the published clients do, and check what they rely on."""
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert zipfile.ZipFile(io.BytesIO(response.content)).namelist() == ["X.npy", "y.npy"]
    with np.load(io.BytesIO(response.content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def kinds(arrays: Arrays) -> list[str]:
    """Name the dtypes and shapes of the arrays in their order."""
    return [f"{array.dtype} {array.shape}" for array in arrays.values()]


def records(arrays: Arrays) -> Counter[tuple[float, ...]]:
    """Count the records of a data set: iris holds some of them twice."""
    return Counter(
        (*map(float, row), float(label)) for row, label in zip(*arrays.values(), strict=True)
    )


def ask_both_workers(server: RunningServer, target: str) -> tuple[bytes, bytes]:
    """Ask a worker while the other one waits for the rest of its request."""
    with socket.create_connection((LOOPBACK, server.port), timeout=10) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\n".encode())
        time.sleep(0.3)
        answered_at_once = httpx.get(f"{server.url}{target}", trust_env=False).content
        connection.sendall(b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        return answered_at_once, response.read()


@pytest.mark.parametrize("exchange", EXCHANGES, ids=[exchange.name for exchange in EXCHANGES])
def test_recorded_exchange(client: httpx.Client, exchange: Exchange) -> None:
    content = npz(**exchange.arrays) if exchange.arrays else exchange.content
    response = client.request(
        exchange.method, exchange.target, content=content, headers=exchange.headers
    )

    assert response.status_code == exchange.status, response.text
    assert response.headers["Content-Type"] == JSON
    assert exchange.allow <= set(response.headers.get("Allow", "").split(", "))
    if exchange.may_say_more:
        assert json.loads(exchange.body).items() <= response.json().items()
    else:
        assert response.content == exchange.body


def test_training_data_is_the_examples(client: httpx.Client, splits: dict[str, Arrays]) -> None:
    arrays = arrays_of(client.get("/data/anonymizer/training"))

    assert kinds(arrays) == ["float64 (105, 4)", "int64 (105,)"]
    np.testing.assert_array_equal(arrays["X"], splits["training"]["X"])
    np.testing.assert_array_equal(arrays["y"], splits["training"]["y"])


@pytest.mark.parametrize("split", ["tuning", "validation"])
def test_evaluation_features_come_without_labels(
    client: httpx.Client, splits: dict[str, Arrays], split: str
) -> None:
    arrays = arrays_of(client.get(f"/data/anonymizer/{split}"))

    np.testing.assert_array_equal(arrays["X"], splits[split]["X"])
    assert kinds(arrays) == [f"float64 {splits[split]['X'].shape}", "float64 (0,)"]


@pytest.mark.parametrize(
    ("route", "split", "n_records"),
    [("members", "training", 105 // 2), ("non-members", "validation", 23 // 2)],
)
def test_attackers_get_half_of_a_split(
    client: httpx.Client, splits: dict[str, Arrays], route: str, split: str, n_records: int
) -> None:
    arrays = arrays_of(client.get(f"/data/deanonymizer/{route}"))

    assert kinds(arrays) == [f"float64 ({n_records}, 4)", f"int64 ({n_records},)"]
    assert records(arrays) <= records(splits[split])


@pytest.mark.parametrize("split", ["tuning", "validation"])
def test_evaluation_data_was_not_handed_out_before(
    client: httpx.Client, splits: dict[str, Arrays], split: str
) -> None:
    members = arrays_of(client.get("/data/deanonymizer/members"))
    nonmembers = arrays_of(client.get("/data/deanonymizer/non-members"))
    arrays = arrays_of(
        client.get(f"{recorded.EVALUATION}?anonymizer=a&deanonymizer=d&data_split={split}")
    )

    unseen_members = records(splits["training"]) - records(members)
    unseen_nonmembers = records(splits["validation"]) - records(nonmembers)
    assert kinds(arrays) == ["float64 (10, 4)", "int64 (10,)"]
    assert records(arrays) <= unseen_members + unseen_nonmembers
    assert (records(arrays) & unseen_members).total() >= 5
    assert (records(arrays) & unseen_nonmembers).total() >= 5


def test_evaluation_data_stays_the_same_for_a_pair(client: httpx.Client) -> None:
    target = f"{recorded.EVALUATION}?{recorded.PAIR}"

    assert client.get(target).content == client.get(f"{target}&unknown=1").content


def test_tuning_and_validation_data_of_a_pair_share_no_record(client: httpx.Client) -> None:
    pair = f"{recorded.EVALUATION}?anonymizer=a&deanonymizer=d"
    tuning = arrays_of(client.get(f"{pair}&data_split=tuning"))
    validation = arrays_of(client.get(f"{pair}&data_split=validation"))
    members = arrays_of(client.get("/data/deanonymizer/members"))
    nonmembers = arrays_of(client.get("/data/deanonymizer/non-members"))
    features, labels = load_iris(return_X_y=True)

    handed_out = sum(
        (records(part) for part in (tuning, validation, members, nonmembers)), Counter()
    )
    assert handed_out <= records({"X": features, "y": labels})


def test_published_false_positive_rate_counts_all_records(published: RunningServer) -> None:
    with httpx.Client(base_url=published.url, trust_env=False) as client:
        response = client.post(
            f"{recorded.DEANONYMIZER}?{recorded.PAIR}", content=npz(prediction=recorded.ALL_MEMBERS)
        )

    assert response.content == b'{"acc": 0.5, "tpr": 1.0, "fpr": 0.5}'


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
