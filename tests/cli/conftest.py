"""Run ``anomed`` as a person does, in this process or in one of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from anomed_core import ChallengeSpec, ServerSettings, cli
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.wire import encode_npz
from tests.example_types import Guessing, GuessingConfig

PLUGIN = """
from tests.example_types import Guessing
plugin = Guessing()
"""


@attrs.frozen
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Anomed = Callable[..., Answer]


@pytest.fixture
def anomed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Anomed:
    """Run a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("ANOMED_STATE", "ANOMED_SECRET", "ANOMED_HOST"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Answer:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["anomed", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capfd.readouterr()
        return Answer(end.value.code if isinstance(end.value.code, int) else 0, out, err)

    return run


@pytest.fixture
def game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the --plugin value of a guessing game."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "cli_game.py").write_text(PLUGIN)
    sys.modules.pop("cli_game", None)
    return "cli_game:plugin"


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Return the path of a configuration of a guessing game."""
    path = tmp_path / "challenge.toml"
    path.write_text('[challenges.mine]\ntype = "guessing"\ntitle = "Mine"\nsize = 5\n')
    return str(path)


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command in a process of its own."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "anomed_core", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **environment},
            timeout=120,
            check=False,
        )

    return run


def open_guessing(folder: Path, **decided: Any) -> Server:
    """Open a server that leaves its records in the default place below a folder."""
    registry = build_registry(discover=False)
    registry.add(Guessing(), name="cli_game:plugin")
    spec = ChallengeSpec(
        id="mine", type="guessing", title="Mine", config=GuessingConfig(size=5), **decided
    )
    return open_server(
        [spec],
        registry=registry,
        settings=ServerSettings(state=folder / "anomed-state"),
        environment={},
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return the server that left its records in the default place."""
    server = open_guessing(tmp_path)
    yield server
    server.close()


@pytest.fixture
def scored(server: Server) -> Server:
    hosted = server.challenges["mine"]
    truth = np.asarray(hosted.challenge.definition.y)
    for name, guess in {"worse": truth + 1, "better": truth + 0.1, "equal": truth + 0.1}.items():
        server.submissions.submit(
            hosted,
            hosted.kind("anonymizer"),
            query={"anonymizer": name, "data_split": "validation"},
            body=encode_npz({"prediction": guess}),
        )
    return server
