"""Lomas' published clients, unchanged, ask a challenge with tokens and two workers."""

import csv
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from anomed_core.environments import Recipe, install_environment
from anomed_core.errors import EnvironmentMissingError

from .environments import LOMAS_NEWER, LOMAS_OLDER
from .processes import LOOPBACK, RunningServer, free_port, serving

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif("ANOMED_E2E_SERVER" in os.environ, reason="only ours has the type"),
]

CLIENTS = Path(__file__).parent / "clients"
ANALYST = "Dr.Antartica"
BOUNDS = {
    "bill_length_mm": (30.0, 65.0),
    "bill_depth_mm": (13.0, 23.0),
    "flipper_length_mm": (150.0, 250.0),
    "body_mass_g": (2000.0, 7000.0),
}
KEYS = {
    "species": ["Adelie", "Chinstrap", "Gentoo"],
    "island": ["Torgersen", "Biscoe", "Dream"],
    "sex": ["MALE", "FEMALE"],
}
ORDER = ("species", "island", *BOUNDS, "sex")
CONFIGURATION = """
[server]
auth = "tokens"
workers = 2

[challenges.penguin]
type = "dp-query"
libraries = ["opendp", "smartnoise-sql"]
answer_grid_s = 0
[challenges.penguin.aliases]
"Dr. Antartica" = "Dr.Antartica"
[challenges.penguin.datasets.PENGUIN]
source = "csv:penguins.csv"
metadata = "penguin.json"
unit = "as-lomas"
[challenges.penguin.datasets.SECRET]
source = "csv:penguins.csv"
metadata = "penguin.json"
[challenges.penguin.budgets."Dr.Antartica".PENGUIN]
epsilon = 10
delta = 0.005
"""


