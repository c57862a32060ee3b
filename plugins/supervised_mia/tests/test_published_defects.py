"""Attacks that beat the published server, played against this one.

Each of them was reproduced on anomed-challenge 0.0.21 with anomed-utils 0.3.8; where an attack
needs the published algorithm, it is implemented here from its definition.
"""

import hashlib
import io
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from anomed_supervised_mia import (
    InMemoryNumpyArrays,
    SupervisedLearningMIAChallenge,
    evaluate_MIA,
    strict_binary_accuracy,
    supervised_learning_MIA_challenge_server_factory,
)
from falcon.testing import Result, TestClient

pytestmark = pytest.mark.usefixtures("closed_afterwards")

LENGTH = 60
N_TRAINING, N_VALIDATION = 600, 400
ATTACK = "/utility/deanonymizer"
EVALUATION = "/data/attack-success-evaluation"

Arrays = dict[str, np.ndarray]


def records(seed: int, n: int) -> InMemoryNumpyArrays:
    rng = np.random.default_rng(seed)
    return InMemoryNumpyArrays(X=rng.normal(size=(n, 3)), y=rng.integers(0, 2, n))


def challenge(seed: int | None = None) -> SupervisedLearningMIAChallenge:
    return SupervisedLearningMIAChallenge(
        training_data=records(1, N_TRAINING),
        tuning_data=records(2, 50),
        validation_data=records(3, N_VALIDATION),
        anonymizer_evaluator=strict_binary_accuracy,
        MIA_evaluator=evaluate_MIA,
        MIA_evaluation_dataset_length=LENGTH,
        seed=seed,
    )


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("ANOMED_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ANOMED_SECRET", "5ec2e7" * 12)
    return TestClient(supervised_learning_MIA_challenge_server_factory(challenge()))


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its stubs mistake names for options
    return buffer.getvalue()


