"""Nothing that must be secret is ever in a log line or in the answer to another."""

from __future__ import annotations

import base64
import json
import logging
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import numpy as np
import pytest
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, Role, ServerSettings
from anomed_core.ledger import Database, Grant, TokenBook
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.e2e.processes import LOOPBACK, RunningServer, serving
from tests.security import blabbing
from tests.security.blabbing import LABELS, LEAVE, N_RECORDS, ORDERS, ROWS

PLUGIN = Path(blabbing.__file__)
TRAINING = "/data/anonymizer/training"
SUBMIT = "/utility/anonymizer?anonymizer={}&data_split=tuning"
SECRET = "5ec2e7" * 11
PLATFORM_SECRET = "platform-secret-0815"


@attrs.frozen(kw_only=True)
class Overheard:
    """What a server has said in answer to everything that we could think of.

    Attributes
    ----------
    log
        Its standard output and error.
    answers
        Answers to what was refused or failed.
    tokens
        All that were sent.
    predictions
        Arrays that were submitted.
    """

    log: str
    answers: list[httpx.Response] = attrs.field(repr=False)
    tokens: dict[str, str] = attrs.field(repr=False)
    predictions: list[np.ndarray] = attrs.field(repr=False)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log as JSON; the one line that announces the server is for people."""
        rest = [line for line in self.log.splitlines() if not line.startswith("Serving ")]
        return [json.loads(line) for line in rest]


def prediction(order: float, number: int) -> np.ndarray:
    """Return a prediction that gives an order, and whose other values are like no other's."""
    values = 9000.0 + 100 * number + np.arange(N_RECORDS) * 1.0078125
    values[0] = order
    return values


@attrs.define(kw_only=True)
class Nuisance:
    """Somebody who tries everything."""

    server: RunningServer
    tokens: dict[str, str]
    answers: list[httpx.Response] = attrs.field(factory=list)
    predictions: list[np.ndarray] = attrs.field(factory=list)

    def ask(self, method: str, path: str, who: str = "", **options: Any) -> None:
        headers = options.pop("headers", {})
        if who:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        answer = httpx.request(
            method, self.server.url + path, headers=headers, trust_env=False, timeout=60, **options
        )
        if answer.status_code >= 400:
            self.answers.append(answer)

    def try_tokens(self) -> None:
        """Send right and wrong tokens in right and wrong places."""
        for who, token in self.tokens.items():
            self.ask("GET", TRAINING, who)
            for name in (who, "mallory", ""):
                self.ask("GET", TRAINING, auth=(name, token))
            basic = base64.b64encode(f"{who}:{token}".encode()).decode()
            for header in (f"Digest {token}", token, f"Bearer  {token} x", f"Basic {basic}="):
                self.ask("GET", TRAINING, headers={"Authorization": header})
            self.ask("GET", f"/attempts?anonymizer={token}", who)
            self.ask("GET", f"/{token}", who)
            self.ask("POST", SUBMIT.format(token), who, content=b"x")
            self.ask("POST", f"/utility/anonymizer?anonymizer=alice&data_split={token}", who)
            self.ask(
                "GET", "/data/broken?anonymizer=alice&deanonymizer=dora&data_split=tuning", who
            )
            self.send_raw(f"GET / HTTP/1.1\r\nAuthorization Bearer {token}\r\n\r\n")
            self.send_raw(f"GET / HTTP/1.1\r\nAuthorization : Bearer {token}\r\n\r\n")
            self.send_raw(f"GET / HTTP/1.1\r\n Bearer {token}\r\n\r\n")
            self.send_raw(f"GET /{token}\r\n\r\n")
            self.send_raw(f"{token} / HTTP/1.1\r\n\r\n")

    def send_raw(self, text: str) -> None:
        """Send something that is no request, and take the answer."""
        with socket.create_connection((LOOPBACK, self.server.port), timeout=30) as connection:
            connection.sendall(text.encode())
            head, _, body = _everything(connection).partition(b"\r\n\r\n")
        status, *headers = head.decode().split("\r\n")
        named = {name: value for name, _, value in (h.partition(": ") for h in headers)}
        self.answers.append(httpx.Response(int(status.split()[1]), headers=named, content=body))

    def try_submissions(self, orders: Iterable[int]) -> None:
        """Submit what is scored, what is refused, and what makes the plugin blab."""
        for number, order in enumerate((*orders, -1, -2)):
            self.submit(prediction(order, number))
        wrong = prediction(0, 20)
        self.submit(wrong[1:])
        self.submit(np.where(wrong > 9003, np.nan, wrong))
        self.submit(wrong.astype(str))
        for content in (wrong.tobytes(), encode_npz({"prediction": wrong})[:-40], b""):
            self.ask("POST", SUBMIT.format("alice"), "alice", content=content)

    def submit(self, array: np.ndarray) -> None:
        self.predictions.append(array)
        body = encode_npz({"prediction": array})
        self.ask("POST", SUBMIT.format("alice"), "alice", content=body)


