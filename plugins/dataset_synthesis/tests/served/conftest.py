"""A served challenge on simulated people, and players who speak HTTP to it without a socket."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import falcon.testing
import httpx
import numpy as np
import pytest
from anomed_dataset_synthesis import plugin
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.config import DatasetSynthesisConfig, DataSettings
from anomed_dataset_synthesis.generators import Generator
from anomed_dataset_synthesis.participation import Player

from anomed_core import ChallengeSpec, ServerSettings, Split
from anomed_core.ledger import attack_result
from anomed_core.plugins import build_registry
from anomed_core.service.evaluation import Attack, Evaluator
from anomed_core.service.server import Server, open_server
from anomed_core.web import create_web_app

N_PEOPLE = 15_000
TUNING, FINAL = "tuning", "validation"
Open = Callable[..., "Served"]


class FalconClient:
    """Speaks as `httpx.Client` does, through falcon's test client."""

    def __init__(self, app: Any) -> None:
        self._client = falcon.testing.TestClient(app)
        self._requests = httpx.Client(base_url="http://server")

    def get(self, path: str, *, params: Any = None, **options: Any) -> Any:
        return self._send("GET", path, params, options)

    def post(self, path: str, *, params: Any = None, **options: Any) -> Any:
        return self._send("POST", path, params, options)

    def _send(self, method: str, path: str, params: Any, options: Any) -> Any:
        request = self._requests.build_request(method, path, params=params, **options)
        answer = self._client.simulate_request(
            method,
            path,
            query_string=request.url.query.decode(),
            body=request.read(),
            headers=dict(request.headers),
        )
        return httpx.Response(answer.status_code, content=answer.content, request=request)


@attrs.frozen(kw_only=True)
class Served:
    """A challenge that is served, seen from outside and from inside."""

    server: Server
    player: Player

    @property
    def arena(self) -> Arena:
        (hosted,) = self.server.challenges.values()
        arena: Arena = hosted.challenge.definition
        return arena

    def synthesize(self, generator: Generator, split: str = TUNING, *, seed: int = 0) -> Any:
        """Run a generator on a round's training records, as a participant would."""
        training = self.player.table("/data/anonymizer/training", data_split=split)
        rng = np.random.default_rng(seed)
        fitted = generator.fit(training, self.player.codebook(), rng=rng)
        return fitted.sample(len(training), rng=rng)

    def truth(self, split: str = TUNING) -> np.ndarray:
        """Who is a member, which only the organiser knows."""
        return np.asarray(self.arena.rounds[Split(split)].membership.is_member)

    def attacked(self, attack: str, anonymizer: str) -> dict[str, float] | None:
        """Run a house attack on the newest submission, as the server does in the background."""
        (hosted,) = self.server.challenges.values()
        scores = self.server.ledger.scores(kind="anonymizer", anonymizer=anonymizer)
        score = next(score for score in reversed(scores) if score.origin == "participant")
        submission = self.server.submissions.kept.of_score(hosted, score)
        assert submission is not None
        job = Attack(challenge=hosted.id, attack=attack, submission=submission)
        found = Evaluator(self.server.challenges)(job)
        assert not isinstance(found, str)
        if found is not None:
            self.server.ledger.record_house(attack_result(score, attack, found, hosted.provenance))
        return found


@pytest.fixture(scope="session")
def people(simulator: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("people") / "people.parquet"
    simulator(N_PEOPLE, np.random.default_rng(20_240_102)).to_parquet(path, index=False)
    return path


@pytest.fixture(scope="session")
def open_served(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Serve the challenge anew, with other options or settings."""
    servers: list[Server] = []

    def make(
        settings: dict[str, Any] | None = None,
        *,
        seed: int | None = 11,
        secret: str = "5e" * 32,  # small tables have luck; fix it
        **options: Any,
    ) -> Served:
        registry = build_registry(discover=False)
        registry.add(plugin, name="dataset-synthesis")
        given = {
            "data": DataSettings(
                source=f"parquet:{people}", steps={"weight": 0.5, "number": 10_000}
            ),
            "secrets": ("outcome", "job"),
            "targets": 150,
            "tasks": 2,
            "predicates": 100,
            "attackers": 5,
        } | options
        server = open_server(
            [
                ChallengeSpec(
                    id="people",
                    type="dataset-synthesis",
                    seed=seed,
                    config=DatasetSynthesisConfig(**given),
                )
            ],
            registry=registry,
            settings=ServerSettings(state=tmp_path_factory.mktemp("state"), **(settings or {})),
            environment={"ANOMED_SECRET": secret},
        )
        servers.append(server)
        return Served(server=server, player=Player(FalconClient(create_web_app(server))))

    yield make
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def served(open_served: Open) -> Served:
    """One server for all tests that leave each other alone: each takes names of its own."""
    return open_served()
