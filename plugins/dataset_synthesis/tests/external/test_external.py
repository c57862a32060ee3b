"""Subprocesses end in time, fail with one sentence, and speak parquet and JSON."""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.external import (
    DPMM,
    MOSTLYAI_ENGINE,
    SMARTNOISE_SYNTH,
    Environment,
    EnvironmentMissingError,
    ExternalGenerator,
    ExternalGeneratorError,
    Recipe,
    create_environment,
    dpmm_priv_bayes,
    find_environment,
    smartnoise_mst,
    tabular_argn,
)
from anomed_dataset_synthesis.external.environment import run_limited
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn

CODEBOOK = Codebook(
    (
        NumericColumn(name="age", kind="integer", minimum=0, maximum=99, nullable=True),
        CategoryColumn(name="job", categories=("clerk", "farmer")),
    )
)
# A library of a few lines: it keeps the table and bootstraps it.
BOOTSTRAP = """
import json
import pandas as pd

def fit(table, model, *, options, domain, seed):
    if options.get("fail"):
        raise RuntimeError("the library is in a bad mood")
    model.mkdir()
    table.to_parquet(model / "kept.parquet")
    report = {"seed": seed, "domain": domain, "columns": list(table.columns)}
    return report | options.get("report", {})

def sample(model, *, n_records, seed):
    kept = pd.read_parquet(model / "kept.parquet")
    return kept.sample(n_records, replace=True, random_state=seed)
"""


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    driver = tmp_path / "bootstrap_driver.py"
    driver.write_text(BOOTSTRAP)
    recipe = Recipe(library="bootstrap", driver=driver, install=())
    return Environment(recipe=recipe, python=Path(sys.executable))


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {"age": [20.0, 31.0, np.nan, 64.0] * 5, "job": ["clerk", "farmer", "clerk", "clerk"] * 5}
    )


def test_a_library_of_values_is_fitted_and_sampled(
    environment: Environment, tmp_path: Path
) -> None:
    report = {"epsilon": 2.23, "delta": 1e-5, "accountant": "its own", "public_inputs": ["n"]}
    generator = ExternalGenerator(
        name="bootstrap",
        environment=environment,
        workspaces=tmp_path / "models",
        options={"report": report},
    )
    fitted = generator.fit(people(), CODEBOOK, rng=np.random.default_rng(1))
    sampled = fitted.sample(50, rng=np.random.default_rng(2))
    assert sampled.shape == (50, 2)
    assert set(sampled["job"]) == {"clerk", "farmer"}
    assert sampled["age"].isna().any()
    assert not (fitted.workspace / "table.parquet").exists()
    # what the library reports becomes the run's guarantee, which nobody knew beforehand
    assert generator.guarantee is None
    assert fitted.guarantee is not None
    assert (fitted.guarantee.epsilon, fitted.guarantee.public_inputs) == (2.23, ("n",))


def test_a_library_of_codes_is_told_the_public_domain(
    environment: Environment, tmp_path: Path
) -> None:
    generator = ExternalGenerator(
        name="bootstrap", environment=environment, workspaces=tmp_path, n_bins=200
    )
    fitted = generator.fit(people(), CODEBOOK, rng=np.random.default_rng(1))
    assert fitted.report["domain"] == {"age": 101, "job": 2}  # 100 ages and missing ones
    sampled = fitted.sample(50, rng=np.random.default_rng(2))
    assert set(sampled["age"].dropna()) == {20.0, 31.0, 64.0}
    pd.testing.assert_frame_equal(sampled, fitted.sample(50, rng=np.random.default_rng(2)))


def test_a_failing_library_is_quoted(environment: Environment, tmp_path: Path) -> None:
    generator = ExternalGenerator(
        name="bootstrap", environment=environment, workspaces=tmp_path, options={"fail": True}
    )
    with pytest.raises(ExternalGeneratorError, match=r"bootstrap \(fit\) failed .* bad mood"):
        generator.fit(people(), CODEBOOK, rng=np.random.default_rng(1))
    assert not list(tmp_path.glob("*/table.parquet"))


