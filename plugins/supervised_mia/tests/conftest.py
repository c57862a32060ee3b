"""A challenge on digits, opened as the server does, and anonymizers that answer over real HTTP."""

import io
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import falcon.testing
import numpy as np
import pytest
from anomed_supervised_mia import plugin
from anomed_supervised_mia.challenge.config import DataSettings, SupervisedMIAConfig

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.web import create_web_app
from anomed_core.wire import decode_npz, encode_npz


@pytest.fixture
def serving():
    """Serve what a function answers to a request's body; yield ``host:port``."""
    return _serving


@pytest.fixture
def serving_model():
    """Serve an anonymizer's /predict; yield ``host:port``."""

    def serve(predict):
        return _serving(
            lambda body: (201, encode_npz({"prediction": predict(decode_npz(body, ["X"])["X"])}))
        )

    return serve


@contextmanager
def _serving(answer):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            status, content = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Location", "/elsewhere")
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
def open_digits(tmp_path):
    """Open a house with a challenge on digits; options are those of the type.

    A seed fixes who is a member, where a test asks for more than any division gives.
    """
    servers = []

    def open_it(*, in_background=False, source="sklearn:digits", length=100, seed=None, **options):
        registry = build_registry(discover=False)
        registry.add(plugin, name="supervised-mia")
        config = SupervisedMIAConfig(
            data=DataSettings(source=source, split=(0.4, 0.2, 0.4), seed=seed),
            mia_evaluation_dataset_length=length,
            **options,
        )
        server = open_server(
            [ChallengeSpec(id="digits", type="supervised-mia", config=config)],
            registry=registry,
            settings=ServerSettings(state=tmp_path),
            in_background=in_background,
            environment={},
        )
        servers.append(server)
        return server

    yield open_it
    for server in servers:
        server.close()


class Participant:
    """Takes part in a house's challenge over its web application.

    Parameters
    ----------
    server
        Where the challenge is.
    """

    def __init__(self, server):
        self._client = falcon.testing.TestClient(create_web_app(server))

    def download(self, path, **query):
        answer = self._client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        with np.load(io.BytesIO(answer.content)) as file:
            return {name: file[name] for name in file.files}

    def call(self, operation, arrays, **query):
        """Return the arrays that an operation answers, or how it is refused."""
        answer = self._client.post(
            f"/operations/{operation}", params=query, body=encode_npz(arrays)
        )
        return decode_npz(answer.content, ["prediction"]) if answer.status_code == 200 else answer

    def accounts(self, **query):
        return self._client.get("/accounts", params=query).json["accounts"]

    def submit(self, kind, prediction, **query):
        body = encode_npz({"prediction": prediction})
        return self._client.post(f"/utility/{kind}", params=query, body=body)


@pytest.fixture
def participant():
    """Return the class of participants."""
    return Participant
