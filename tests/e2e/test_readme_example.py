"""The example of anomed-challenge's README answers alike from the published library and ours."""

import json
from collections import Counter
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from . import recorded
from .processes import RunningServer
from .recorded import EXCHANGES, JSON, Exchange
from .wire_arrays import Arrays, arrays_of, kinds, npz, records

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=["published", "ours"])
def client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """Talk to each of the two servers."""
    server: RunningServer = request.getfixturevalue(request.param)
    with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as client:
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
