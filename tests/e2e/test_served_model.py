"""The house finds out that an anonymizer serves one model to attackers and another to the judge."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import attrs
import httpx
import pytest

from anomed_core import Score
from anomed_core.cli.records import open_records

from .conftest import CLIENT_MODULES, StartServer
from .processes import RunningServer

pytestmark = pytest.mark.e2e

CHALLENGE = """
[challenges.iris]
type = "supervised-mia"
data = { source = "sklearn:iris", split = [0.4, 0.1, 0.5] }
mia_evaluation_dataset_length = 15
utility = ["accuracy"]
audit_hosts = ["127.0.0.1:*"]
"""
N_FINAL = 75
ATTACK_TIMEOUT_S = 60


@attrs.frozen(kw_only=True)
class Game:
    """A challenge server, and how to talk about it on the command line."""

    server: RunningServer
    config: Path
    state: Path

    def audit(self, url: str, anonymizer: str) -> subprocess.CompletedProcess[str]:
        """Audit as the organiser does, on the files of the running server."""
        words = [url, str(self.config), "--state", str(self.state), "--anonymizer", anonymizer]
        command = [sys.executable, "-m", "anomed_core", "audit", *words, "--json"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def house_scores(self, anonymizer: str) -> list[Score]:
        with open_records(None, state=self.state, ledger=None) as memory:
            scores = memory.ledger.scores(challenge="iris")
        return [s for s in scores if s.origin == "house" and s.subject.anonymizer == anonymizer]


@pytest.fixture(scope="module")
def game(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Game:
    folder = tmp_path_factory.mktemp("organiser")
    config, state = folder / "challenge.toml", folder / "state"
    config.write_text(CHALLENGE)
    command = [sys.executable, "-m", "anomed_core", "serve", str(config), "--port", "{port}"]
    server = start_server([*command, "--state", str(state)], name="challenge")
    return Game(server=server, config=config, state=state)


@pytest.fixture(scope="module")
def compete(
    game: Game,
    client_environment: Path,
    start_server: StartServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], str]:
    """Let a published anonymizer train and submit its final; return the URL of its `/predict`."""

    def start(anonymizer: str) -> str:
        # Its own port is in its command line only, where it is filled in.
        words = ["env", "PREDICT_URL=http://127.0.0.1:{port}/predict"]
        words += [str(client_environment / "bin" / "gunicorn"), "--bind", "127.0.0.1:{port}"]
        client = start_server(
            [*words, "audited_anonymizer:application"],
            name=anonymizer,
            environment={
                "CHALLENGE_URL": game.server.url,
                "ANONYMIZER": anonymizer,
                "MODEL_FILE": str(tmp_path_factory.mktemp(anonymizer) / "model.pickle"),
                "N_JUDGED": str(N_FINAL),
            },
            modules={"audited_anonymizer": (CLIENT_MODULES / "audited_anonymizer.py").read_text()},
        )
        for route in ("/fit", "/evaluate?data_split=validation"):
            answer = httpx.post(f"{client.url}{route}", trust_env=False, timeout=60)
            assert answer.status_code == 201, answer.text
        assert answer.json()["evaluation"]["accuracy"] > 0.8
        return f"{client.url}/predict"

    return start


@pytest.mark.parametrize(("anonymizer", "flagged"), [("two-faced", 1.0), ("honest", 0.0)])
def test_only_an_anonymizer_that_answers_attackers_otherwise_is_flagged(
    game: Game, compete: Callable[[str], str], anonymizer: str, flagged: float
) -> None:
    predict_url = compete(anonymizer)

    in_background = first_house_score(game, anonymizer)
    by_command = game.audit(predict_url, anonymizer)

    assert in_background.label == "served-model"
    assert in_background.metrics["flagged"] == flagged
    assert by_command.returncode == int(flagged), by_command.stdout + by_command.stderr
    assert json.loads(by_command.stdout)["served-model"]["flagged"] == flagged
    assert ("FLAGGED" in by_command.stderr) == bool(flagged)
    assert len(game.house_scores(anonymizer)) == 2


def first_house_score(game: Game, anonymizer: str) -> Score:
    deadline = time.monotonic() + ATTACK_TIMEOUT_S
    while time.monotonic() < deadline:
        if scores := game.house_scores(anonymizer):
            return scores[0]
        time.sleep(0.5)
    pytest.fail(f"the house did not attack {anonymizer!r} within {ATTACK_TIMEOUT_S} s")