def write_penguins(folder: Path) -> None:
    """Write a made-up table of 344 penguins and what is public about it."""
    rng = random.Random(0)
    with (folder / "penguins.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(ORDER)
        for _ in range(344):
            keys = {name: rng.choice(values) for name, values in KEYS.items()}
            numbers = {name: round(rng.uniform(*bounds), 1) for name, bounds in BOUNDS.items()}
            writer.writerow([(keys | numbers)[name] for name in ORDER])
    columns: dict[str, Any] = {
        name: {"type": "float", "precision": 64, "lower": lower, "upper": upper}
        for name, (lower, upper) in BOUNDS.items()
    } | {
        name: {"type": "string", "cardinality": len(values), "categories": values}
        for name, values in KEYS.items()
    }
    document = {"max_ids": 1, "rows": 344, "columns": {name: columns[name] for name in ORDER}}
    (folder / "penguin.json").write_text(json.dumps(document))


@contextmanager
def challenge(folder: Path, port: int) -> Iterator[RunningServer]:
    command = [sys.executable, "-m", "anomed_core", "serve", "challenge.toml"]
    command += ["--port", "{port}", "--state", "state"]
    with serving(command, name="penguin", folder=folder, port=port) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_penguins(tmp_path)
    (tmp_path / "challenge.toml").write_text(CONFIGURATION)
    return tmp_path


def python_of(recipe: Recipe) -> Path:
    try:
        return install_environment(recipe, timeout_s=1_800.0).python
    except EnvironmentMissingError as error:
        if os.environ.get("CI"):
            pytest.fail(f"{recipe.name} could not be installed: {error}")
        pytest.skip(f"{recipe.name} could not be installed: {error}")


def require_sql() -> None:
    """Make the environment of SmartNoise, or say loudly that there is none."""
    from anomed_dp_query.libraries import libraries

    from anomed_core.cli import main

    if libraries()["smartnoise-sql"].missing():
        with pytest.raises(SystemExit) as ended:
            main(["environments", "install", "dp-query-libraries"])
        if ended.value.code:
            fail = pytest.fail if os.environ.get("CI") else pytest.skip
            fail("the environment of smartnoise-sql could not be made")


def session(python: Path, script: str, words: Sequence[str], folder: Path) -> dict[str, Any]:
    """Play a script; its temporary folder is its own, as the client keeps tokens there."""
    done = subprocess.run(
        [python, CLIENTS / script, *words],
        capture_output=True,
        text=True,
        timeout=600,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(folder), "HOME": str(folder)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def warm(port: int, token: str) -> None:
    """Let each worker start SmartNoise, which on a busy machine takes longer than clients wait."""
    question = {
        "dataset_name": "PENGUIN",
        "query_str": "SELECT COUNT(*) AS n FROM df",
        "epsilon": 0.1,
        "delta": 1e-5,
        "mechanisms": {},
        "postprocess": True,
        "dummy_nb_rows": 10,
        "dummy_seed": 0,
    }

    def ask(_: int) -> int:
        answer = httpx.post(
            f"http://{LOOPBACK}:{port}/lomas/dummy_smartnoise_sql_query",
            json=question,
            headers={"user-name": ANALYST, "Authorization": f"Bearer {token}"},
            timeout=180,
            trust_env=False,
        )
        return answer.status_code

    with ThreadPoolExecutor(6) as pool:
        assert 200 in set(pool.map(ask, range(12)))


def played(
    folder: Path, python: Path, script: str, words: Callable[[int, str], list[str]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Play both steps of a script, with a restart between them."""
    port = free_port()
    token = ""
    told = []
    for step in ("before", "after"):
        with challenge(folder, port):
            if not token:
                command = [sys.executable, "-m", "anomed_core", "tokens", "create", "anonymizer"]
                command += [ANALYST, "--challenge", "penguin", "--state", str(folder / "state")]
                token = subprocess.run(
                    command, capture_output=True, text=True, check=True, timeout=120
                ).stdout.strip()
                assert re.fullmatch(r"anomed-[0-9a-f-]+", token)
            warm(port, token)
            told.append(session(python, script, [*words(port, token), step], folder))
    return told[0], told[1]


SPENT_BY_PLAN, SPENT_BY_SQL = 1.0, 1.0


def test_client_0_5_asks_unchanged_before_and_after_a_restart(folder: Path) -> None:
    require_sql()
    python = python_of(LOMAS_NEWER)

    def words(port: int, token: str) -> list[str]:
        return [f"http://{LOOPBACK}:{port}/challenges/penguin/lomas", ANALYST, token]

    before, after = played(folder, python, "lomas_newer.py", words)

    assert "invalid_grant" in before["wrong password"]
    assert {"tableSchema", "maxContributions"} <= set(before["metadata"])
    assert before["column"] == "sex"
    assert before["bounds"] == [30.0, 65.0]
    assert before["bounds of columns"] == [[30.0], [65.0]]
    assert (before["dummy"], before["lazy"]) == ([100, 7], "LazyFrame")
    assert before["initial"] == [10.0, 0.005]
    assert before["budgets at first"] == before["budgets after dummies"] == [[0, 0], [10, 0.005]]
    assert before["cost"] == [1.0, 0.0]
    assert before["dummy query"] == before["query"] == after["query"] == [1, 2]
    assert before["gaussian cost"] == pytest.approx([5.2215344445, 1e-6], rel=1e-9)
    assert before["SQL cost"] == pytest.approx([1.0, 4.999999999999449e-05], rel=1e-9)
    assert before["SQL dummy"] == before["SQL query"] == [1, 1]
    assert before["over budget"].startswith("Not enough budget for this query epsilon remaining 8")
    assert "SELEC" in before["bad SQL"]
    assert before["other dataset"] == f"{ANALYST} does not have access to SECRET."
    assert before["history"] == ["opendp", "smartnoise_sql"]
    assert after["history"] == ["opendp", "smartnoise_sql", "opendp"]
    assert after["decoded"] == ["LazyFrame"] * 2
    assert after["budgets at first"] == before["budgets at last"]
    assert before["budgets at last"][0][0] == pytest.approx(2.0)
    assert after["budgets at last"][0][0] == pytest.approx(3.0)


def test_client_0_3_asks_unchanged_before_and_after_a_restart(folder: Path) -> None:
    require_sql()
    python = python_of(LOMAS_OLDER)

    def words(port: int, token: str) -> list[str]:
        where = f"{ANALYST}:{token}@{LOOPBACK}:{port}"
        return [f"http://{where}/challenges/penguin/lomas", "Dr. Antartica"]

    before, after = played(folder, python, "lomas_older.py", words)

    variance = 35**2 / 344 / 5
    assert before["metadata"] == [344, 7]
    assert before["dummy"] == [100, 7]
    assert before["initial"] == [10.0, 0.005]
    assert before["budgets at first"] == before["budgets after dummies"] == [[0, 0], [10, 0.005]]
    assert "not a measurement" in before["without noise"]
    assert before["cost"] == pytest.approx([variance, 0.0], rel=1e-11)
    assert before["dummy query"] == before["query"] == after["query"] == "float"
    assert before["SQL cost"] == pytest.approx([1.0, 4.999999999999449e-05], rel=1e-9)
    assert before["SQL query"] == [1, 1]
    assert "SELEC" in before["bad SQL"]
    assert before["over budget"].startswith("Not enough budget for this query epsilon remaining 9")
    assert before["other dataset"] == "Dr. Antartica does not have access to SECRET."
    assert before["other user"].startswith("User Mallory does not exist.")
    assert before["history"] == ["smartnoise_sql", "opendp"]
    assert after["history"] == ["smartnoise_sql", "opendp", "opendp"]
    assert after["decoded"] == ["Measurement"] * 2
    assert after["budgets at first"] == before["budgets at last"]
    assert after["budgets at last"][0][0] == pytest.approx(1.0 + 2 * variance)
