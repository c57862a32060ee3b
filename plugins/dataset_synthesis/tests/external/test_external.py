"""Libraries of other projects are fitted and sampled in environments of their own."""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.external import (
    DPMM,
    MOSTLYAI_ENGINE,
    RECIPES,
    SMARTNOISE_SYNTH,
    ExternalGenerator,
    dpmm_priv_bayes,
    smartnoise_mst,
    tabular_argn,
)
from anomed_dataset_synthesis.plugin import anomed_environments
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn

from anomed_core.environments import (
    Environment,
    ForeignLibraryError,
    Recipe,
    install_environment,
)

CODEBOOK = Codebook(
    (
        NumericColumn(name="age", kind="integer", minimum=0, maximum=99, nullable=True),
        CategoryColumn(name="job", categories=("clerk", "farmer")),
    )
)
# A library of a few lines: it keeps the table and bootstraps it.
BOOTSTRAP = """
from pathlib import Path
import pandas as pd

def fit(table, model, *, options, domain, seed):
    if options.get("fail"):
        raise RuntimeError("the library is in a bad mood")
    Path(model).mkdir()
    table.to_parquet(Path(model) / "kept.parquet")
    report = {"seed": seed, "domain": domain, "columns": list(table.columns)}
    return report | options.get("report", {})

def sample(model, *, n_records, seed):
    kept = pd.read_parquet(Path(model) / "kept.parquet")
    return kept.sample(n_records, replace=True, random_state=seed)
"""


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    driver = tmp_path / "bootstrap_driver.py"
    driver.write_text(BOOTSTRAP)
    recipe = Recipe(name="bootstrap", driver=driver)
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
    # the records themselves are kept nowhere but in the model
    assert [path.name for path in fitted.workspace.iterdir()] == ["model"]
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
    with pytest.raises(ForeignLibraryError, match=r"bootstrap\.fit raised RuntimeError.* bad mood"):
        generator.fit(people(), CODEBOOK, rng=np.random.default_rng(1))
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.fixture
def may_install() -> None:
    """Skip what would install 1 to 3 GB that nobody asked for."""
    if not os.environ.get("ANOMED_TEST_ENVIRONMENTS"):
        pytest.skip("set ANOMED_TEST_ENVIRONMENTS=1 to install libraries of 1 to 3 GB each")


def census_like(n_records: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, n_records).astype(float)
    return pd.DataFrame({"age": age, "job": np.where(age > 50, "farmer", "clerk")})


def test_every_driver_is_there() -> None:
    assert list(anomed_environments()) == list(RECIPES)
    assert all(recipe.driver and recipe.driver.is_file() for recipe in RECIPES)


@pytest.mark.slow
@pytest.mark.usefixtures("may_install")
@pytest.mark.parametrize("noise_multiplier", [None, 1.5])
def test_the_engine_trains_with_and_without_privacy(
    tmp_path: Path, noise_multiplier: float | None
) -> None:
    privacy = {"max_epsilon": None, "delta": 1e-5, "noise_multiplier": noise_multiplier}
    generator = tabular_argn(
        install_environment(MOSTLYAI_ENGINE),
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
@pytest.mark.usefixtures("may_install")
@pytest.mark.parametrize(
    ("recipe", "configure"), [(SMARTNOISE_SYNTH, smartnoise_mst), (DPMM, dpmm_priv_bayes)]
)
def test_libraries_of_marginals_keep_the_dependence(
    tmp_path: Path, recipe: Recipe, configure: object
) -> None:
    generator = configure(install_environment(recipe), tmp_path, epsilon=5.0)
    fitted = generator.fit(census_like(1_000), CODEBOOK, rng=np.random.default_rng(0))
    sampled = fitted.sample(500, rng=np.random.default_rng(0))
    assert ((sampled["age"] > 50) == (sampled["job"] == "farmer")).mean() > 0.85