@pytest.mark.timed
def test_a_process_ends_with_its_children_at_the_time_limit(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, pathlib, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid));"
        "time.sleep(60)"
    )
    start = time.monotonic()
    with pytest.raises(ExternalGeneratorError, match="longer than its limit of 3 s"):
        run_limited([sys.executable, "-c", script], timeout_s=3.0, what="sleeping")
    assert time.monotonic() - start < 20.0
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10.0
    while _is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(child)


def _is_running(process_id: int) -> bool:
    """Tell a live process from none and from a zombie that its new parent hasn't reaped."""
    status = Path(f"/proc/{process_id}/stat")
    if not Path("/proc/self/stat").exists():
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return False
        return True
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_program_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(ExternalGeneratorError, match="could not start"):
        run_limited(["/no/such/program"], timeout_s=5.0, what="nothing")


def test_a_missing_environment_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentMissingError, match=r"mostlyai-engine .* create_environment"):
        find_environment(MOSTLYAI_ENGINE, tmp_path / "none")


def test_an_environment_is_made_once_and_remade_for_another_recipe(tmp_path: Path) -> None:
    recipe = Recipe(library="nothing", driver=Path("none.py"), install=())
    made = create_environment(recipe, tmp_path / "environment", timeout_s=120.0)
    assert made == find_environment(recipe, tmp_path / "environment")
    witness = tmp_path / "environment" / "witness"
    witness.touch()
    create_environment(recipe, tmp_path / "environment")
    assert witness.exists()
    other = Recipe(library="something", driver=Path("none.py"), install=())
    with pytest.raises(EnvironmentMissingError, match="something"):
        find_environment(other, tmp_path / "environment")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.tex"
    precious.touch()
    recipe = Recipe(library="nothing", driver=Path("none.py"), install=())
    with pytest.raises(ExternalGeneratorError, match="no environment of ours"):
        create_environment(recipe, tmp_path)
    assert precious.exists()


@pytest.fixture
def environments() -> Path:
    folder = os.environ.get("ANOMED_TEST_ENVIRONMENTS")
    if not folder:
        pytest.skip("ANOMED_TEST_ENVIRONMENTS names no folder for environments of 1 to 3 GB each")
    return Path(folder)


def census_like(n_records: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, n_records).astype(float)
    return pd.DataFrame({"age": age, "job": np.where(age > 50, "farmer", "clerk")})


@pytest.mark.slow
@pytest.mark.parametrize("noise_multiplier", [None, 1.5])
def test_the_engine_trains_with_and_without_privacy(
    environments: Path, tmp_path: Path, noise_multiplier: float | None
) -> None:
    privacy = {"max_epsilon": None, "delta": 1e-5, "noise_multiplier": noise_multiplier}
    generator = tabular_argn(
        create_environment(MOSTLYAI_ENGINE, environments / "mostlyai-engine"),
        tmp_path,
        max_epochs=1,
        differential_privacy=privacy if noise_multiplier else None,
    )
    fitted = generator.fit(census_like(400), CODEBOOK, rng=np.random.default_rng(0))
    assert len(fitted.sample(100, rng=np.random.default_rng(0))) == 100
    assert (fitted.guarantee is None) == (noise_multiplier is None)
    if fitted.guarantee:
        assert 1.0 < fitted.guarantee.epsilon < 20.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "configure"), [(SMARTNOISE_SYNTH, smartnoise_mst), (DPMM, dpmm_priv_bayes)]
)
def test_libraries_of_marginals_keep_the_dependence(
    environments: Path, tmp_path: Path, recipe: Recipe, configure: object
) -> None:
    made = create_environment(recipe, environments / recipe.library)
    generator = configure(made, tmp_path, epsilon=5.0)
    fitted = generator.fit(census_like(1_000), CODEBOOK, rng=np.random.default_rng(0))
    sampled = fitted.sample(500, rng=np.random.default_rng(0))
    assert ((sampled["age"] > 50) == (sampled["job"] == "farmer")).mean() > 0.85
