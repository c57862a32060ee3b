"""The house audits served models over real HTTP; a model shown to attackers only is flagged."""

import time

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

ATTACK_TIMEOUT_S = 60


@pytest.fixture
def server(open_digits):
    return open_digits(audit_hosts=("127.0.0.1:*",))


def compete(player, url):
    """Train, submit a final with a registered URL, and return the model."""
    training = player.download("/data/anonymizer/training")
    model = LogisticRegression(C=0.01, max_iter=300).fit(training["X"] / 16, training["y"])
    features = player.download("/data/anonymizer/validation")["X"] / 16
    answer = player.submit(
        "anonymizer",
        model.predict(features),
        anonymizer="a",
        data_split="validation",
        predict_url=url,
    )
    return model, answer


def constants(X):
    return np.zeros(len(X), dtype=np.int64)


def audited(server, url):
    from anomed_core.cli.audit import _attack

    return _attack(server, server.challenges["digits"], "a", url)["served-model"]


def audits(server):
    """Return results of house attacks; its own entries are scores of the house, too."""
    return [score for score in house_scores(server) if score.label == "served-model"]


def house_scores(server):
    return [score for score in server.ledger.scores() if score.origin == "house"]


@pytest.mark.parametrize("form", ["labels", "probabilities"])
def test_an_honest_model_is_not_flagged(server, participant, serving_model, form):
    models = []

    def predict(X):
        chosen = models[0].predict if form == "labels" else models[0].predict_proba
        return chosen(X / 16)

    with serving_model(predict) as host:
        model, answer = compete(participant(server), f"http://{host}/predict")
        models.append(model)
        assert answer.status_code == 201
        metrics = audited(server, f"http://{host}/predict")
    assert metrics["flagged"] == 0.0
    assert metrics["answers_as_submitted"] == 1.0
    assert metrics["auc_low"] <= metrics["auc"] <= metrics["auc_high"]


def test_constants_behind_good_predictions_are_flagged_and_recorded(
    server, participant, serving_model
):
    with serving_model(constants) as host:
        compete(participant(server), f"http://{host}/predict")
        metrics = audited(server, f"http://{host}/predict")
    assert metrics["flagged"] == 1.0
    recorded = house_scores(server)
    assert [score.label for score in recorded] == ["served-model"]
    assert recorded[0].metrics["flagged"] == 1.0


def test_a_registered_url_is_audited_in_the_background_by_another_process(
    open_digits, participant, serving_model
):
    server = open_digits(audit_hosts=("127.0.0.1:*",), in_background=True)
    with serving_model(constants) as host:
        compete(participant(server), f"http://{host}/predict")
        deadline = time.monotonic() + ATTACK_TIMEOUT_S
        while not (recorded := audits(server)) and time.monotonic() < deadline:
            time.sleep(0.1)
    assert [score.metrics["flagged"] for score in recorded] == [1.0]
    assert recorded[0].subject.anonymizer == "a"


def test_without_permitted_hosts_nothing_can_be_registered_or_happens_in_the_background(
    open_digits,
):
    closed = open_digits().challenges["digits"]
    names = {parameter.name for parameter in closed.kind("anonymizer").parameters}
    assert "predict_url" not in names
    assert not closed.attacks_by_itself


@pytest.mark.parametrize(
    "url",
    ["http://example.org/predict", "file:///etc/passwd", "http://user@127.0.0.1/", "http://[", "x"],
)
def test_the_server_cannot_be_sent_elsewhere(server, participant, url):
    _, answer = compete(participant(server), url)
    assert answer.status_code == 422
    assert "allowed are http URLs at 127.0.0.1" in answer.json["description"]


def test_a_regressor_is_audited_by_its_errors(open_digits, participant, serving_model):
    server = open_digits(source="sklearn:diabetes", length=30, seed=0, audit_hosts=("127.0.0.1:*",))
    player = participant(server)
    training = player.download("/data/anonymizer/training")
    forest = RandomForestRegressor(30, random_state=0).fit(training["X"], training["y"])
    features = player.download("/data/anonymizer/validation")["X"]
    with serving_model(forest.predict) as host:
        url = f"http://{host}/predict"
        player.submit(
            "anonymizer", forest.predict(features), anonymizer="a", data_split="validation"
        )
        metrics = audited(server, url)
    records = server.challenges["digits"].challenge.definition
    errors = [
        -np.abs(forest.predict(side["X"]) - side["y"])
        for side in (records.records("training"), records.records("validation"))
    ]
    is_member = np.repeat([1, 0], [len(side) for side in errors])
    assert metrics["auc"] == pytest.approx(roc_auc_score(is_member, np.concatenate(errors)))
    assert metrics["auc_low"] > 0.7
    assert metrics["flagged"] == 0.0
