"""The attacks that succeeded against the published server, played against this one."""

import hashlib
import io
import subprocess
import sys

import falcon.testing
import numpy as np
import pytest
from anomed_supervised_mia import plugin
from anomed_supervised_mia.challenge.config import DataSettings, SupervisedMIAConfig

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz

LENGTH = 60


def open_digits(state):
    registry = build_registry(discover=False)
    registry.add(plugin, name="supervised-mia")
    config = SupervisedMIAConfig(
        data=DataSettings(source="sklearn:digits"), mia_evaluation_dataset_length=LENGTH
    )
    return open_server(
        [ChallengeSpec(id="digits", type="supervised-mia", config=config)],
        registry=registry,
        settings=ServerSettings(state=state),
    )


@pytest.fixture
def server(tmp_path):
    server = open_digits(tmp_path)
    yield server
    server.close()


@pytest.fixture
def client(server):
    return falcon.testing.TestClient(create_web_app(server))


def evaluation_data(client, anonymizer, deanonymizer, split):
    answer = client.get(
        "/data/attack-success-evaluation",
        params={"anonymizer": anonymizer, "deanonymizer": deanonymizer, "data_split": split},
    )
    with np.load(io.BytesIO(answer.content)) as file:
        return file["X"]


def submit(client, anonymizer, deanonymizer, split, memberships):
    return client.post(
        "/utility/deanonymizer",
        params={"anonymizer": anonymizer, "deanonymizer": deanonymizer, "data_split": split},
        body=encode_npz({"prediction": memberships}),
    )


def keys(records):
    return [record.tobytes() for record in records]


def test_the_mask_does_not_follow_from_the_names(client):
    """The published mask is a shuffle seeded by the SHA-256 of both names."""
    accuracies = []
    for number in range(40):
        names = (f"anonymizer-{number}", f"attack-{number}")
        seed = int(hashlib.sha256("".join(names).encode()).hexdigest(), 16)
        order = np.arange(2 * LENGTH)
        np.random.default_rng(seed).shuffle(order)
        guess = (np.arange(2 * LENGTH) < LENGTH)[order]
        accuracies.append(submit(client, *names, "tuning", guess).json["acc"])
    assert abs(np.mean(accuracies) - 0.5) < 5 * 0.5 / np.sqrt(40 * 2 * LENGTH)
    assert max(accuracies) < 0.75


def test_tuning_feedback_under_any_name_tells_nothing_about_validation(client):
    """Whoever knows the memberships of all tuning records under 54 names knows no final record."""
    final = keys(evaluation_data(client, "target", "attack", "validation"))
    seen = set()
    for number in range(54):
        seen |= set(keys(evaluation_data(client, "target", f"helper-{number}", "tuning")))
    assert len(seen) >= 2 * LENGTH
    assert not seen & set(final)


def test_released_records_are_never_asked_for(client):
    released = set()
    for side in ("members", "non-members"):
        with np.load(io.BytesIO(client.get(f"/data/deanonymizer/{side}").content)) as file:
            released |= set(keys(file["X"]))
    for split in ("tuning", "validation"):
        asked = keys(evaluation_data(client, "target", "attack", split))
        assert len(released & set(asked)) <= 2  # equal images under two numbers


def test_names_that_run_together_are_different_pairs(client):
    one = evaluation_data(client, "a", "bc", "tuning")
    other = evaluation_data(client, "ab", "c", "tuning")
    assert keys(one) != keys(other)
    assert keys(one) == keys(evaluation_data(client, "a", "bc", "tuning"))


def test_a_restart_serves_the_same_members(tmp_path):
    contents = []
    for _ in range(2):
        server = open_digits(tmp_path)
        client = falcon.testing.TestClient(create_web_app(server))
        contents.append(
            [
                client.get(f"/data/deanonymizer/{side}").content
                for side in ("members", "non-members")
            ]
            + [evaluation_data(client, "a", "d", "validation").tobytes()]
        )
        server.close()
    assert contents[0] == contents[1]


def test_workers_serve_the_same_members(tmp_path):
    """Two processes that share nothing but the state directory agree on every draw."""
    code = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "import test_published_attacks as attacks\n"
        "print(attacks.digest_of_members(Path(sys.argv[2])))\n"
    )
    folder = __file__.rsplit("/", 1)[0]
    with subprocess.Popen(
        [sys.executable, "-c", code, folder, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as worker:
        here = digest_of_members(tmp_path)
        printed, _ = worker.communicate(timeout=120)
    assert printed.splitlines()[-1] == here


def digest_of_members(state):
    house = open_digits(state)
    client = falcon.testing.TestClient(create_web_app(house))
    content = client.get("/data/deanonymizer/members").content
    content += evaluation_data(client, "a", "d", "validation").tobytes()
    house.close()
    return hashlib.sha256(content).hexdigest()


def test_another_server_draws_otherwise(tmp_path):
    members = []
    for name in ("one", "other"):
        server = open_digits(tmp_path / name)
        client = falcon.testing.TestClient(create_web_app(server))
        members.append(client.get("/data/deanonymizer/members").content)
        server.close()
    assert members[0] != members[1]


def test_a_final_cannot_be_climbed(client):
    rng = np.random.default_rng(0)
    statuses = [
        submit(client, "a", "climber", "validation", rng.random(2 * LENGTH) < 0.5).status_code
        for _ in range(28)
    ]
    assert statuses == [201] + [409] * 27


def test_a_split_of_another_name_is_no_final(client):
    answer = submit(client, "a", "d", "garbage", np.ones(2 * LENGTH, dtype=bool))
    assert answer.status_code == 400


def test_an_anonymizer_must_say_its_name(client):
    answer = client.post("/utility/anonymizer", params={"data_split": "tuning"}, body=b"x")
    assert answer.json["description"] == 'The "anonymizer" parameter is required.'


def test_calling_everybody_a_member_has_a_false_positive_rate_of_one(client):
    answer = submit(client, "a", "d", "tuning", np.ones(2 * LENGTH, dtype=bool))
    assert list(answer.json.items())[:3] == [("acc", 0.5), ("tpr", 1.0), ("fpr", 1.0)]
