"""The commands, typed in a folder with a small table of people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from anomed_core.cli import anomed

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    pd.DataFrame(
        {
            "age": rng.integers(18, 90, 400),
            "town": rng.choice(["Bonn", "Kiel", "Ulm"], 400),
            "grade": rng.choice(["low", "mid", "top"], 400),
            "illness": rng.choice(["flu", "gout"], 400),
        }
    ).to_csv("people.csv", index=False)
    Path("towns.csv").write_text("Bonn;west;*\nKiel;north;*\nUlm;south;*\n")

    def run(*words: str) -> Result:
        return CliRunner().invoke(anomed, words)

    return run


INIT = ("challenge", "init", "people.csv", "--quasi-identifiers", "age,town")
ROLES = ("--sensitive", "illness", "--ordinal", "grade=low,mid,top")
