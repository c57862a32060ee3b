"""The published client for tables works from end to end against our server."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pandas as pd
import pytest

from .conftest import CLIENT_MODULES
from .processes import RunningServer

pytestmark = pytest.mark.e2e

MIB = 2**20

CONFIGURATION = """
[challenges.hospital]
type = "dataset-anonymization"
data = { source = "simulated:hospital-register?n=60000&seed=3" }
n_queries = 50
"""


@pytest.fixture(scope="module")
def own_functions(challenge_server: Callable[..., RunningServer]) -> RunningServer:
    """Serve the published server's example with our library, by two workers."""
    module = "published_tabular_challenge"
    source = (CLIENT_MODULES / f"{module}.py").read_text()
    source = source.replace(
        "import anomed_challenge", "import anomed_dataset_anonymization as anomed_challenge"
    )
    gunicorn = [sys.executable, "-m", "gunicorn"]
    command = [*gunicorn, "-w", "2", "--bind", "127.0.0.1:{port}", "example:application"]
    return challenge_server(command, modules={"example": source})


@pytest.fixture(scope="module")
def hospital(
    challenge_server: Callable[..., RunningServer], tmp_path_factory: pytest.TempPathFactory
) -> RunningServer:
    """Serve a register whose table is larger than 1 MiB."""
    configuration = tmp_path_factory.mktemp("hospital") / "challenge.toml"
    configuration.write_text(CONFIGURATION)
    anomed = [sys.executable, "-m", "anomed_core", "serve", str(configuration)]
    return challenge_server([*anomed, "--port", "{port}", "--state", "{state}"])


@pytest.fixture(scope="module")
def decades(
    hospital: RunningServer, start_client: Callable[..., RunningServer], tmp_path_factory
) -> tuple[httpx.Response, Path]:
    """Let the published client fit and publish; return its answer and the folder of its files."""
    folder = tmp_path_factory.mktemp("decades")
    server = start_client(
        "decades",
        CHALLENGE_URL=hospital.url,
        ANONYMIZER="decades",
        OUTPUT_FOLDER=str(folder),
    )
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
        assert client.post("/fit").status_code == 201
        return client.post("/evaluate"), folder


def test_functions_of_an_organiser_score_as_the_published_server_does(
    own_functions: RunningServer,
    tabular_anonymizer_server: Callable[..., RunningServer],
    tmp_path: Path,
) -> None:
    anonymizer = tabular_anonymizer_server(
        own_functions, anonymizer="rounding", output_folder=tmp_path
    )
    with httpx.Client(base_url=anonymizer.url, trust_env=False, timeout=30) as client:
        fitted = client.post("/fit")
        evaluated = client.post("/evaluate")

    assert fitted.status_code == 201
    assert evaluated.status_code == 201
    assert evaluated.json()["evaluation"] == {
        "mean_absolute_error": pytest.approx(0.3),
        "is_same": 1.0,
    }


def test_reconstructed_tables_are_scored_without_any_parameter(
    own_functions: RunningServer,
) -> None:
    with httpx.Client(base_url=own_functions.url, trust_env=False, timeout=30) as client:
        known = pd.read_parquet(
            io.BytesIO(client.get("/data/deanonymizer/background-knowledge").content)
        )
        guess = known.assign(income=10.2)
        answer = client.post("/utility/deanonymizer", content=guess.to_parquet())

    assert answer.status_code == 201
    assert answer.json() == {"matching_rows": 0.25}


def test_table_over_one_mebibyte_is_scored(decades: tuple[httpx.Response, Path]) -> None:
    evaluated, folder = decades

    assert max(file.stat().st_size for file in folder.iterdir()) > MIB
    assert evaluated.status_code == 201
    metrics = evaluated.json()["evaluation"]
    assert metrics["truthfulness"] == 1.0
    assert metrics["lineage_declared"] == 1.0
    assert 0 < metrics["gcp"] < 0.1


def test_attackers_get_the_very_table_without_its_index(
    hospital: RunningServer, decades: tuple[httpx.Response, Path]
) -> None:
    evaluated, _ = decades
    assert evaluated.status_code == 201
    with httpx.Client(base_url=hospital.url, trust_env=False, timeout=30) as attacker:
        answer = attacker.get("/data/deanonymizer/anonymized", params={"anonymizer": "decades"})
    table = pd.read_parquet(io.BytesIO(answer.content))

    assert list(table.columns[:3]) == ["anon_row", "age_min", "age_max"]
    assert table.index.equals(pd.RangeIndex(24_000))
    assert ((table["age_max"] - table["age_min"]) <= 9).all()
