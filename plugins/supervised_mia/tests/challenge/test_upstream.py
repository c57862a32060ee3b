"""What an organiser writes in Python, with the names of anomed-challenge."""

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
from falcon.testing import TestClient

from anomed_core import ConfigError

pytestmark = pytest.mark.usefixtures("closed_afterwards")


def records(offset: int, n: int) -> InMemoryNumpyArrays:
    return InMemoryNumpyArrays(X=offset + np.arange(n, dtype=float)[:, None], y=np.arange(n) % 3)


def challenge(seed: int | None = 7, length: int = 5) -> SupervisedLearningMIAChallenge:
    return SupervisedLearningMIAChallenge(
        records(0, 40),
        records(100, 10),
        records(200, 30),
        strict_binary_accuracy,
        evaluate_MIA,
        length,
        seed,
    )


def test_members_and_non_members_are_drawn_with_a_seed() -> None:
    members, non_members = challenge().members, challenge().non_members

    assert members.shapes == [(20, 1), (20,)]
    assert non_members.shapes == [(15, 1), (15,)]
    assert members.get()[0].max() < 100
    assert non_members.get()[0].min() >= 200
    assert challenge().members == members
    assert challenge(seed=8).members != members


def test_evaluation_data_come_with_their_memberships() -> None:
    data, memberships = challenge().MIA_evaluation_data("a", "d", "tuning")

    np.testing.assert_array_equal(data.get()[0][:, 0] < 100, memberships)


@pytest.mark.parametrize("name", ["members", "non_members"])
def test_without_a_seed_only_the_server_draws(name: str) -> None:
    with pytest.raises(ValueError, match="without a seed the server's secret draws"):
        getattr(challenge(seed=None), name)


def test_evaluators_are_called_under_their_published_names() -> None:
    truth = np.array([True, False])

    assert challenge().evaluate_anonymizer(truth, truth) == {"accuracy": 1.0}
    assert challenge().evaluate_membership_inference_attack(truth, truth)["acc"] == 1.0


def test_the_server_draws_what_the_challenge_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a seed, the organiser can repeat the server's draws in Python."""
    monkeypatch.setenv("ANOMED_STATE", str(tmp_path))
    client = TestClient(supervised_learning_MIA_challenge_server_factory(challenge()))
    _, truth = challenge().MIA_evaluation_data("a", "d", "validation")
    body = tmp_path / "guess.npz"
    np.savez(body, prediction=truth)

    response = client.simulate_post(
        "/utility/deanonymizer?anonymizer=a&deanonymizer=d&data_split=validation",
        body=body.read_bytes(),
    )

    assert response.status_code == 201, response.text
    assert response.json["acc"] == 1.0


def test_a_challenge_that_cannot_be_played_is_found_when_it_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMED_STATE", str(tmp_path))

    with pytest.raises(ConfigError, match="mia_evaluation_dataset_length: 8 is too large"):
        supervised_learning_MIA_challenge_server_factory(challenge(length=8))


def test_titles_are_for_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMED_STATE", str(tmp_path))
    titled = SupervisedLearningMIAChallenge(
        records(0, 40),
        records(100, 10),
        records(200, 30),
        strict_binary_accuracy,
        evaluate_MIA,
        5,
        title="Flowers",
    )
    client = TestClient(supervised_learning_MIA_challenge_server_factory(titled))

    assert client.simulate_get("/challenge.json").json["title"] == "Flowers"
