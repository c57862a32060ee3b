"""Lomas' published clients, unchanged, let a challenge fit models and use them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.environments import LOMAS_NEWER, LOMAS_OLDER
from tests.e2e.processes import LOOPBACK, free_port
from tests.e2e.test_lomas_clients import (
    ANALYST,
    CONFIGURATION,
    challenge,
    python_of,
    require_sql,
    session,
    write_penguins,
)

pytestmark = pytest.mark.e2e

SPECIES = {"Adelie", "Chinstrap", "Gentoo"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_penguins(tmp_path)
    offered = CONFIGURATION.replace('"smartnoise-sql"]', '"diffprivlib"]')
    (tmp_path / "challenge.toml").write_text(offered)
    return tmp_path


@pytest.mark.parametrize("dialect", ["newer", "older"])
def test_models_are_fitted_paid_and_usable(dialect: str, folder: Path) -> None:
    require_sql()  # the same environment
    python = python_of(LOMAS_NEWER if dialect == "newer" else LOMAS_OLDER)
    port = free_port()
    with challenge(folder, port):
        command = [sys.executable, "-m", "anomed_core", "tokens", "create", "anonymizer"]
        command += [ANALYST, "--challenge", "penguin", "--state", str(folder / "state")]
        token = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=120
        ).stdout.strip()
        where = f"{LOOPBACK}:{port}/challenges/penguin/lomas"
        words = (
            ["newer", f"http://{where}", ANALYST, token]
            if dialect == "newer"
            else ["older", f"http://{ANALYST}:{token}@{where}", "Dr. Antartica"]
        )
        told = session(python, "lomas_models.py", words, folder)

    assert told["cost"] == [1.5, 0.0]
    assert told["dummy"] == told["model of history"] == "Pipeline"
    assert told["spent"] == 1.5
    assert told["left"] == 8.5
    assert set(told["labels"]) <= SPECIES
    assert told["history"] == ["diffprivlib"]
