"""The published clients, unchanged, with tokens in the user info of their URLs."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from .processes import LOOPBACK, RunningServer, serving

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif("ANOMED_E2E_SERVER" in os.environ, reason="only ours knows tokens"),
]

CONFIGURATION = """
[server]
auth = "tokens"
workers = 2

[challenges.iris]
type = "supervised-mia"
data = { source = "sklearn:iris" }
mia_evaluation_dataset_length = 5
"""
HOSPITAL = """
[server]
auth = "tokens"

[challenges.hospital]
type = "dataset-anonymization"
data = { source = "simulated:hospital-register?n=3000&seed=3" }
n_queries = 50
"""
ANONYMIZER, DEANONYMIZER, IMPOSTOR, LEAVER = "tree", "gap", "impostor", "leaver"
FITTED = {"message": "Fitting has been completed successfully."}
TOKEN = re.compile(r"anomed-[0-9a-f]{32}-[0-9a-f]{64}")


@attrs.frozen
class Players:
    """A served challenge, and its organiser's command line."""

    server: RunningServer
    state: Path

    def anomed(self, *words: str) -> str:
        """Run a command and return what it prints."""
        command = [sys.executable, "-m", "anomed_core", *words, "--state", str(self.state)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout

    def token(self, role: str, holder: str) -> str:
        (challenge,) = re.findall(r'"id": "(\w+)"', self.get("/challenge.json").text)
        return self.anomed("tokens", "create", role, holder, "--challenge", challenge).strip()

    def url(self, holder: str, token: str) -> str:
        return f"http://{holder}:{token}@{LOOPBACK}:{self.server.port}"

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(f"{self.server.url}{path}", trust_env=False, timeout=30, **options)


def competition(folder: Path, configuration: str) -> Iterator[Players]:
    (folder / "challenge.toml").write_text(configuration)
    command = [sys.executable, "-m", "anomed_core", "serve", str(folder / "challenge.toml")]
    command += ["--port", "{port}", "--state", str(folder / "state")]
    with serving(command, name="challenge", folder=folder) as server:
        yield Players(server, folder / "state")


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Players]:
    yield from competition(tmp_path_factory.mktemp("iris"), CONFIGURATION)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Players]:
    yield from competition(tmp_path_factory.mktemp("hospital"), HOSPITAL)


StartAnonymizer = Callable[[str, str], RunningServer]


@pytest.fixture(scope="module")
def start_anonymizer(
    start_client: Callable[..., RunningServer],
    tmp_path_factory: pytest.TempPathFactory,
) -> StartAnonymizer:
    """Start the published anonymizer under an id, for a challenge's URL."""

    def start(url: str, holder: str) -> RunningServer:
        return start_client(
            "anonymizer",
            CHALLENGE_URL=url,
            ANONYMIZER=holder,
            MODEL_FILE=str(tmp_path_factory.mktemp("anonymizer") / "model.pickle"),
            VALIDATION_ROUTE="/data/anonymizer/validation",
        )

    return start


@pytest.fixture(scope="module")
def anonymizer(iris: Players, start_anonymizer: StartAnonymizer) -> RunningServer:
    return start_anonymizer(iris.url(ANONYMIZER, iris.token("anonymizer", ANONYMIZER)), ANONYMIZER)


@pytest.fixture(scope="module")
def deanonymizer(
    iris: Players,
    anonymizer: RunningServer,
    start_client: Callable[..., RunningServer],
    tmp_path_factory: pytest.TempPathFactory,
) -> RunningServer:
    token = iris.token("deanonymizer", DEANONYMIZER)
    return start_client(
        "deanonymizer",
        CHALLENGE_URL=iris.url(DEANONYMIZER, token),
        ANONYMIZER=ANONYMIZER,
        DEANONYMIZER=DEANONYMIZER,
        PREDICT_URL=f"{anonymizer.url}/predict",
        MODEL_FILE=str(tmp_path_factory.mktemp("deanonymizer") / "attack.pickle"),
    )


def post(server: RunningServer, route: str) -> httpx.Response:
    return httpx.post(f"{server.url}{route}", trust_env=False, timeout=60)