def get(client: TestClient, url: str) -> Arrays:
    response = client.simulate_get(url)
    assert response.status_code == 200, response.text
    with np.load(io.BytesIO(response.content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def evaluation_data(client: TestClient, a: str, d: str, split: str) -> Arrays:
    return get(client, f"{EVALUATION}?anonymizer={a}&deanonymizer={d}&data_split={split}")


def attack(client: TestClient, a: str, d: str, split: str, guess: np.ndarray) -> dict[str, float]:
    response = post_attack(client, a, d, split, guess)
    assert response.status_code == 201, response.text
    return dict(response.json)


def post_attack(client: TestClient, a: str, d: str, split: str, guess: np.ndarray) -> Result:
    url = f"{ATTACK}?anonymizer={a}&deanonymizer={d}&data_split={split}"
    return client.simulate_post(url, body=npz(prediction=guess))


def rows(arrays: Arrays) -> list[bytes]:
    return [row.tobytes() for row in arrays["X"]]


# --- the lottery ----------------------------------------------------------------------------------


def published_mask(anonymizer: str, deanonymizer: str) -> np.ndarray:
    """Return the published server's ground truth, which follows from the names alone."""
    names = (anonymizer + deanonymizer).encode()
    rng = np.random.default_rng(int(hashlib.sha256(names).hexdigest(), 16))
    order = np.arange(2 * LENGTH)
    rng.shuffle(order)
    return (np.arange(2 * LENGTH) < LENGTH)[order]


@pytest.mark.parametrize("split", ["tuning", "validation"])
def test_the_mask_does_not_follow_from_the_names(client: TestClient, split: str) -> None:
    """The published server: 80 of 80 such attacks scored 1.0."""
    accuracies = [
        attack(client, f"a{number}", "d", split, published_mask(f"a{number}", "d"))["acc"]
        for number in range(20)
    ]

    assert abs(np.mean(accuracies) - 0.5) < 4 * 0.5 / np.sqrt(20 * 2 * LENGTH)
    assert max(accuracies) < 0.75


def test_the_two_splits_of_a_pair_share_neither_mask_nor_records(client: TestClient) -> None:
    tuning = evaluation_data(client, "a", "d", "tuning")
    validation = evaluation_data(client, "a", "d", "validation")

    assert not set(rows(tuning)) & set(rows(validation))


def test_feedback_on_tuning_data_tells_nothing_about_the_final(client: TestClient) -> None:
    """The published server: 54 invented names and 115 queries led to a final of 1.0.

    The attacker asks for the tuning data of many names, and whether each half of them are members;
    whatever it learns about a record, it uses in the final.
    """
    votes: dict[bytes, list[float]] = {}
    for number in range(54):
        data = evaluation_data(client, "a", f"d{number}", "tuning")
        guess = np.random.default_rng(number).random(2 * LENGTH) < 0.5
        accuracy = attack(client, "a", f"d{number}", "tuning", guess)["acc"]
        for row, is_guessed in zip(rows(data), guess, strict=True):
            votes.setdefault(row, []).append((accuracy - 0.5) * (1 if is_guessed else -1))

    final = evaluation_data(client, "a", "d0", "validation")
    coin = np.random.default_rng(99).normal(size=2 * LENGTH) * 1e-9
    believed = np.array([sum(votes.get(row, [])) for row in rows(final)])

    assert not votes.keys() & set(rows(final))
    assert attack(client, "a", "d0", "validation", believed + coin > 0)["acc"] < 0.65


def test_released_records_are_in_no_evaluation(client: TestClient) -> None:
    """The published server with several workers: 48 of 200 final rows had been released."""
    released = set(rows(get(client, "/data/deanonymizer/members")))
    released |= set(rows(get(client, "/data/deanonymizer/non-members")))

    for split in ("tuning", "validation"):
        for number in range(10):
            assert not released & set(rows(evaluation_data(client, f"a{number}", "d", split)))


def test_names_of_equal_concatenation_are_other_pairs(client: TestClient) -> None:
    one = evaluation_data(client, "a", "bc", "tuning")
    other = evaluation_data(client, "ab", "c", "tuning")

    assert rows(one) != rows(other)
    assert set(rows(one)) != set(rows(other))


def test_half_of_the_evaluation_records_are_members(client: TestClient) -> None:
    training = set(rows(get(client, "/data/anonymizer/training")))

    for split in ("tuning", "validation"):
        data = rows(evaluation_data(client, "a", "d", split))
        assert len(set(data)) == 2 * LENGTH
        assert sum(row in training for row in data) == LENGTH


# --- workers, restarts, replicas ------------------------------------------------------------------

PRODUCTS = (
    "/data/anonymizer/training",
    "/data/deanonymizer/members",
    "/data/deanonymizer/non-members",
    f"{EVALUATION}?anonymizer=a&deanonymizer=d&data_split=tuning",
    f"{EVALUATION}?anonymizer=a&deanonymizer=d&data_split=validation",
)


def served(state: Path, secret: str = "") -> list[str]:
    """Return the digests of what another process serves."""
    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)

    def serve() -> None:
        os.environ |= {"ANOMED_STATE": str(state), "ANOMED_SECRET": secret}
        client = TestClient(supervised_learning_MIA_challenge_server_factory(challenge()))
        bodies = [client.simulate_get(url).content for url in PRODUCTS]
        sender.send([hashlib.sha256(body).hexdigest() for body in bodies])

    process = multiprocessing.get_context("fork").Process(target=serve)
    process.start()
    digests: list[str] = receiver.recv()
    process.join()
    return digests


def test_workers_restarts_and_replicas_serve_the_same_members(tmp_path: Path) -> None:
    """The published server with seed=None: each process draws other members."""
    first = served(tmp_path / "one")
    restarted = served(tmp_path / "one")
    secret = (tmp_path / "one" / "secret").read_text()
    replica = served(tmp_path / "two", secret)

    assert first == restarted == replica
    assert served(tmp_path / "three") != first


# --- admission ------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["garbage", "Validation", "test", "tuning%00"])
def test_a_split_that_is_none_is_not_taken_for_validation(client: TestClient, split: str) -> None:
    truth = np.zeros(2 * LENGTH, dtype=bool)

    assert post_attack(client, "a", "d", split, truth).status_code == 400
    assert (
        client.simulate_get(
            f"{EVALUATION}?anonymizer=a&deanonymizer=d&data_split={split}"
        ).status_code
        == 400
    )


def test_an_anonymizer_is_required(client: TestClient) -> None:
    response = client.simulate_post(
        "/utility/anonymizer?data_split=tuning", body=npz(prediction=np.zeros(50, dtype=int))
    )

    assert response.status_code == 400
    assert response.json["description"] == 'The "anonymizer" parameter is required.'


def test_finals_cannot_be_climbed(client: TestClient) -> None:
    """The published server: 5 of 5 repeats accepted, 1.0 after 28 of them."""
    guess = np.arange(2 * LENGTH) % 2 == 0
    first = post_attack(client, "a", "d", "validation", guess)
    answers = {
        post_attack(client, "a", "d", "validation", np.roll(guess, number)).status_code
        for number in range(1, 30)
    }

    assert first.status_code == 201
    assert answers == {409}


def test_the_labels_of_the_validation_set_cannot_be_harvested(tmp_path: Path) -> None:
    """Where there are separate non-members, no evaluation hands out a validation record."""
    separate = SupervisedLearningMIAChallenge(
        training_data=records(1, N_TRAINING),
        tuning_data=records(2, 50),
        validation_data=records(3, N_VALIDATION),
        non_member_data=records(4, N_VALIDATION),
        anonymizer_evaluator=strict_binary_accuracy,
        MIA_evaluator=evaluate_MIA,
        MIA_evaluation_dataset_length=LENGTH,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANOMED_STATE", str(tmp_path / "state"))
        client = TestClient(supervised_learning_MIA_challenge_server_factory(separate))
    validation = set(rows(get(client, "/data/anonymizer/validation")))

    handed_out = set(rows(get(client, "/data/deanonymizer/non-members")))
    for number in range(20):
        for split in ("tuning", "validation"):
            handed_out |= set(rows(evaluation_data(client, f"a{number}", "d", split)))

    assert not handed_out & validation


# --- metrics and payloads -------------------------------------------------------------------------


def test_the_fpr_is_the_share_of_non_members(client: TestClient) -> None:
    """The published server divides by all records: 0.5 for an attack that always says member."""
    response = post_attack(client, "a", "d", "tuning", np.ones(2 * LENGTH, dtype=bool))

    assert response.text.startswith('{"acc": 0.5, "tpr": 1.0, "fpr": 1.0')


def test_scores_are_taken_and_give_the_tpr_at_a_low_fpr(client: TestClient) -> None:
    training = set(rows(get(client, "/data/anonymizer/training")))
    data = rows(evaluation_data(client, "a", "d", "tuning"))
    truth = np.array([row in training for row in data])

    perfect = attack(client, "a", "d", "tuning", truth * 0.8 + 0.1)
    inverted = attack(client, "a", "d", "tuning", 1.0 - truth)

    assert (perfect["auc"], perfect["tpr_at_fpr_0.001"]) == (1.0, 1.0)
    assert (inverted["auc"], inverted["tpr_at_fpr_0.001"]) == (0.0, 0.0)


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint8", "int64", "float32", "float64"])
def test_labels_that_are_equal_in_value_are_equal(client: TestClient, dtype: str) -> None:
    prediction = records(2, 50).get()[1].astype(dtype)
    url = f"/utility/anonymizer?anonymizer={dtype}&data_split=tuning"

    response = client.simulate_post(url, body=npz(prediction=prediction))

    assert (response.status_code, response.json) == (201, {"accuracy": 1.0})


HOSTILE: dict[str, tuple[Callable[[], np.ndarray], int]] = {
    "wrong length": (lambda: np.zeros(2 * LENGTH - 1, dtype=bool), 422),
    "training length": (lambda: np.zeros(N_TRAINING, dtype=bool), 422),
    "NaN": (lambda: np.full(2 * LENGTH, np.nan), 422),
    "infinity": (lambda: np.full(2 * LENGTH, np.inf), 422),
    "empty": (lambda: np.empty(0, dtype=bool), 422),
    "matrix": (lambda: np.zeros((LENGTH, 2), dtype=bool), 422),
    "scalar": (lambda: np.array(True), 422),
    "text": (lambda: np.full(2 * LENGTH, "member"), 422),
    "complex": (lambda: np.zeros(2 * LENGTH, dtype=complex), 400),
    "times": (lambda: np.zeros(2 * LENGTH, dtype="M8[s]"), 400),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_was_a_500_is_a_reason_and_costs_nothing(client: TestClient, name: str) -> None:
    make, status = HOSTILE[name]

    refused = post_attack(client, "a", "d", "validation", make())

    assert refused.status_code == status
    assert "prediction" in refused.json["description"]
    truth = np.ones(2 * LENGTH, dtype=bool)
    assert post_attack(client, "a", "d", "validation", truth).status_code == 201


def test_a_prediction_for_the_training_data_does_not_spend_the_final(
    client: TestClient,
) -> None:
    """The published client's example posts one, since it reads the wrong address."""
    url = "/utility/anonymizer?anonymizer=a&data_split=validation"
    wrong = client.simulate_post(url, body=npz(prediction=np.zeros(N_TRAINING, dtype=int)))
    right = client.simulate_post(url, body=npz(prediction=records(3, N_VALIDATION).get()[1]))

    assert (wrong.status_code, right.status_code) == (422, 201)
    assert wrong.json["description"] == "prediction has shape (600,); expected (400,)."
    assert right.json == {"accuracy": 1.0}


def test_metrics_that_are_numpy_scalars_are_valid_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMED_STATE", str(tmp_path))
    numpy_scores = SupervisedLearningMIAChallenge(
        training_data=records(1, N_TRAINING),
        tuning_data=records(2, 50),
        validation_data=records(3, N_VALIDATION),
        anonymizer_evaluator=lambda p, y: {
            "right": np.float32((p == y).mean()),
            "n": np.int64(len(p)),
        },
        MIA_evaluator=evaluate_MIA,
        MIA_evaluation_dataset_length=LENGTH,
    )
    client = TestClient(supervised_learning_MIA_challenge_server_factory(numpy_scores))

    response = client.simulate_post(
        "/utility/anonymizer?anonymizer=a&data_split=tuning",
        body=npz(prediction=records(2, 50).get()[1]),
    )

    assert response.text == '{"right": 1.0, "n": 50.0}'
