"""Attackers ask anonymizers' models through the server, and pay a query for each record."""

import numpy as np
import pytest
from anomed_supervised_mia.challenge.config import SupervisedMIAConfig
from sklearn.linear_model import LogisticRegression

QUERIES = 30


@pytest.fixture
def server(open_digits):
    return open_digits(audit_hosts=("127.0.0.1:*",), queries=QUERIES)


@pytest.fixture
def player(server, participant):
    return participant(server)


@pytest.fixture
def model(player):
    training = player.download("/data/anonymizer/training")
    return LogisticRegression(C=0.01, max_iter=300).fit(training["X"] / 16, training["y"])


@pytest.fixture
def records(player):
    return player.download("/data/anonymizer/training")["X"]


def enter(player, **registered):
    """Submit a final; whether it is any good is not the point."""
    n_records = len(player.download("/data/anonymizer/validation")["X"])
    return player.submit(
        "anonymizer",
        np.zeros(n_records, dtype=int),
        anonymizer="a",
        data_split="validation",
        **registered,
    )


def predict(player, X, deanonymizer="d"):
    return player.call("predict", {"X": X}, anonymizer="a", deanonymizer=deanonymizer)


@pytest.mark.parametrize("form", ["labels", "probabilities"])
def test_answers_are_labels_and_each_record_costs_one(player, serving_model, model, records, form):
    answer = model.predict if form == "labels" else model.predict_proba
    with serving_model(lambda X: answer(X / 16)) as host:
        enter(player, predict_url=f"http://{host}/predict")
        told = predict(player, records[:20])

    np.testing.assert_array_equal(told["prediction"], model.predict(records[:20] / 16))
    assert told["prediction"].dtype == np.int64
    assert remaining(player) == QUERIES - 20


def remaining(player, deanonymizer="d"):
    accounts = player.accounts(anonymizer="a", deanonymizer=deanonymizer)
    (queries,) = [account for account in accounts if account["name"] == "queries"]
    return int(queries["resources"][0]["remaining"])


def test_the_budget_ends_and_is_each_attackers_own(player, serving_model, model, records):
    with serving_model(lambda X: model.predict(X / 16)) as host:
        enter(player, predict_url=f"http://{host}/predict")
        predict(player, records[:20])
        refused = predict(player, records[:11])
        rest = predict(player, records[:10])
        another = predict(player, records[:QUERIES], deanonymizer="e")

    assert refused.status_code == 403
    assert "10" in refused.json["description"]
    assert len(rest["prediction"]) == 10
    assert len(another["prediction"]) == QUERIES
    assert remaining(player) == 0


@pytest.mark.parametrize("answer", [lambda X: X[:, :2], lambda X: np.full(len(X), np.nan)])
def test_a_model_that_does_not_answer_costs_nothing_and_its_address_is_not_told(
    player, serving_model, records, answer
):
    with serving_model(answer) as host:
        enter(player, predict_url=f"http://{host}/predict")
        refused = predict(player, records[:5])

    assert refused.status_code == 422
    assert "gave no prediction that fits" in refused.json["description"]
    assert host not in refused.text
    assert remaining(player) == QUERIES


def test_who_has_registered_no_model_is_not_asked(player, records):
    enter(player)

    refused = predict(player, records[:5])

    assert refused.status_code == 422
    assert "registered no predict_url" in refused.json["description"]


@pytest.mark.parametrize("n_records", [0, 1001])
def test_a_call_asks_about_some_records(player, records, n_records):
    enter(player)

    refused = predict(player, np.zeros((n_records, *records.shape[1:])))

    assert refused.status_code == 422


def test_without_queries_there_is_no_such_operation(open_digits):
    server = open_digits(audit_hosts=("127.0.0.1:*",))

    (hosted,) = server.challenges.values()
    assert not hosted.operations


def test_queries_need_somebody_to_ask():
    with pytest.raises(ValueError, match="audit_hosts permits no host"):
        SupervisedMIAConfig(data=object(), queries=5)
