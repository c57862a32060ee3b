"""A served challenge on simulated people, and players who speak HTTP to it without a socket."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import httpx
import numpy as np
import pandas as pd
import pytest
from anomed_client import Challenge, Options, Score, connect
from anomed_dataset_synthesis import plugin
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.config import DatasetSynthesisConfig, DataSettings
from anomed_dataset_synthesis.generators import Generator, IndependentColumns
from anomed_dataset_synthesis.table.codebook import Codebook

from anomed_core import ChallengeSpec, ServerSettings, Split
from anomed_core.ledger import attack_result
from anomed_core.plugins import build_registry
from anomed_core.service.evaluation import Attack, Evaluator
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.web import create_web_app

N_PEOPLE = 15_000
TUNING, FINAL = "tuning", "validation"
Open = Callable[..., "Served"]


@attrs.frozen(kw_only=True)
class Player:
    """Takes part under whatever name; each submission counts, even if it is the same again."""

    challenge: Challenge
    client: httpx.Client

    def rules(self) -> Any:
        return self.challenge.document("data/codebook")

    def codebook(self) -> Codebook:
        return Codebook.from_mapping({"columns": self.rules()["columns"]})

    def table(
        self, path: str, *, data_split: Any = None, anonymizer: str | None = None
    ) -> pd.DataFrame:
        return self.challenge.table(path, split=data_split, target=anonymizer)

    def publish(
        self, name: str, table: Any, *, data_split: Any, claim: Mapping[str, Any] | None = None
    ) -> Score:
        parts = {"synthetic": table} | ({} if claim is None else {"claim": claim})
        return self.challenge.submit(parts, name=name, split=data_split, repeat=True)

    def attack(
        self, task: str, answer: Any, *, anonymizer: str, deanonymizer: str, data_split: Any
    ) -> Score:
        attack = self.challenge.attack(anonymizer, name=deanonymizer)
        return attack.submit(answer, kind=task, split=data_split, repeat=True)


def player_of(server: Server, downloads: Path) -> Player:
    """Speak to a server without a socket."""
    transport = httpx.WSGITransport(app=create_web_app(server))  # type: ignore[arg-type]
    options = Options(transport=transport, progress=False, cache=downloads, tries=1)
    return Player(
        challenge=connect("http://server", name="somebody", options=options),
        client=httpx.Client(transport=transport, base_url="http://server"),
    )


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
        return Served(server=server, player=player_of(server, server.state.root / "downloads"))

    yield make
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def served(open_served: Open) -> Served:
    """One server for all tests that leave each other alone: each takes names of its own."""
    return open_served()


@pytest.fixture(scope="module")
def independent(served: Any) -> pd.DataFrame:
    return served.synthesize(IndependentColumns(), TUNING)


@pytest.fixture(scope="module")
def quiet(served: Any, independent: pd.DataFrame) -> str:
    """Who has published independent columns: a table that is attacked in vain."""
    served.player.publish("quiet", independent, data_split=TUNING)
    return "quiet"
