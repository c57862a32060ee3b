"""Whatever an anonymizer sends instead of predictions is an error of its own kind."""

import io

import numpy as np
import pytest
from anomed_supervised_mia.challenge import house
from anomed_supervised_mia.challenge.house import (
    AnonymizerUnavailableError,
    ask,
    refuse_foreign_url,
)

from anomed_core import SubmissionRejected, encode_npz

X = np.zeros((5, 2))


def pickled():
    body = io.BytesIO()
    np.savez(body, prediction=np.array([{}] * 5, dtype=object))
    return body.getvalue()


def test_features_arrive_and_predictions_come_back(serving_model):
    with serving_model(lambda features: features[:, 0] + 1) as host:
        answers = ask(f"http://{host}/predict", np.arange(6.0).reshape(3, 2))
    np.testing.assert_array_equal(answers, [1.0, 3.0, 5.0])


def test_probabilities_are_answers_too(serving_model):
    with serving_model(lambda features: np.full((len(features), 3), 1 / 3)) as host:
        assert ask(f"http://{host}/predict", X).shape == (5, 3)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (201, encode_npz({"prediction": np.zeros(3)})),
        (201, encode_npz({"prediction": np.zeros(())})),
        (201, encode_npz({"something": np.zeros(5)})),
        (201, pickled()),
        (201, b"not npz"),
        (302, b""),
        (500, b"oops"),
    ],
    ids=["too few", "a number", "another name", "pickle", "no npz", "redirect", "failure"],
)
def test_anything_but_predictions_makes_it_unavailable(serving, status, content):
    with serving(lambda _: (status, content)) as host, pytest.raises(AnonymizerUnavailableError):
        ask(f"http://{host}/predict", X)


def test_many_records_are_asked_for_in_requests_that_a_slow_model_can_answer(serving_model):
    sizes = []

    def predict(features):
        sizes.append(len(features))
        return features[:, 0]

    with serving_model(predict) as host:
        answers = ask(f"http://{host}/predict", np.arange(1002.0).reshape(501, 2))
    np.testing.assert_array_equal(answers, np.arange(0.0, 1002.0, 2))
    assert sizes == [167] * 3


def test_answers_of_several_kinds_are_no_prediction(serving_model):
    def predict(features):
        return np.zeros(len(features), dtype=int if features[0, 0] else "U3")

    with (
        serving_model(predict) as host,
        pytest.raises(AnonymizerUnavailableError, match="several shapes or kinds"),
    ):
        ask(f"http://{host}/predict", np.arange(1002.0).reshape(501, 2))


def test_a_server_that_is_not_there_is_unavailable(serving):
    with serving(lambda _: (201, b"")) as host:
        gone = f"http://{host}/predict"
    with pytest.raises(AnonymizerUnavailableError, match="gave no prediction"):
        ask(gone, X)


def test_an_endless_answer_is_cut_off(serving, monkeypatch):
    monkeypatch.setattr(house, "_LARGEST_ANSWER_BYTES", 1000)
    with (
        serving(lambda _: (201, bytes(2000))) as host,
        pytest.raises(AnonymizerUnavailableError, match="too much"),
    ):
        ask(f"http://{host}/predict", X)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://a.example/predict", "a.example"),
        ("https://a.example:443/predict", "a.example"),
        ("https://a.example/predict", "a.example:443"),
        ("https://a.example:8443/predict", "a.example:*"),
        ("http://[::1]:8001/predict", "[::1]:8001"),
        ("http://a.example:8001/predict", "a.example:8001"),
    ],
)
def test_permitted_hosts_pass(url, allowed):
    refuse_foreign_url(url, [allowed])


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://a.example:8002/predict", "a.example:8001"),
        ("http://a.example/predict", "a.example:8001"),
        ("http://a.example:5432/predict", "a.example"),
        (" http://a.example/predict", "a.example"),
        ("http:/predict", "a.example"),
        ("http://a.example.org/predict", "a.example:*"),
        ("http://a.example.org/predict", "a.example"),
        ("http://b@a.example/predict", "a.example"),
        ("ftp://a.example/predict", "a.example"),
        ("http://a.example:99999/predict", "a.example"),
    ],
)
def test_other_hosts_ports_and_schemes_are_refused(url, allowed):
    with pytest.raises(SubmissionRejected, match="allowed are http URLs"):
        refuse_foreign_url(url, [allowed])