def answered(competition: Players, path: str, status: int) -> list[dict[str, Any]]:
    """Return the log lines of requests for a path with a status."""
    lines = [line for line in competition.server.log.read_text().splitlines() if line[:1] == "{"]
    return [
        line
        for line in map(json.loads, lines)
        if line.get("path") == path and line["status"] == status
    ]


def test_an_anonymizer_plays_from_fit_to_final(anonymizer: RunningServer) -> None:
    assert post(anonymizer, "/fit").json() == FITTED
    for split in ("tuning", "tuning", "validation"):
        answer = post(anonymizer, f"/evaluate?data_split={split}")
        assert answer.status_code == 201, answer.text
        assert answer.json()["evaluation"]["accuracy"] > 0.8
    assert post(anonymizer, "/evaluate?data_split=validation").status_code == 500


def test_a_deanonymizer_plays_from_fit_to_final(
    anonymizer: RunningServer, deanonymizer: RunningServer
) -> None:
    assert post(anonymizer, "/fit").json() == FITTED
    assert post(deanonymizer, "/fit").json() == FITTED
    for split in ("tuning", "validation"):
        answer = post(deanonymizer, f"/evaluate?data_split={split}")
        assert answer.status_code == 201, answer.text
        assert list(answer.json()["evaluation"])[:3] == ["acc", "tpr", "fpr"]


def test_a_deanonymizer_that_poses_as_an_anonymizer_gets_no_training_data(
    iris: Players, start_anonymizer: StartAnonymizer
) -> None:
    posing = start_anonymizer(iris.url(IMPOSTOR, iris.token("deanonymizer", IMPOSTOR)), IMPOSTOR)

    assert post(posing, "/fit").status_code == 503
    assert answered(iris, "/data/anonymizer/training", 403)


def test_tokens_are_shown_once_and_logged_never(iris: Players) -> None:
    token = iris.token("anonymizer", "onlooker")
    listed = iris.anomed("tokens", "list")
    assert iris.get("/attempts", auth=("onlooker", token)).status_code == 200
    assert iris.get("/attempts", auth=("somebody", token)).status_code == 401

    assert TOKEN.fullmatch(token)
    assert "onlooker" in listed
    assert TOKEN.search(listed) is None
    log = iris.server.log.read_text()
    assert TOKEN.search(log) is None
    assert token.split("-")[2] not in log
    assert base64.b64encode(f"onlooker:{token}".encode()).decode() not in log


def test_the_tabular_client_takes_part(
    hospital: Players, start_client: Callable[..., RunningServer], tmp_path: Path
) -> None:
    token = hospital.token("anonymizer", "decades")
    decades = start_client(
        "decades",
        CHALLENGE_URL=hospital.url("decades", token),
        ANONYMIZER="decades",
        OUTPUT_FOLDER=str(tmp_path),
    )
    assert post(decades, "/fit").status_code == 201
    evaluated = post(decades, "/evaluate")

    assert evaluated.status_code == 201, evaluated.text
    assert evaluated.json()["evaluation"]["truthfulness"] == 1.0
    assert hospital.get("/data/anonymizer/leaky").status_code == 401


def test_a_revoked_token_ends_at_once_in_all_workers(
    iris: Players, start_anonymizer: StartAnonymizer
) -> None:
    leaving = start_anonymizer(iris.url(LEAVER, iris.token("anonymizer", LEAVER)), LEAVER)
    assert post(leaving, "/fit").json() == FITTED

    def of_leaver() -> dict[str, Any]:
        listed = json.loads(iris.anomed("tokens", "list", "--json"))
        (row,) = [row for row in listed if row["team"] == LEAVER]
        return dict(row)

    assert post(leaving, "/evaluate?data_split=tuning").status_code == 201
    identifier = of_leaver()["id"]

    told = f"Token {identifier} of the team {LEAVER} is revoked.\n"
    assert iris.anomed("tokens", "revoke", identifier) == told

    statuses = [post(leaving, "/evaluate?data_split=tuning").status_code for _ in range(4)]
    assert statuses == [503] * 4
    assert len(answered(iris, "/data/anonymizer/tuning", 401)) == 4
    assert of_leaver()["revoked"]