def _everything(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def tokens_in(state: Path) -> dict[str, str]:
    """Create tokens beside the server, and revoke one."""
    database = Database(f"sqlite:///{state / 'ledger.sqlite'}")
    book = TokenBook(database)
    roles = {"alice": Role.ANONYMIZER, "dora": Role.DEANONYMIZER, "gone": Role.ANONYMIZER}
    tokens = {
        name: book.create(Grant(role=role, holder=name, challenge="blabbing"))
        for name, role in roles.items()
    }
    book.revoke(tokens["gone"].split("-")[1])
    database.close()
    return tokens | {"stranger": f"anomed-{'0b' * 16}-{'1c' * 32}"}


@pytest.fixture(scope="module", params=[True, False], ids=["inline", "in processes"])
def overheard(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Overheard:
    folder = tmp_path_factory.mktemp("blabbing")
    (folder / "challenge.toml").write_text(
        '[server]\nauth = "tokens"\nworkers = 2\n'
        '[challenges.blabbing]\ntype = "blabbing"\n'
        f"cheap = {str(request.param).lower()}\n"
    )
    command = [sys.executable, "-m", "anomed_core", "serve", str(folder / "challenge.toml")]
    command += ["--plugin", str(PLUGIN), "--port", "{port}", "--state", str(folder / "state")]
    environment = {
        "ANOMED_SECRET": SECRET,
        "ANOMED_HOST": "127.0.0.1:9",  # nobody listens there
        "ANOMED_PLATFORM_SECRET": PLATFORM_SECRET,
    }
    with serving(command, name="server", folder=folder, environment=environment) as server:
        nuisance = Nuisance(server=server, tokens=tokens_in(folder / "state"))
        nuisance.try_tokens()
        # os._exit in a web worker would end it, which is why evaluations declared cheap must be.
        nuisance.try_submissions(set(ORDERS) - ({LEAVE} if request.param else set()))
        nuisance.ask("GET", "/readyz")
    return Overheard(
        log=server.log.read_text(),
        answers=nuisance.answers,
        tokens=nuisance.tokens,
        predictions=nuisance.predictions,
    )


def texts(overheard: Overheard) -> Iterator[str]:
    yield overheard.log
    for answer in overheard.answers:
        yield f"{answer.headers}\n{answer.text}"


def test_everything_was_tried(overheard: Overheard) -> None:
    statuses = {answer.status_code for answer in overheard.answers}
    events = {line["event"] for line in overheard.lines}

    assert statuses >= {400, 401, 403, 404, 422, 500, 503}
    assert events >= {"request", "refused", "failed", "malformed", "observer failed"}
    assert any("delivery" in event for event in events)


def test_no_token_and_no_secret_is_said(overheard: Overheard) -> None:
    secrets = {SECRET, PLATFORM_SECRET}
    for who, token in overheard.tokens.items():
        secrets |= {token, token.split("-")[2]}
        secrets.add(base64.b64encode(f"{who}:{token}".encode()).decode())

    for secret in secrets:
        assert secret not in overheard.log

    for answer in overheard.answers:
        asked_by_its_holder = answer.text.count("anomed-")  # an id that was sent is quoted back
        assert asked_by_its_holder <= 1
        assert SECRET not in answer.text
        assert PLATFORM_SECRET not in answer.text


def test_no_row_and_no_labels_are_said(overheard: Overheard) -> None:
    numbers = {f"{value}" for value in ROWS.ravel()}
    submitted = {f"{v}" for array in overheard.predictions for v in array.ravel()[1:]} - {"nan"}

    for text in texts(overheard):
        said = set(re.findall(r"\d+\.\d+", text))
        assert not said & numbers
        assert not said & submitted
        for form in (LABELS, LABELS.tolist(), LABELS == 1):
            assert runs(str(form)) & runs(text) == set()


def runs(text: str) -> set[tuple[str, ...]]:
    """Return every five labels in a row."""
    labels = re.findall(r"(?:\b(?:[01]|True|False)[\s,.]+){4,}(?:[01]|True|False)\b", text)
    found = [re.findall(r"[01]|True|False", run) for run in labels]
    return {tuple(run[i : i + 5]) for run in found for i in range(len(run) - 4)}


def test_every_answer_that_says_no_has_a_request_id_that_the_log_knows(
    overheard: Overheard,
) -> None:
    logged = {line.get("request_id") for line in overheard.lines}

    for answer in overheard.answers:
        assert answer.headers["Content-Type"].startswith("application/json"), answer.text
        assert answer.headers["X-Request-Id"] in logged
        told = answer.json()
        if answer.status_code >= 500 and "problems" not in told:
            assert told["request_id"] == answer.headers["X-Request-Id"]


def test_every_line_about_a_request_has_its_id(overheard: Overheard) -> None:
    by_id: dict[str, list[str]] = {}
    for line in overheard.lines:
        if line["event"] in {"request", "refused", "failed", "malformed", "evaluation failed"}:
            by_id.setdefault(line["request_id"], []).append(line["event"])

    assert all(events.count("request") == 1 or events == ["malformed"] for events in by_id.values())


def test_a_failure_still_says_where_it_happened(overheard: Overheard) -> None:
    failures = [line for line in overheard.lines if line["event"] == "evaluation failed"]

    assert len(failures) >= 3
    told = "\n".join(line["exception"] for line in failures)
    assert "in anomed_evaluate_utility\n    raise ValueError(" in told
    assert "RuntimeError: row (<values>" in told
    assert all("blabbing.py:" in line["culprit"] for line in failures)


def test_even_at_the_lowest_level_libraries_say_nothing_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLAlchemy shows every statement with its values then, falcon every request."""
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy.engine", "sqlalchemy.pool", "falcon"):
        caplog.set_level(logging.DEBUG, logger=name)
    registry = build_registry(discover=False)
    registry.add(blabbing, name="blabbing")
    server = open_server(
        [ChallengeSpec(id="blabbing", type="blabbing", config=blabbing.BlabbingConfig())],
        registry=registry,
        settings=ServerSettings(state=tmp_path / "state", auth="tokens"),
        environment={"ANOMED_SECRET": SECRET},
    )
    client = TestClient(create_web_app(server))
    identity = Grant(role=Role.ANONYMIZER, holder="alice", challenge="blabbing")
    token = server.tokens.create(identity)
    headers = {"Authorization": f"Bearer {token}"}
    submitted = prediction(blabbing.FINE, 1)

    assert client.simulate_get(TRAINING, headers=headers).status_code == 200
    body = encode_npz({"prediction": submitted})
    answer = client.simulate_post(SUBMIT.format("alice"), body=body, headers=headers)
    server.close()

    assert answer.status_code == 201
    assert "INSERT INTO scores" in caplog.text, "the level is not low enough to prove anything"
    for secret in (token, token.split("-")[2], SECRET, *map(str, submitted[1:]), str(ROWS[0, 0])):
        assert secret not in caplog.text
