"""The house audits served models over real HTTP; a model shown to attackers only is flagged."""

import io
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import falcon.testing
import numpy as np
import pytest
from anomed_supervised_mia import plugin
from anomed_supervised_mia.config import DataSettings, SupervisedMIAConfig
from anomed_supervised_mia.remote import AnonymizerUnavailableError, ask
from sklearn.linear_model import LogisticRegression

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.plugins import build_registry
from anomed_core.service.house import open_house
from anomed_core.web import create_web_app
from anomed_core.wire import decode_npz, encode_npz


@contextmanager
def serving(predict):
    """Serve an anonymizer's /predict on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            X = decode_npz(body, ["X"])["X"]
            content = encode_npz({"prediction": predict(X)})
            self.send_response(201)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def house(tmp_path):
    registry = build_registry(discover=False)
    registry.add(plugin, name="supervised-mia")
    config = SupervisedMIAConfig(
        data=DataSettings(source="sklearn:digits", split=(0.4, 0.2, 0.4)),
        mia_evaluation_dataset_length=100,
        audit_hosts=("127.0.0.1",),
    )
    house = open_house(
        [ChallengeSpec(id="digits", type="supervised-mia", config=config)],
        registry=registry,
        settings=ServerSettings(state=tmp_path),
    )
    yield house
    house.close()


def arrays(client, path):
    with np.load(io.BytesIO(client.get(path).content)) as file:
        return {name: file[name] for name in file.files}


def compete(client, url):
    """Train, submit a final with a registered URL, and return the model."""
    training = arrays(client, "/data/anonymizer/training")
    model = LogisticRegression(C=0.01, max_iter=300).fit(training["X"] / 16, training["y"])
    features = arrays(client, "/data/anonymizer/validation")["X"] / 16
    answer = client.post(
        "/utility/anonymizer",
        params={"anonymizer": "a", "data_split": "validation", "predict_url": url},
        body=encode_npz({"prediction": model.predict(features)}),
    )
    return model, answer


def audited(house, url):
    from anomed_core.cli.audit import _attack

    return _attack(house, house.challenges["digits"], "a", url)["served-model"]


@pytest.mark.parametrize("form", ["labels", "probabilities"])
def test_an_honest_model_is_not_flagged(house, form):
    client = falcon.testing.TestClient(create_web_app(house))
    models = []

    def predict(X):
        chosen = models[0].predict if form == "labels" else models[0].predict_proba
        return chosen(X / 16)

    with serving(predict) as host:
        model, answer = compete(client, f"http://{host}/predict")
        models.append(model)
        assert answer.status_code == 201
        metrics = audited(house, f"http://{host}/predict")
    assert metrics["flagged"] == 0.0
    assert metrics["answers_as_submitted"] == 1.0
    assert metrics["auc_low"] <= metrics["auc"] <= metrics["auc_high"]


def test_constants_behind_good_predictions_are_flagged_and_recorded(house):
    client = falcon.testing.TestClient(create_web_app(house))
    with serving(lambda X: np.zeros(len(X), dtype=np.int64)) as host:
        compete(client, f"http://{host}/predict")
        metrics = audited(house, f"http://{host}/predict")
    assert metrics["flagged"] == 1.0
    recorded = [s for s in house.ledger.scores() if s.origin == "house"]
    assert [s.label for s in recorded] == ["served-model"]
    assert recorded[0].metrics["flagged"] == 1.0


@pytest.mark.parametrize(
    "url",
    ["http://example.org/predict", "file:///etc/passwd", "http://user@127.0.0.1/", "http://[", "x"],
)
def test_the_server_cannot_be_sent_elsewhere(house, url):
    _, answer = compete(falcon.testing.TestClient(create_web_app(house)), url)
    assert answer.status_code == 422
    assert "allowed are http URLs at 127.0.0.1" in answer.json["description"]


def test_an_anonymizer_that_answers_nonsense_is_unavailable():
    with serving(lambda X: np.zeros(3)) as host, pytest.raises(AnonymizerUnavailableError):
        ask(f"http://{host}/predict", np.zeros((5, 2)))
