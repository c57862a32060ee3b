"""The extension beside the type that it extends, as participants and organisers meet it."""

import time

import anomed_mia_extras.plugin as extras
import numpy as np
import pytest
from anomed_mia_extras.memorisation import memorisation_auc

from anomed_core.testing import conformance_checks


@pytest.fixture
def client(challenge_client):
    return challenge_client("supervised-mia", extensions=(extras,))


@pytest.mark.parametrize("check", conformance_checks("supervised-mia", extensions=[extras]))
def test_both_together_keep_the_contract(check):
    check()


def test_attacks_get_one_more_metric(client):
    everybody = client.score("deanonymizer", {"prediction": np.ones(10, dtype=bool)})

    assert everybody["membership_advantage"] == 0.0
    assert (everybody["tpr"], everybody["fpr"]) == (1.0, 1.0)


def test_the_advantage_is_tpr_minus_fpr(client):
    guess = {"prediction": np.linspace(0, 1, 10)}

    metrics = client.score("deanonymizer", guess)

    assert metrics["membership_advantage"] == pytest.approx(metrics["tpr"] - metrics["fpr"])


def test_finals_are_attacked_and_reported(challenge_client):
    client = challenge_client("supervised-mia", extensions=(extras,), in_background=True)
    n_records = len(client.get_arrays("/data/anonymizer/validation")["X"])

    client.score(
        "anonymizer",
        {"prediction": np.zeros(n_records, dtype=int)},
        anonymizer="constant",
        data_split="validation",
    )
    attacked = _wait_for_the_attack_on("constant", client)
    (section,) = extras.anomed_report(client.hosted.challenge, attacked)

    # The house's own entry is attacked as well, whenever its turn comes.
    assert set(section.data["memorisation_auc"]) - {"house constant"} == {"constant"}
    assert "<td>constant</td>" in section.html


def test_other_types_are_left_alone(client):
    import attrs

    other = attrs.evolve(client.hosted.challenge, type="something-else")

    assert extras.anomed_metrics(other) == []
    assert extras.anomed_house_attacks(other) == []
    assert extras.anomed_report(other, ()) == []


def test_without_memorisation_the_auc_is_one_half():
    rng = np.random.default_rng(1)

    auc = memorisation_auc(np.ones(50), rng.normal(size=(50, 3)), rng.normal(size=(70, 3)))

    assert auc == 0.5


def test_a_model_that_is_right_only_next_to_what_it_knows_is_found_out():
    training, unseen = np.zeros((4, 2)), np.arange(20.0).reshape(10, 2)

    assert memorisation_auc(unseen[:, 0], unseen, training) == 1.0


def test_one_record_is_too_few():
    with pytest.raises(ValueError, match="at least two records are needed, got 1"):
        memorisation_auc(np.ones(1), np.ones((1, 2)), np.ones((3, 2)))


def _wait_for_the_attack_on(anonymizer, client):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        scores = tuple(client.server.ledger.scores(challenge=client.hosted.id))
        attacked = {s.subject.anonymizer for s in scores if s.label == extras.ATTACK}
        if anonymizer in attacked:
            return scores
        time.sleep(0.05)
    raise TimeoutError("no house attack was recorded")
